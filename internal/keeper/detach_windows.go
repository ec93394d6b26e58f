package keeper

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach gives the keeper no console and a group of its own: it outlives the
// terminal that it was started from, and a Ctrl-C there does not reach it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}

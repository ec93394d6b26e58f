//go:build unix

package kind

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes the command the leader of a process group of its own, so
// that a Ctrl-C meant for us does not reach it and all that it starts can be
// ended together.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killOwnGroup ends this process and all that it has started.
func killOwnGroup() { _ = syscall.Kill(0, syscall.SIGKILL) }

// killGroup ends the command and all that it has started.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// inherit has the command hold the lock too, so that it outlives us with it.
func inherit(cmd *exec.Cmd, lock *os.File) { cmd.ExtraFiles = []*os.File{lock} }

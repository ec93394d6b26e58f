//go:build unix

package embedded

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// signal is what ends a process, or asks it to.
type signal = syscall.Signal

const (
	sigterm = syscall.SIGTERM
	sigint  = syscall.SIGINT
	sigkill = syscall.SIGKILL
)

// confine puts the process into a group of its own, out of reach of the
// terminal's signals, and hands it the lock.
func confine(cmd *exec.Cmd, orphan signal, lock *os.File) {
	cmd.ExtraFiles = []*os.File{lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	orphaned(cmd.SysProcAttr, orphan)
}

// send signals the process; by force, all of its group.
func (p *process) send(s signal) {
	pid := p.cmd.Process.Pid
	if s == sigkill {
		_ = syscall.Kill(-pid, s) // whoever is gone needs no signal
	}
	_ = p.cmd.Process.Signal(s)
}

// signalOrphan signals a process of an earlier keeper and its group.
func signalOrphan(pid int, s signal) error {
	if s == sigkill {
		_ = syscall.Kill(-pid, s) // the process itself counts
	}
	if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

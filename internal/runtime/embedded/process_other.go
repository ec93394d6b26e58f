//go:build !unix

package embedded

import (
	"os"
	"os/exec"
)

type signal int

const (
	sigterm signal = iota
	sigint
	sigkill
)

func confine(*exec.Cmd, signal, *os.File) {}

func begin(cmd *exec.Cmd) error { return cmd.Start() }

// send ends the process: there are no gentler ways here. One of our own ends
// with its standard input, in good order.
func (p *process) send(s signal) {
	if s != sigkill && p.leash != nil {
		_ = p.leash.Close()
		return
	}
	_ = p.cmd.Process.Kill()
}

func signalOrphan(pid int, _ signal) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil //nolint:nilerr // it is gone
	}
	return process.Kill()
}

// bornAt is not known here.
func bornAt(int) string { return "" }

// parentOf is not known here.
func parentOf(int) int { return 0 }

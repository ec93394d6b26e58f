//go:build unix && !linux

package embedded

import (
	"os/exec"
	"syscall"
)

// orphaned does nothing: there is no such signal here. The next keeper ends
// what an earlier one has left behind.
func orphaned(*syscall.SysProcAttr, signal) {}

func begin(cmd *exec.Cmd) error { return cmd.Start() }

// bornAt is not known here.
func bornAt(int) string { return "" }

// parentOf is not known here.
func parentOf(int) int { return 0 }

//go:build !unix

package kind

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func killOwnGroup() { os.Exit(1) }

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// inherit does nothing: no lock can be handed on here. The child ends with its
// standard input, soon after us.
func inherit(*exec.Cmd, *os.File) {}

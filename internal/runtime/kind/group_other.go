//go:build !unix

package kind

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func killOwnGroup() { os.Exit(1) }

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// Package plugin owns simulated GPUs: a device plugin that advertises devices
// which are not there to the kubelet of its node, and the look-alike of
// nvidia-smi that the Pods find which are given some. It is one static program,
// and what it is called by decides which of the two it is.
package plugin

import (
	"io"
)

// Main is the program. It returns the exit code.
func Main(_ []string, _ func(string) string, _, _ io.Writer) int { return 1 }

// Command gpu advertises GPUs that are not there to the kubelet of its node,
// and is what Pods that are given some find as nvidia-smi. It is the program
// of the stack gpu-simulated.
package main

import (
	"os"

	"github.com/diorama-dev/diorama/internal/gpu/plugin"
)

func main() { os.Exit(plugin.Main(os.Args, os.Getenv, os.Stdout, os.Stderr)) }

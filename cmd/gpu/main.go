// Command gpu advertises GPUs that are not there to the kubelet of its node,
// and is what Pods that are given some find as nvidia-smi. It is the program
// of the stack gpu-simulated.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/diorama-dev/diorama/internal/gpu/plugin"
)

func main() { os.Exit(run()) }

func run() int {
	if plugin.IsSMI(os.Args[0]) {
		return plugin.SMI(os.Args[1:], os.Getenv, os.Stdout)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := plugin.Run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gpu:", err)
		return 1
	}
	return 0
}

// Command demo is the program in the demo's image: one static binary with a
// role for each of the demo's services.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/diorama-dev/diorama/internal/demo"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if limit := demo.MemoryLimit(os.ReadFile); limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
	err := demo.Run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, demo.ErrUsage):
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 2
	default:
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 1
	}
}

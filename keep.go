package diorama

import (
	"context"
	"log/slog"
	"os"
	"runtime"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
)

var _ keeper.Workloads = (*kind.Runtime)(nil)

// Keep is the life of an environment's keeper: it returns when it is told to
// quit. The caller holds the environment's lock.
func Keep(ctx context.Context, folder env.Folder, build string, lock *os.File, log *slog.Logger) error {
	executable, err := ownFile()
	if err != nil {
		return err
	}
	open := func(ctx context.Context, emit func(env.Event), containers func([]logs.Container)) (keeper.Runtime, error) {
		engine, err := docker.Open(ctx)
		if err != nil {
			return nil, err
		}
		return kind.New(kind.Options{
			Engine: engine, Folder: folder, Cache: programCache(), Executable: executable,
			Arguments: []string{"internal", "create-cluster"}, Lock: lock,
			Emit: emit, Containers: containers,
		}), nil
	}
	return keeper.Run(ctx, keeper.Options{Folder: folder, Build: build, Open: open, Log: log})
}

// ownFile is this program's file, also once it has been replaced or deleted,
// as `go run` does with its own.
func ownFile() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil // proc(5)
	}
	return os.Executable()
}

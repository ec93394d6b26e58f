package diorama

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu/nvml"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
	"github.com/diorama-dev/diorama/profiles"
)

var (
	_ keeper.Workloads = (*kind.Runtime)(nil)
	_ keeper.Workloads = (*embedded.Runtime)(nil)
	_ logs.Streams     = (*kind.Runtime)(nil)
)

// keeperMemory is from which on a keeper's garbage is collected more eagerly,
// in bytes. A burst of log lines would let it grow to three times as much, and
// only for being lazy.
const keeperMemory = 96 << 20

// Keep is the life of an environment's keeper: it returns when it is told to
// quit. The caller holds the environment's lock.
func Keep(ctx context.Context, folder env.Folder, on profiles.Runtime, build string, lock *os.File, log *slog.Logger) error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(keeperMemory)
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program's own file: %w", err)
	}
	o := keeper.Options{Folder: folder, Build: build, Brokers: brokers(), Seed: seedFrom(folder), Explain: diagnose.ExplainError, Log: log}
	if on == profiles.RuntimeEmbedded {
		o.Owner, o.Open = true, openEmbedded(folder, executable)
	} else {
		o.Open = openKind(folder, executable, lock)
	}
	return keeper.Run(ctx, o)
}

func openKind(folder env.Folder, executable string, lock *os.File) func(context.Context, keeper.Tell) (keeper.Runtime, error) {
	return func(ctx context.Context, t keeper.Tell) (keeper.Runtime, error) {
		engine, err := docker.Open(ctx)
		if err != nil {
			return nil, err
		}
		return kind.New(kind.Options{
			Engine: engine, Folder: folder, Cache: programCache(), Executable: executable,
			Arguments: []string{"internal", "create-cluster"}, Lock: lock,
			Emit: t.Emit, Containers: t.Containers, GPU: nvml.New(),
			Files: kind.LogFiles{
				Intake: t.Intake, Prebuilt: prebuilt("cmd/reader", engine.Platform()), Follow: t.Follow,
				Report: func(err error) { t.Log.Warn("a reader of log files ended; another one is started", "error", err) },
			},
		}), nil
	}
}

func openEmbedded(folder env.Folder, executable string) func(context.Context, keeper.Tell) (keeper.Runtime, error) {
	return func(ctx context.Context, t keeper.Tell) (keeper.Runtime, error) {
		return embedded.New(ctx, embedded.Options{
			Folder: folder, Host: serverHost(false), Executable: executable,
			Emit: t.Emit, Sink: t.Sink, PortOwner: portOwner,
			Lost: func(service string, lines int, err error) {
				t.Log.Error("log lines cannot be stored", "service", service, "lost", lines, "error", err)
			},
		}), nil
	}
}

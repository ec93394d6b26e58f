package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/demo"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
	"github.com/diorama-dev/diorama/internal/runtime/embedded/imitation"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
	"github.com/diorama-dev/diorama/profiles"
)

// internalCommand is above all that nobody types.
const internalCommand = "internal"

// newInternal holds what the program calls itself with; people do not.
func newInternal(s *streams) *cobra.Command {
	c := &cobra.Command{Use: internalCommand, Hidden: true}
	c.AddCommand(newKeeper(s), newCreateCluster(s), newImitate(s), newDemoProgram(s))
	return c
}

// takeOverWithin is how long a new keeper waits for what an earlier one that
// was killed has left behind.
const takeOverWithin = 10 * time.Second

func newKeeper(s *streams) *cobra.Command {
	var folder, build, where string
	c := &cobra.Command{
		Use: "keeper", Args: args(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			log := slog.New(slog.NewTextHandler(s.err, nil))
			waiting, cancel := context.WithTimeoutCause(c.Context(), takeOverWithin, fmt.Errorf("not released within %s", takeOverWithin))
			defer cancel()
			lock, err := env.Folder(folder).Acquire(waiting)
			if err != nil {
				return err
			}
			// The end of the process lets it go: who has it then counts on that.
			defer runtime.KeepAlive(lock)
			return diorama.Keep(c.Context(), env.Folder(folder), profiles.Runtime(where), build, lock, log)
		},
	}
	c.Flags().StringVar(&folder, "folder", "", "the environment's state folder")
	c.Flags().StringVar(&where, "runtime", string(profiles.RuntimeKind), "where the environment runs")
	c.Flags().StringVar(&build, "build", "", "the binary's identity")
	return c
}

func newCreateCluster(s *streams) *cobra.Command {
	return &cobra.Command{
		Use: "create-cluster", Args: args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if code := kind.CreateMain(os.Stdin, s.out); code != 0 {
				return &exitError{code: ExitCode(code)}
			}
			return nil
		},
	}
}

// newImitate runs an imitation of a server, and newDemoProgram a part of the
// demo, as processes of a keeper that end with it.
func newImitate(s *streams) *cobra.Command {
	return &cobra.Command{
		Use: embedded.Imitate + " KIND", Args: args(1, 1),
		RunE: func(c *cobra.Command, given []string) error {
			return leashed(c.Context(), func(ctx context.Context) error {
				return imitation.Main(ctx, given[0], os.Getenv, s.out)
			})
		},
	}
}

func newDemoProgram(s *streams) *cobra.Command {
	return &cobra.Command{
		Use: embedded.Demo + " ROLE", DisableFlagParsing: true,
		RunE: func(c *cobra.Command, given []string) error {
			return leashed(c.Context(), func(ctx context.Context) error {
				return demo.Run(ctx, given, os.Getenv, s.out)
			})
		},
	}
}

// leashed does something until the context ends, or standard input: its other
// end is the keeper's.
func leashed(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	err := do(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

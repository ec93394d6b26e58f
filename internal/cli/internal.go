package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/runtime/kind"
)

// newInternal holds what the program calls itself with; people do not.
func newInternal(s *streams) *cobra.Command {
	c := &cobra.Command{Use: "internal", Hidden: true}
	c.AddCommand(newKeeper(s), newCreateCluster(s))
	return c
}

// takeOverWithin is how long a new keeper waits for what an earlier one that
// was killed has left behind.
const takeOverWithin = 10 * time.Second

func newKeeper(s *streams) *cobra.Command {
	var folder, build string
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
			defer lock.Close()
			return diorama.Keep(c.Context(), env.Folder(folder), build, lock, log)
		},
	}
	c.Flags().StringVar(&folder, "folder", "", "the environment's state folder")
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

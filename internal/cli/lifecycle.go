package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
)

func newStop(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "stop", GroupID: groupRun, Args: args(0, 0),
		Short:   "Stop an environment; data, ports and credentials stay",
		Example: "  diorama stop\n  diorama stop --name shop",
		RunE: func(c *cobra.Command, _ []string) error {
			name, err := diorama.Only(name)
			if err != nil {
				return err
			}
			s.say("stopping %s", name)
			if err := diorama.Stop(c.Context(), name); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "%s is stopped; `diorama start` brings it back\n", name)
			return nil
		},
	}
	nameFlag(c, &name)
	return c
}

func newStart(s *streams) *cobra.Command {
	var name, output string
	var o diorama.Options
	c := &cobra.Command{
		Use: "start", GroupID: groupRun, Args: args(0, 0),
		Short:   "Start a stopped environment again",
		Example: "  diorama start\n  diorama start --name shop",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			name, err := diorama.Only(name)
			if err != nil {
				return err
			}
			session, err := diorama.Start(c.Context(), name, o)
			if err != nil {
				return err
			}
			return follow(c.Context(), s, session, output)
		},
	}
	nameFlag(c, &name)
	outputFlag(c, &output)
	c.Flags().DurationVar(&o.Timeout, "timeout", 10*time.Minute, "how long it may take")
	return c
}

func newDown(s *streams) *cobra.Command {
	var name string
	var yes, keepLogs bool
	c := &cobra.Command{
		Use: "down", GroupID: groupRun, Args: args(0, 0),
		Short:   "Delete an environment with all its data",
		Example: "  diorama down\n  diorama down --name shop -y\n  diorama down --keep-logs",
		RunE: func(c *cobra.Command, _ []string) error {
			name, err := diorama.Only(name)
			if err != nil {
				return err
			}
			return down(c.Context(), s, name, yes, keepLogs)
		},
	}
	nameFlag(c, &name)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask, also where volumes hold data")
	c.Flags().BoolVar(&keepLogs, "keep-logs", false, "keep the logs on disk")
	return c
}

func down(ctx context.Context, s *streams, name string, yes, keepLogs bool) error {
	remains, err := diorama.Inspect(ctx, name)
	if err != nil {
		return err
	}
	what := describe(remains)
	if s.interactive && !yes && remains.Volumes > 0 {
		fmt.Fprintf(s.err, "Delete the environment %s: %s? [y/N] ", name, what)
		line, err := bufio.NewReader(s.in).ReadString('\n')
		if answer := strings.ToLower(strings.TrimSpace(line)); err != nil || answer != "y" && answer != "yes" {
			return &exitError{ExitFailed, fmt.Errorf("nothing was deleted")}
		}
	}
	if err := diorama.Down(ctx, name, keepLogs); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s is gone: %s\n", name, what)
	return nil
}

// describe sums up in words: "1 cluster, 2 volumes, 1.2 GiB".
func describe(r diorama.Remains) string {
	var parts []string
	for _, part := range []struct {
		n    int
		noun string
	}{{r.Clusters, "cluster"}, {r.Volumes, "volume"}} {
		switch part.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+part.noun)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", part.n, part.noun))
		}
	}
	if r.Bytes > 0 {
		parts = append(parts, units.BytesSize(float64(r.Bytes)))
	}
	if len(parts) == 0 {
		return "nothing but its records was left"
	}
	return strings.Join(parts, ", ")
}

func nameFlag(c *cobra.Command, name *string) {
	c.Flags().StringVar(name, "name", "", "the environment (default: the only one)")
	_ = c.RegisterFlagCompletionFunc("name", completeEnvironments)
}

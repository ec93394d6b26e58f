package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/report"
)

func newStatus(s *streams) *cobra.Command {
	var name, output string
	var watch bool
	c := &cobra.Command{
		Use: "status", GroupID: groupLook, Args: args(0, 0),
		Short:   "Show the services, and why any is not well",
		Example: "  diorama status\n  diorama status -o json | jq .phase\n  diorama status --watch",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			return status(c.Context(), s, session, output, watch)
		},
	}
	nameFlag(c, &name)
	outputFlag(c, &output)
	c.Flags().BoolVarP(&watch, "watch", "w", false, "go on with every change")
	return c
}

// session attaches to the environment of that name, or to the only one.
func session(ctx context.Context, name string) (*diorama.Session, error) {
	name, err := diorama.Only(name)
	if err != nil {
		return nil, err
	}
	return diorama.Attach(ctx, name)
}

func status(ctx context.Context, s *streams, session *diorama.Session, output string, watch bool) error {
	var failed error
	show := func(snapshot env.Snapshot) bool {
		if output == "json" {
			failed = writeJSON(s, snapshot)
		} else {
			failed = report.Status(s.out, snapshot, s.options())
		}
		return failed == nil && watch
	}
	if err := session.Watch(ctx, func(snapshot env.Snapshot) bool {
		if !known(snapshot) {
			return true
		}
		return show(snapshot)
	}); err != nil {
		return err
	}
	return failed
}

// known reports whether the snapshot says more than was planned: a keeper
// that was just started has not looked yet.
func known(s env.Snapshot) bool {
	if s.Phase != env.PhaseReady && s.Phase != env.PhaseDegraded {
		return true
	}
	for _, service := range s.Services {
		if service.Phase != env.PhasePlanned {
			return true
		}
	}
	return len(s.Services) == 0
}

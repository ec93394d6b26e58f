package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
)

func newEvents(s *streams) *cobra.Command {
	var name, output string
	var follow bool
	c := &cobra.Command{
		Use: "events", GroupID: groupLook, Args: args(0, 0),
		Short:   "Show what has happened in the environment",
		Example: "  diorama events\n  diorama events -f -o json",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			return showEvents(c.Context(), s, session, output, follow)
		},
	}
	nameFlag(c, &name)
	outputFlag(c, &output)
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what happens")
	return c
}

func showEvents(ctx context.Context, s *streams, session *diorama.Session, output string, follow bool) error {
	var last time.Time
	var failed error
	err := session.Watch(ctx, func(snapshot env.Snapshot) bool {
		if !known(snapshot) {
			return true
		}
		for _, recent := range snapshot.Recent {
			if !recent.Time.After(last) {
				continue
			}
			if failed = printEvent(s, recent, output); failed != nil {
				return false
			}
		}
		if n := len(snapshot.Recent); n > 0 {
			last = snapshot.Recent[n-1].Time
		}
		return follow
	})
	if failed != nil {
		return failed
	}
	return err
}

func printEvent(s *streams, recent env.Recent, output string) error {
	if output == "json" {
		return json.NewEncoder(s.out).Encode(recent)
	}
	sign := " "
	if recent.Warning {
		sign = "!"
	}
	_, err := fmt.Fprintf(s.out, "%s %s %-28s %-20s %s\n", recent.Time.Local().Format("15:04:05"), sign,
		harmless(recent.Subject), harmless(recent.Reason), harmless(recent.Message))
	return err
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
)

func newUI(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "ui", GroupID: groupLook, Args: args(0, 0),
		Short:   "Open the terminal UI on a running environment",
		Example: "  diorama ui\n  diorama ui --name shop",
		RunE: func(c *cobra.Command, _ []string) error {
			if !s.interactive {
				return &exitError{ExitUsage, errors.New("the terminal UI needs a terminal; use `diorama status` or `diorama logs -f`")}
			}
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			return attachUI(c.Context(), s, session)
		},
	}
	nameFlag(c, &name)
	return c
}

func newExplain(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "explain [SERVICE]", GroupID: groupLook, Args: args(0, 1),
		Short:   "Explain why a service is not well, with the evidence",
		Example: "  diorama explain billing\n  diorama explain",
		RunE: func(c *cobra.Command, given []string) error {
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			return explain(c.Context(), s, session, strings.Join(given, ""))
		},
		ValidArgsFunction: completeOf(&name, 1, diorama.Services),
	}
	nameFlag(c, &name)
	return c
}

func explain(ctx context.Context, s *streams, session *diorama.Session, service string) error {
	var snapshot env.Snapshot
	if err := session.Watch(ctx, func(newest env.Snapshot) bool { snapshot = newest; return !known(newest) }); err != nil {
		return err
	}
	findings := snapshot.Unwell()
	if service != "" {
		if !slices.ContainsFunc(snapshot.Services, func(o env.Service) bool { return o.Name == service }) {
			return &exitError{ExitUsage, fmt.Errorf("there is no service %s; `diorama status` lists them", service)}
		}
		findings = slices.DeleteFunc(findings, func(f env.Finding) bool { return f.Service != service })
	}
	if len(findings) == 0 {
		fmt.Fprintln(s.out, "Nothing is known to be wrong.")
		return nil
	}
	for _, finding := range findings {
		fmt.Fprintf(s.out, "%s: %s\n", harmless(finding.Subject), harmless(finding.Summary))
		for _, line := range finding.Evidence {
			fmt.Fprintf(s.out, "    %s\n", harmless(line))
		}
		for _, line := range finding.Advice {
			fmt.Fprintf(s.out, "  → %s\n", harmless(line))
		}
	}
	return nil
}

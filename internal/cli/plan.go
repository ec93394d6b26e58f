package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/plan"
)

func newPlan(s *streams) *cobra.Command {
	var o diorama.Options
	var output string
	c := &cobra.Command{
		Use: "plan [PROFILE]", GroupID: groupLearn, Args: args(0, 1),
		Short:             "Show what up would do, without doing it",
		Example:           "  diorama plan streaming\n  diorama plan ./platform.yaml --set kafka.partitions=6 -o json",
		ValidArgsFunction: completeProfiles,
		RunE: func(c *cobra.Command, given []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			if len(given) > 0 {
				o.Profile = given[0]
			}
			return showPlan(c.Context(), s, o, output)
		},
	}
	planFlags(c, &o)
	outputFlag(c, &output)
	return c
}

func showPlan(ctx context.Context, s *streams, o diorama.Options, output string) error {
	thorough := generous()
	p, err := diorama.Plan(ctx, o)
	thorough()
	if err != nil {
		return err
	}
	if output == "json" {
		return printJSON(s, p.Report())
	}
	return planText(s, p)
}

func planText(s *streams, p plan.Plan) error {
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	if p.Cluster.Image == "" {
		planServers(s, t, p)
	} else {
		planObjects(s, t, p)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	for _, e := range p.Endpoints {
		note := ""
		if e.Preferred != e.Port {
			note = fmt.Sprintf("  (%d was taken)", e.Preferred)
		}
		fmt.Fprintf(t, "%s/%s\t%s%s\n", e.Stack, e.Name, e.URL, note)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	planSeeds(s, p)
	if g := p.Cluster.GPU; g.Advertised() > 0 || g.Asked > 0 || g.Unasked > 0 {
		fmt.Fprintf(s.out, "\nGPUs: %s\n", harmless(g.String()))
	}
	machine := "Docker's machine"
	if p.Cluster.Image == "" {
		machine = "this machine"
	}
	fmt.Fprintf(s.out, "\nMemory: about %s of the %s that "+machine+" has.\n",
		units.BytesSize(float64(p.Memory.Needed)), units.BytesSize(float64(p.Memory.Available)))
	for _, d := range p.Differences {
		fmt.Fprintf(s.out, "%s: %s %s would be %s", d.Stack, d.Kind, d.Name, d.Action)
		if len(d.Fields) > 0 {
			fmt.Fprintf(s.out, " (%s)", joined(d.Fields))
		}
		if d.LosesData {
			fmt.Fprint(s.out, "; this needs --recreate-data")
		}
		fmt.Fprintln(s.out)
	}
	for _, stack := range p.Stacks {
		for _, loss := range stack.Losses {
			fmt.Fprintf(s.out, "not carried over: %s\n", harmless(loss.String()))
		}
	}
	for _, server := range p.Imitations() {
		for _, limit := range server.Limits {
			fmt.Fprintf(s.out, "note: %s is an imitation: %s\n", server.Service, limit)
		}
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(s.out, "note: %s\n", harmless(warning))
	}
	return nil
}

// planObjects lists what a cluster would be made to hold.
func planObjects(s *streams, t *tabwriter.Writer, p plan.Plan) {
	fmt.Fprintf(s.out, "%s: profile %s on %s%s, %d node(s), %s\n\n", p.Environment, p.Profile, p.Runtime, because(p), p.Cluster.Nodes, p.Cluster.Image)
	fmt.Fprintln(t, "STACK\tCHANGE\tAFTER\tOBJECTS\tMEMORY\tIMAGES")
	for _, stack := range p.Report().Stacks {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%v\n", stack.Name, stack.Change, joined(stack.Requires), len(stack.Objects), units.BytesSize(float64(stack.Memory)), joined(stack.Images))
	}
}

// planServers lists the processes that would be started, and what is no real
// server among them.
func planServers(s *streams, t *tabwriter.Writer, p plan.Plan) {
	fmt.Fprintf(s.out, "%s: profile %s on %s%s\n\n", p.Environment, p.Profile, p.Runtime, because(p))
	fmt.Fprintln(t, "STACK\tCHANGE\tAFTER\tSERVER\tFORM\tVERSION\tMEMORY")
	for _, stack := range p.Report().Stacks {
		for _, server := range stack.Servers {
			version := cmp.Or(server.Version, "–")
			if server.Fetch != "" {
				version += " (to be fetched)"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", stack.Name, stack.Change, joined(stack.Requires), server.Service, server.Form, version, units.BytesSize(float64(stack.Memory)/float64(len(stack.Servers))))
		}
		if len(stack.Servers) == 0 {
			fmt.Fprintf(t, "%s\t%s\t–\t–\t–\t–\t–\n", stack.Name, stack.Change)
		}
	}
}

// planSeeds lists what is put into stacks once they are ready.
func planSeeds(s *streams, p plan.Plan) {
	first := true
	for _, stack := range p.Stacks {
		if stack.Seed == nil {
			continue
		}
		if first {
			fmt.Fprintln(s.out)
			first = false
		}
		fmt.Fprintf(s.out, "seeds of %s: %s\n", stack.Name, harmless(strings.Join(stack.Seed.Lines(), "; ")))
	}
}

// because is why the plan runs where it runs, in brackets.
func because(p plan.Plan) string {
	if p.Placement.Why == "" {
		return ""
	}
	return " (" + p.Placement.Why + ")"
}

func joined(words []string) string {
	if len(words) == 0 {
		return "–"
	}
	text := words[0]
	for _, word := range words[1:] {
		text += " " + word
	}
	return text
}

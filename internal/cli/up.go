package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/report"
	"github.com/diorama-dev/diorama/profiles"
)

type upOptions struct {
	diorama.Options
	detach bool
	output string
}

func newUp(s *streams) *cobra.Command {
	o := &upOptions{}
	c := &cobra.Command{
		Use: "up [PROFILE]", GroupID: groupRun, Args: args(0, 1),
		Short: "Bring an environment about, or to a changed profile",
		Long: `Brings the environment of a profile about and shows each step. An environment that
is there already is brought to the profile as it is now: what is new is added,
what has changed is changed, what is gone is removed; data stays.`,
		Example: `  diorama up                                  # the nearest .diorama.yaml, else "streaming"
  diorama up minimal --name shop              # a second environment beside it
  diorama up ./platform.yaml --set kafka.partitions=6
  diorama up streaming -d                     # no terminal UI`,
		ValidArgsFunction: completeProfiles,
		RunE: func(c *cobra.Command, given []string) error {
			if len(given) > 0 {
				o.Profile = given[0]
			}
			return up(c.Context(), s, o)
		},
	}
	planFlags(c, &o.Options)
	f := c.Flags()
	f.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "how long it may take")
	f.BoolVar(&o.Recreate, "recreate", false, "make the cluster anew; this deletes its data")
	f.BoolVar(&o.RecreateData, "recreate-data", false, "where a volume itself changes, delete it with its data")
	f.BoolVar(&o.MergeKubeconfig, "merge-kubeconfig", false, "add the cluster to your kubeconfig as soon as it is made; down takes it out again")
	f.BoolVarP(&o.detach, "detach", "d", false, "no terminal UI, also on a terminal")
	outputFlag(c, &o.output)
	return c
}

// planFlags are those that decide what the plan is.
func planFlags(c *cobra.Command, o *diorama.Options) {
	f := c.Flags()
	f.StringVar(&o.Name, "name", "", "the environment's name (default: the profile's)")
	f.StringVar(&o.Runtime, "runtime", "", "where it runs: auto (kind where Docker answers), kind or embedded")
	f.StringArrayVar(&o.Overlays, "overlay", nil, "a partial profile to merge over the profile; can be repeated")
	f.StringArrayVar(&o.Set, "set", nil, "one value, such as kafka.partitions=6; can be repeated")
	f.StringVar(&o.Images, "images", "", "a file that substitutes images (default: $DIORAMA_IMAGES)")
	_ = c.RegisterFlagCompletionFunc("name", completeEnvironments)
	_ = c.RegisterFlagCompletionFunc("set", completeSet)
	_ = c.MarkFlagFilename("overlay", "yaml", "yml")
	_ = c.MarkFlagFilename("images", "yaml", "yml")
	_ = c.RegisterFlagCompletionFunc("runtime", cobra.FixedCompletions([]string{"auto", "kind", "embedded"}, cobra.ShellCompDirectiveNoFileComp))
	f.BoolVar(&o.Strict, "strict", false, "fail where this host cannot run a stack of the profile")
	f.BoolVar(&o.AllowImitation, "allow-imitation", false, "with CI=true too, let imitations stand in for servers where there is no Docker")
	f.BoolVar(&o.Offline, "offline", false, "dial out for nothing; what is missing is listed")
}

func outputFlag(c *cobra.Command, output *string) {
	c.Flags().StringVarP(output, "output", "o", "text", "text or json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

func up(ctx context.Context, s *streams, o *upOptions) error {
	if err := validOutput(o.output); err != nil {
		return err
	}
	thorough := generous()
	session, err := diorama.Up(ctx, o.Options)
	thorough()
	if err != nil {
		return err
	}
	tellPlacement(s, session)
	merging, cancel := context.WithCancel(ctx)
	defer cancel()
	merged := merge(merging, s, o, session)
	if s.interactive && !o.detach && o.output == "text" {
		err = attachUI(ctx, s, session)
	} else {
		err = follow(ctx, s, session, o.output)
	}
	if err != nil {
		cancel()
		for range merged { // the file is to be whole; why the start failed matters more
		}
		return err
	}
	return awaitMerged(s, merged)
}

// merge adds the cluster to the kubeconfig beside the start, where that is wanted
// and there is to be one; the channel is closed when it is done.
func merge(ctx context.Context, s *streams, o *upOptions, session *diorama.Session) <-chan error {
	merged := make(chan error, 1)
	wanted := o.MergeKubeconfig
	if p, err := session.Begun(); wanted && err == nil && p.Runtime == string(profiles.RuntimeEmbedded) {
		s.say("your kubeconfig stays as it is: the runtime embedded has no cluster")
		wanted = false
	}
	go func() {
		if wanted {
			merged <- session.MergeKubeconfig(ctx)
		}
		close(merged)
	}()
	return merged
}

// awaitMerged waits until the cluster is in the kubeconfig, where it is to be:
// the UI may be left before there is one.
func awaitMerged(s *streams, merged <-chan error) error {
	select {
	case err := <-merged:
		return err
	case <-time.After(time.Second):
	}
	s.say("your kubeconfig gets the cluster as soon as that is made; Ctrl-C leaves it out")
	return <-merged
}

// generous has garbage collected less often until the function is called that it
// returns. What a plan is made of lives until it is made: looking for garbage
// meanwhile took a fourth of the time and found little.
func generous() func() {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	const percent = 400
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}

// tellPlacement says where an environment runs and why, and what it does
// without, before anything is there to see.
func tellPlacement(s *streams, session *diorama.Session) {
	p, err := session.Begun()
	if err != nil {
		return // the start itself will say
	}
	for _, line := range placement(p) {
		s.say("%s", harmless(line))
	}
}

// placement says where a plan runs and why, what it does without, and what
// imitations cannot do.
func placement(p plan.Plan) []string {
	var lines []string
	if why := p.Placement.Why; why != "" {
		lines = append(lines, fmt.Sprintf("runtime %s: %s", p.Runtime, why))
	}
	for _, out := range p.Placement.LeftOut {
		lines = append(lines, out.String())
	}
	for _, server := range p.Imitations() {
		lines = append(lines, fmt.Sprintf("%s is an imitation: %s", server.Service, server.Limits[0]))
	}
	return lines
}

// follow tells of a start until it has ended, and how.
func follow(ctx context.Context, s *streams, session *diorama.Session, output string) error {
	lines := report.NewLines(report.Options{Color: s.errColor})
	last, err := session.Wait(ctx, func(snapshot env.Snapshot) {
		for _, line := range lines.Next(snapshot) {
			s.say("%s", line)
		}
	})
	if errors.Is(err, errInterrupted) {
		// The person has changed their mind: the start must not go on unseen.
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return errors.Join(err, session.Cancel(stopping))
	}
	if err != nil {
		return err
	}
	if output == "json" {
		err = writeJSON(s, last)
	} else {
		err = report.Summary(s.out, last, s.options())
	}
	if err != nil {
		return err
	}
	return endOf(last)
}

func writeJSON(s *streams, snapshot env.Snapshot) error {
	data, err := report.StatusJSON(snapshot)
	if err != nil {
		return err
	}
	_, err = s.out.Write(data)
	return err
}

// endOf is the exit that a finished start deserves; the summary has said why.
func endOf(snapshot env.Snapshot) error {
	switch {
	case snapshot.Phase == env.PhaseReady || snapshot.Phase == env.PhaseDegraded:
		return nil
	case snapshot.Reason == env.ReasonTimeout:
		return &exitError{code: ExitTimeout}
	case snapshot.Reason == env.ReasonInterrupted:
		return &exitError{code: ExitInterrupted}
	default:
		return &exitError{code: ExitFailed}
	}
}

func validOutput(output string) error {
	if output != "text" && output != "json" {
		return &exitError{ExitUsage, fmt.Errorf("there is no output %q; use text or json", output)}
	}
	return nil
}

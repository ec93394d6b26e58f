package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/demo/control"
)

// answerWithin bounds the wait for the demo's answer.
const answerWithin = 10 * time.Second

func newDemo(s *streams) *cobra.Command {
	c := &cobra.Command{
		Use: "demo", GroupID: groupUse,
		Short: "Turn the demo's switches: its load, a slow consumer, another consumer",
		Example: `  diorama demo rate 200          # requests a second
  diorama demo spike             # ten times as many, for a minute
  diorama demo slow 200ms        # billing falls behind: its lag grows
  diorama demo add fraud         # another consumer; the gateway learns nothing of it`,
	}
	groupOnly(c)
	c.AddCommand(newDemoRate(s), newDemoSpike(s), newDemoSlow(s), newDemoAdd(s), newDemoRemove(s))
	return c
}

func newDemoRate(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "rate [N]", Args: args(0, 1),
		Short:   "Set how many requests a second the load generator sends; without N, tell",
		Example: "  diorama demo rate 200\n  diorama demo rate 0     # pause\n  diorama demo rate",
		RunE: func(c *cobra.Command, given []string) error {
			ask := control.State
			if len(given) > 0 {
				rate, err := rateOf(given[0])
				if err != nil {
					return &exitError{ExitUsage, err}
				}
				ask = func(ctx context.Context, url string) (control.LoadState, error) {
					return control.SetRate(ctx, url, rate)
				}
			}
			return askLoad(c.Context(), s, name, ask)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	nameFlag(c, &name)
	return c
}

func rateOf(text string) (float64, error) {
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number; give requests a second, such as 200", text)
	}
	if err := (control.Rate{PerSecond: rate}).Validate(); err != nil {
		return 0, fmt.Errorf("%v requests a second cannot be; give 0 (pause) to %v", rate, control.MaxRate)
	}
	return rate, nil
}

func newDemoSpike(s *streams) *cobra.Command {
	var name string
	var factor float64
	var length time.Duration
	c := &cobra.Command{
		Use: "spike", Args: args(0, 0),
		Short:   "Send many times as many requests for a while",
		Example: "  diorama demo spike\n  diorama demo spike --factor 20 --for 30s",
		RunE: func(c *cobra.Command, _ []string) error {
			if err := (control.Surge{Factor: factor, For: control.Duration(length)}).Validate(); err != nil {
				return &exitError{ExitUsage, err}
			}
			return askLoad(c.Context(), s, name, func(ctx context.Context, url string) (control.LoadState, error) {
				return control.Spike(ctx, url, factor, length)
			})
		},
	}
	nameFlag(c, &name)
	c.Flags().Float64Var(&factor, "factor", 10, "how many times as many")
	c.Flags().DurationVar(&length, "for", time.Minute, "how long")
	return c
}

// askLoad asks the load generator for something and tells what it does then.
func askLoad(ctx context.Context, s *streams, name string, ask func(context.Context, string) (control.LoadState, error)) error {
	ctx, url, done, err := demoSwitch(ctx, name, "load")
	if err != nil {
		return err
	}
	defer done()
	state, err := ask(ctx, url)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, loadText(state, time.Now()))
	return err
}

// demoSwitch finds one of the demo's switches and bounds the wait for it.
func demoSwitch(ctx context.Context, name, endpoint string) (bounded context.Context, url string, done func(), err error) {
	if name, err = diorama.Only(name); err != nil {
		return nil, "", nil, err
	}
	if url, err = diorama.DemoURL(name, endpoint); err != nil {
		return nil, "", nil, err
	}
	bounded, done = context.WithTimeoutCause(ctx, answerWithin, fmt.Errorf("no answer within %s", answerWithin))
	return bounded, url, done, nil
}

func loadText(state control.LoadState, now time.Time) string {
	text := fmt.Sprintf("the load generator sends %.4g requests a second", state.Effective)
	switch left := state.SpikeEnds.Sub(now).Round(time.Second); {
	case left > 0:
		text += fmt.Sprintf(" for another %s, then %.4g", left, state.PerSecond)
	case state.Effective == 0:
		text = "the load generator pauses"
	}
	return text + fmt.Sprintf("; %d sent so far, %d failed", state.Sent, state.Failed)
}

func newDemoSlow(s *streams) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "slow DURATION|off", Args: args(1, 1),
		Short:   "Have billing take longer over each event, so that its lag grows",
		Example: "  diorama demo slow 200ms\n  diorama demo slow off",
		RunE: func(c *cobra.Command, given []string) error {
			delay, err := delayOf(given[0])
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			return slow(c.Context(), s, name, delay)
		},
		ValidArgs: []string{"off", "200ms", "1s"},
	}
	nameFlag(c, &name)
	return c
}

func slow(ctx context.Context, s *streams, name string, delay time.Duration) error {
	ctx, url, done, err := demoSwitch(ctx, name, "billing")
	if err != nil {
		return err
	}
	defer done()
	if err := control.Slow(ctx, url, delay); err != nil {
		return err
	}
	text := "billing works at its own speed"
	if delay > 0 {
		text = fmt.Sprintf("billing takes %s longer over each event", delay)
	}
	_, err = fmt.Fprintln(s.out, text)
	return err
}

func delayOf(text string) (time.Duration, error) {
	if text == "off" {
		return 0, nil
	}
	delay, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration; give one such as 200ms, or off", text)
	}
	return delay, (control.Delay{Delay: control.Duration(delay)}).Validate()
}

func newDemoAdd(s *streams) *cobra.Command {
	return newDemoConsumer(s, diorama.AddConsumer, cobra.Command{
		Use:   "add GROUP",
		Short: "Have another consumer of the events join, in a group of its own",
		Long: `Has another consumer of the demo's events join the environment, in a consumer group
of its own. The gateway learns nothing of it. The group "fraud" looks for users
who ask too often; every other one logs what it reads. It stays through later
starts, until it is removed.`,
		Example:   "  diorama demo add fraud",
		ValidArgs: []string{"fraud"},
	})
}

func newDemoRemove(s *streams) *cobra.Command {
	return newDemoConsumer(s, diorama.RemoveConsumer, cobra.Command{
		Use:     "remove GROUP",
		Short:   "Take a consumer away that was added",
		Example: "  diorama demo remove fraud",
	})
}

// newDemoConsumer completes a command that changes which consumers there are.
func newDemoConsumer(
	s *streams, change func(ctx context.Context, name, group string, timeout time.Duration) (*diorama.Session, error), shape cobra.Command,
) *cobra.Command {
	var name string
	var timeout time.Duration
	c := &shape
	c.Args = args(1, 1)
	c.RunE = func(c *cobra.Command, given []string) error {
		name, err := diorama.Only(name)
		if err != nil {
			return err
		}
		session, err := change(c.Context(), name, given[0], timeout)
		if err != nil {
			return err
		}
		return follow(c.Context(), s, session, "text")
	}
	if len(c.ValidArgs) == 0 {
		c.ValidArgsFunction = completeOf(&name, 1, diorama.DemoConsumers)
	}
	nameFlag(c, &name)
	c.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long it may take")
	return c
}

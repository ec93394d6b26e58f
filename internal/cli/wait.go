package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/env"
)

func newWait(s *streams) *cobra.Command {
	var name, queueName string
	var timeout time.Duration
	wanted := condition{consumed: -1, lag: -1}
	c := &cobra.Command{
		Use: "wait [SERVICE…]", GroupID: groupRun, Args: args(0, -1),
		Short: "Wait until all services are ready, or the named ones",
		Long: `Waits until the environment is ready, or the services that are named are. It ends
with exit code 4 when that takes too long, and at once with 1 when waiting longer
cannot help; it says what is not ready and why.

With --queue it waits until a group has read so much of a queue, or is so near its
end, and has been for as long as --stable says. A group that has not committed
anything is never through.`,
		Example: `  diorama up -d & diorama wait
  diorama wait kafka postgres --timeout 2m
  diorama wait --queue kafka/orders --group billing --consumed 1000 --lag 0 --stable 2s
  diorama wait --queue rabbitmq/jobs --lag 0`,
		RunE: func(c *cobra.Command, given []string) error {
			if queueName == "" {
				if err := withoutQueue(c); err != nil {
					return err
				}
				return wait(c.Context(), s, name, given, timeout)
			}
			var err error
			if wanted.queue, err = parseAddress(queueName); err != nil {
				return err
			}
			if len(given) > 0 {
				return &exitError{ExitUsage, errors.New("wait for services or for a --queue, not for both")}
			}
			if wanted.consumed >= 0 && wanted.group == "" {
				return &exitError{ExitUsage, errors.New("--consumed is about a group: say which with --group")}
			}
			return waitQueue(c.Context(), s, name, wanted, timeout)
		},
		ValidArgsFunction: completeOf(&name, -1, diorama.Services),
	}
	nameFlag(c, &name)
	c.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long it may take")
	c.Flags().StringVar(&queueName, "queue", "", "wait for a queue, BROKER/NAME")
	c.Flags().StringVarP(&wanted.group, "group", "g", "", "the group that reads the queue")
	c.Flags().Int64Var(&wanted.consumed, "consumed", -1, "messages that the group has read at least")
	c.Flags().Int64Var(&wanted.lag, "lag", -1, "messages that the group has yet to read at most; without --group, messages in the queue")
	c.Flags().DurationVar(&wanted.stable, "stable", 0, "how long it must have been so")
	_ = c.RegisterFlagCompletionFunc("queue", completeQueues(&name))
	return c
}

// withoutQueue refuses the flags that say more about a queue where none is
// named.
func withoutQueue(c *cobra.Command) error {
	for _, flag := range []string{"group", "consumed", "lag", "stable"} {
		if c.Flags().Changed(flag) {
			return &exitError{ExitUsage, fmt.Errorf("--%s is about a queue: say which with --queue BROKER/NAME", flag)}
		}
	}
	return nil
}

// errNotInTime is the cause of a context that a --timeout ended.
var errNotInTime = errors.New("not ready in time")

func wait(ctx context.Context, s *streams, name string, services []string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errNotInTime)
	defer cancel()
	var last env.Snapshot
	var end error
	session, err := session(ctx, name)
	if err == nil {
		err = session.Watch(ctx, func(snapshot env.Snapshot) bool {
			if !known(snapshot) {
				return true
			}
			var over bool
			last = snapshot
			over, end = judge(snapshot, services)
			return !over
		})
	}
	switch {
	case errors.Is(err, errNotInTime):
		return &exitError{ExitTimeout, fmt.Errorf("not ready within %s%s", timeout, listed(unready(last, services)))}
	case err != nil:
		return err
	case end == nil:
		s.say("%s", readyText(last, services))
	}
	return end
}

func readyText(s env.Snapshot, services []string) string {
	if len(services) == 0 {
		return s.Environment + " is ready"
	}
	return strings.Join(services, ", ") + " ready"
}

// judge reports whether the wait for the services, none named being all, is
// over, and with which error.
func judge(s env.Snapshot, services []string) (over bool, err error) {
	if unknown := strangers(s, services); len(unknown) > 0 {
		return true, &exitError{ExitUsage, fmt.Errorf("there is no service %s; %s has %s",
			strings.Join(unknown, ", "), s.Environment, strings.Join(names(s.Services), ", "))}
	}
	pending := unready(s, services)
	complete := len(services) > 0 || s.Phase == env.PhaseReady || s.Phase == env.PhaseDegraded
	if len(pending) == 0 && complete {
		return true, nil
	}
	hopeless := slices.ContainsFunc(s.Findings, isTerminal)
	for _, service := range pending {
		hopeless = hopeless || slices.ContainsFunc(service.Why, isTerminal)
	}
	switch {
	case s.Phase == env.PhaseStopped:
		return true, fmt.Errorf("%s is stopped; `diorama start` brings it back", s.Environment)
	case hopeless, s.Phase == env.PhaseFailed && s.Reason != env.ReasonTimeout:
		return true, fmt.Errorf("waiting longer cannot help%s", listed(pending)+others(s))
	}
	return false, nil
}

func isTerminal(f env.Finding) bool { return f.Terminal }

// strangers are the services that the environment does not have.
func strangers(s env.Snapshot, services []string) []string {
	known := names(s.Services)
	return slices.DeleteFunc(slices.Clone(services), func(name string) bool { return slices.Contains(known, name) })
}

func names(services []env.Service) []string {
	var all []string
	for _, service := range services {
		all = append(all, service.Name)
	}
	return all
}

// unready are the services that are waited for and not ready.
func unready(s env.Snapshot, services []string) []env.Service {
	return slices.DeleteFunc(slices.Clone(s.Services), func(service env.Service) bool {
		return service.Phase == env.PhaseReady || len(services) > 0 && !slices.Contains(services, service.Name)
	})
}

// listed says of each service, on a line of its own, why it is not ready.
func listed(services []env.Service) string {
	var text strings.Builder
	for _, service := range services {
		fmt.Fprintf(&text, "\n  %s %d/%d: %s", service.Name, service.Ready, service.Desired, reason(service))
	}
	return text.String()
}

// others are the findings and the error that belong to no service.
func others(s env.Snapshot) string {
	var text strings.Builder
	for _, finding := range s.Findings {
		text.WriteString("\n  " + finding.Subject + ": " + sentence(finding))
	}
	if s.Error != "" {
		text.WriteString("\n  " + s.Error)
	}
	return text.String()
}

func reason(service env.Service) string {
	switch {
	case len(service.Why) > 0:
		var causes []string
		for _, finding := range service.Why {
			causes = append(causes, sentence(finding))
		}
		return strings.Join(causes, "; ")
	case service.Waiting != "":
		return service.Waiting
	default:
		return string(service.Phase)
	}
}

// sentence is a finding with its first advice, unless it says it itself.
func sentence(f env.Finding) string {
	if len(f.Advice) == 0 || strings.Contains(f.Summary, f.Advice[0]) {
		return f.Summary
	}
	return f.Summary + "; " + f.Advice[0]
}

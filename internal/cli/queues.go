package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/report"
)

func newQueues(s *streams) *cobra.Command {
	var name, output string
	var watch, all bool
	c := &cobra.Command{
		Use: "queues", GroupID: groupLook, Args: args(0, 0),
		Short: "Show topics, queues, groups and their lag",
		Long: `Shows what is in the queues of all brokers of the environment, who reads them, how
far behind they are and when they will have caught up. What is not known is – (null
in JSON), never zero. A queue is called BROKER/NAME everywhere: kafka/orders.`,
		Example: `  diorama queues
  diorama queues --watch
  diorama queues show kafka/orders
  diorama queues peek kafka/orders --from oldest
  diorama queues -o json | jq '.brokers[].groups[] | {name, lag}'`,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			if watch {
				return watchQueues(c.Context(), s, session, output, all)
			}
			state, err := session.Queues().State(c.Context())
			if err != nil {
				return err
			}
			return showQueues(c.Context(), s, session.Queues(), state, output, all)
		},
	}
	nameFlag(c, &name)
	outputFlag(c, &output)
	c.Flags().BoolVarP(&watch, "watch", "w", false, "go on with every change")
	c.Flags().BoolVarP(&all, "all", "a", false, "also what systems keep for themselves")
	for _, add := range []func(*streams) *cobra.Command{
		newQueuesShow, newQueuesPeek, newQueuesProduce, newQueuesCreate, newQueuesDelete, newQueuesReset,
	} {
		c.AddCommand(add(s))
	}
	return c
}

func showQueues(ctx context.Context, s *streams, client keeper.Queues, state queue.State, output string, all bool) error {
	if output == "text" {
		return report.Queues(s.out, state, report.QueuesOptions{Options: s.at(time.Now()), Internal: all})
	}
	details, err := client.Details(ctx)
	if err != nil {
		return err
	}
	data, err := report.QueuesJSON(state, details)
	if err != nil {
		return err
	}
	_, err = s.out.Write(data)
	return err
}

// watchQueues shows every newer state: text at the place of the one before
// where a person looks, else one below the other.
func watchQueues(ctx context.Context, s *streams, session *diorama.Session, output string, all bool) error {
	var failed error
	err := session.WatchQueues(ctx, func(state queue.State) bool {
		if s.interactive && output == "text" {
			fmt.Fprint(s.out, "\x1b[H\x1b[2J")
		}
		failed = showQueues(ctx, s, session.Queues(), state, output, all)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// at are the options of a text that counts ages to an instant.
func (s *streams) at(now time.Time) report.Options {
	o := s.options()
	o.Now = now
	return o
}

// address is a queue of a broker, BROKER/NAME.
type address struct{ stack, name string }

func (a address) String() string { return a.stack + "/" + a.name }

func parseAddress(text string) (address, error) {
	stack, name, ok := strings.Cut(text, "/")
	if !ok || stack == "" || name == "" {
		return address{}, &exitError{ExitUsage, fmt.Errorf("%q is no queue: write BROKER/NAME, such as kafka/orders; `diorama queues` lists them", text)}
	}
	return address{stack, name}, nil
}

// find asks the brokers for the address; a wrong name is an error with the
// nearest one.
func (a address) find(ctx context.Context, client keeper.Queues) (*queue.Broker, error) {
	state, err := client.State(ctx)
	if err != nil {
		return nil, err
	}
	b := state.Of(a.stack)
	if b == nil {
		var known []string
		for _, b := range state {
			known = append(known, b.Stack)
		}
		return nil, &exitError{ExitUsage, fmt.Errorf("there is no broker %q here; there is %s", a.stack, orNone(known))}
	}
	if b.Phase != queue.PhaseAnswering {
		return nil, fmt.Errorf("%s does not answer: %s", a.stack, b.Why)
	}
	return b, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// queueCommand makes a command about one queue of a session's brokers.
func queueCommand(use, short, example string, run func(ctx context.Context, client keeper.Queues, a address, rest []string) error, most int) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: use, Short: short, Example: example, Args: args(1, most),
		RunE: func(c *cobra.Command, given []string) error {
			a, err := parseAddress(given[0])
			if err != nil {
				return err
			}
			session, err := session(c.Context(), name)
			if err != nil {
				return err
			}
			return run(c.Context(), session.Queues(), a, given[1:])
		},
		ValidArgsFunction: completeQueues(&name),
	}
	nameFlag(c, &name)
	return c
}

// completeQueues offers the queues that are known; nobody is asked, since a
// shell waits for it.
func completeQueues(environment *string) cobra.CompletionFunc {
	return func(c *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		name, err := diorama.Only(*environment)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(c.Context(), time.Second)
		defer cancel()
		names, err := diorama.QueueNames(ctx, name)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func newQueuesShow(s *streams) *cobra.Command {
	var output string
	c := queueCommand("show BROKER/NAME", "Show a queue with its partitions, groups and their members",
		"  diorama queues show kafka/orders\n  diorama queues show rabbitmq/jobs -o json",
		func(ctx context.Context, client keeper.Queues, a address, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			b, err := a.find(ctx, client)
			if err != nil {
				return err
			}
			q, err := client.Queue(ctx, a.stack, a.name)
			if err != nil {
				return err
			}
			groups := []*queue.Group{}
			for _, status := range b.Groups {
				if !slices.ContainsFunc(status.Queues, func(in queue.GroupInQueue) bool { return in.Queue == a.name }) {
					continue
				}
				g, err := client.Group(ctx, a.stack, status.Name)
				if err != nil {
					return err
				}
				groups = append(groups, g)
			}
			if output == "json" {
				return printJSON(s, struct {
					Schema int            `json:"schema"`
					Broker string         `json:"broker"`
					Queue  *queue.Queue   `json:"queue"`
					Groups []*queue.Group `json:"groups"`
				}{report.Schema, a.stack, q, groups})
			}
			return report.Queue(s.out, b, q, groups, s.at(time.Now()))
		}, 1)
	outputFlag(c, &output)
	return c
}

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/report"
)

func newQueuesCreate(s *streams) *cobra.Command {
	var kind string
	var partitions int
	var settings []string
	c := queueCommand("create BROKER/NAME", "Create a topic or a queue, and wait until it is there",
		`  diorama queues create kafka/orders --partitions 3 --setting cleanup.policy=compact
  diorama queues create rabbitmq/jobs --kind quorum --setting x-max-length=1000`,
		func(ctx context.Context, client keeper.Queues, a address, _ []string) error {
			r := queue.CreateRequest{Name: a.name, Kind: queue.Kind(kind), Partitions: int32(min(partitions, 1<<20)), Settings: map[string]string{}} //nolint:gosec // bounded
			for _, setting := range settings {
				name, value, ok := strings.Cut(setting, "=")
				if !ok {
					return &exitError{ExitUsage, fmt.Errorf("--setting %q: expected NAME=VALUE", setting)}
				}
				r.Settings[name] = value
			}
			if err := client.Create(ctx, a.stack, r); err != nil {
				return err
			}
			s.say("%s is there", harmless(a.String()))
			return nil
		}, 1)
	c.Flags().StringVar(&kind, "kind", "", "classic, quorum or stream, where the system has several (default: its usual one)")
	c.Flags().IntVar(&partitions, "partitions", 0, "partitions of a topic (default: the broker's)")
	c.Flags().StringArrayVar(&settings, "setting", nil, "a setting NAME=VALUE of the system's own; repeatable")
	_ = c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"topic", "classic", "quorum", "stream", "list"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func newQueuesDelete(s *streams) *cobra.Command {
	var yes bool
	c := queueCommand("delete BROKER/NAME", "Delete a topic or a queue with its messages",
		"  diorama queues delete kafka/orders\n  diorama queues delete rabbitmq/jobs -y",
		func(ctx context.Context, client keeper.Queues, a address, _ []string) error {
			if _, err := a.find(ctx, client); err != nil {
				return err
			}
			if _, err := client.Queue(ctx, a.stack, a.name); err != nil {
				return err
			}
			if err := s.confirm(yes, fmt.Sprintf("Delete %s with all its messages?", a)); err != nil {
				return err
			}
			if err := client.Delete(ctx, a.stack, a.name); err != nil {
				return err
			}
			s.say("%s is deleted", harmless(a.String()))
			return nil
		}, 1)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

// confirm asks a person; where none sits at the terminal, yes must have been
// said before.
func (s *streams) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !s.interactive {
		return &exitError{ExitUsage, errors.New("nothing was done: confirm it with --yes")}
	}
	fmt.Fprint(s.err, harmless(question)+" [y/N] ")
	line, err := bufio.NewReader(s.in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); err != nil || answer != "y" && answer != "yes" {
		return &exitError{ExitFailed, errors.New("nothing was done")}
	}
	return nil
}

func newQueuesReset(s *streams) *cobra.Command {
	var group, to, output string
	var partition int
	var yes, dry bool
	c := queueCommand("reset BROKER/NAME", "Move a group to another place in a queue",
		`  diorama queues reset kafka/orders --group billing --to start --dry-run
  diorama queues reset kafka/orders --group billing --to 2026-11-27T12:00:00Z
  diorama queues reset kafka/orders --group billing --to +100 --partition 2 --yes`,
		func(ctx context.Context, client keeper.Queues, a address, _ []string) error {
			if err := validOutput(output); err != nil {
				return err
			}
			request, err := target(to, time.Now())
			if err != nil {
				return err
			}
			request.Queue, request.Group = a.name, group
			if partition >= 0 {
				request.Partition = queue.Known(int64(partition))
			}
			return reset(ctx, s, client, a, request, output, yes, dry)
		}, 1)
	c.Long = `Shows what a reset would change, asks, and moves the group. Members of the group
must be stopped: one that is active would commit over it.`
	outputFlag(c, &output)
	c.Flags().StringVarP(&group, "group", "g", "", "the group to move")
	c.Flags().StringVar(&to, "to", "", "start, end, an offset, +N or -N from where it is, a time (RFC 3339) or how long ago (10m)")
	c.Flags().IntVar(&partition, "partition", -1, "only in this partition (default: all)")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&dry, "dry-run", false, "only show what would change")
	_ = c.MarkFlagRequired("group")
	_ = c.MarkFlagRequired("to")
	_ = c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions([]string{"start", "end"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// target reads where a group is to go.
func target(to string, now time.Time) (queue.ResetRequest, error) {
	var r queue.ResetRequest
	number, err := strconv.ParseInt(to, 10, 64)
	switch {
	case to == string(queue.ResetStart) || to == string(queue.ResetEnd):
		r.To = queue.ResetTarget(to)
		return r, nil
	case err == nil && (to[0] == '+' || to[0] == '-'):
		r.To, r.Value = queue.ResetShift, number
		return r, nil
	case err == nil:
		r.To, r.Value = queue.ResetOffset, number
		return r, nil
	}
	at, err := instant(to, now)
	if err != nil {
		return r, &exitError{ExitUsage, fmt.Errorf("--to %q: expected start, end, an offset, +N or -N, a time (2026-11-27T12:00:00Z) or how long ago (10m)", to)}
	}
	r.To, r.Time = queue.ResetTime, at
	return r, nil
}

func reset(ctx context.Context, s *streams, client keeper.Queues, a address, r queue.ResetRequest, output string, yes, dry bool) error {
	planned, err := client.PlanReset(ctx, a.stack, r)
	if err != nil {
		return err
	}
	if output == "json" {
		err = printJSON(s, struct {
			Schema int `json:"schema"`
			queue.ResetPlan
		}{report.Schema, planned})
	} else {
		err = report.ResetPlan(s.out, planned, s.options())
	}
	switch {
	case err != nil:
		return err
	case planned.Refused != "" && !dry:
		return fmt.Errorf("nothing was done: %s", planned.Refused)
	case dry || len(planned.Changes) == 0:
		return nil
	}
	if err := s.confirm(yes, fmt.Sprintf("Move %s as shown?", r.Group)); err != nil {
		return err
	}
	if err := client.Reset(ctx, a.stack, planned); err != nil {
		return err
	}
	s.say("%s is moved", harmless(r.Group))
	return nil
}

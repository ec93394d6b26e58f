package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// PlanReset says what moving a group would change. Targets outside of what a
// partition has become its nearest end, as in Kafka's own tool; partitions that
// are there already are left out.
func (c *Client) PlanReset(ctx context.Context, r queue.ResetRequest) (queue.ResetPlan, error) {
	plan, err := c.planReset(ctx, r)
	if err != nil {
		return queue.ResetPlan{}, fmt.Errorf("plan to reset group %s in topic %s: %w", r.Group, r.Queue, err)
	}
	return plan, nil
}

func (c *Client) planReset(ctx context.Context, r queue.ResetRequest) (queue.ResetPlan, error) {
	plan := queue.ResetPlan{Group: r.Group, Queue: r.Queue}
	looked := queue.PeekRequest{Queue: r.Queue, Partition: r.Partition, From: queue.FromOldest}
	if r.To == queue.ResetTime {
		looked.From, looked.Time = queue.FromTime, r.Time
	}
	p, err := c.newPeek(ctx, looked)
	if err != nil {
		return plan, err
	}
	g, err := c.groupNow(ctx, r.Group)
	if err != nil {
		return plan, err
	}
	plan.Refused = g.busy()
	for _, s := range p.spans {
		from, lag := g.in(r.Queue, s)
		to, err := target(r, s, from)
		if err != nil {
			return plan, err
		}
		if from == queue.Known(to) {
			continue
		}
		plan.Changes = append(plan.Changes, queue.ResetChange{
			Partition: s.partition, From: from, To: to, LagBefore: lag, LagAfter: queue.Known(s.end - to),
		})
	}
	return plan, nil
}

// target is where a partition is to go on.
func target(r queue.ResetRequest, s span, from queue.Count) (int64, error) {
	var to int64
	switch r.To {
	case queue.ResetStart:
		to = s.start
	case queue.ResetEnd:
		to = s.end
	case queue.ResetOffset:
		to = r.Value
	case queue.ResetTime:
		to = s.at
	case queue.ResetShift:
		at, ok := from.Get()
		if !ok {
			return 0, fmt.Errorf("the group has not committed for partition %d: there is nothing to shift from", s.partition)
		}
		to = at + r.Value
	default:
		return 0, fmt.Errorf("there is no target %q to reset to", r.To)
	}
	return min(max(to, s.start), s.end), nil
}

// in is how far the group is in a partition, and its lag.
func (g *group) in(topic string, s span) (committed, lag queue.Count) {
	for i := range g.commits {
		if g.commits[i].name != topic {
			continue
		}
		for _, p := range g.commits[i].parts {
			if p.partition != s.partition || p.offset < 0 {
				continue
			}
			committed = queue.Known(p.offset)
			lag = queue.Known(s.end).Minus(committed)
			if g.kind == queue.GroupShare {
				lag = queue.Count{}
				if p.lag >= 0 {
					lag = queue.Known(p.lag)
				}
			}
		}
	}
	return committed, lag
}

// busy says why the group cannot be moved now; empty: it can.
func (g *group) busy() string {
	switch n := len(g.members); {
	case n == 1:
		return "1 member is active; stop it first"
	case n > 1:
		return fmt.Sprintf("%d members are active; stop them first", n)
	case !g.empty():
		return fmt.Sprintf("the group is %s; wait until its members are gone", g.state)
	}
	return ""
}

// groupNow is a group with its members and commits, as they are now.
func (c *Client) groupNow(ctx context.Context, name string) (*group, error) {
	r := &round{Client: c}
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{} // the brokers alone
	said, err := ask[*kmsg.MetadataResponse](ctx, r, seed, request)
	if err != nil {
		return nil, err
	}
	m := newMemory()
	m.turn++
	m.learn(said)
	lists := r.listGroups(ctx, m.brokers)
	r.wait()
	m.list(lists)
	g := m.groups[name]
	if g == nil {
		if len(m.alarms) > 0 {
			return nil, errors.New(m.alarms[0])
		}
		return nil, &queue.NotFoundError{What: "group", Name: name}
	}
	m.changed = []*group{g}
	takes := slices.Concat(r.commits(ctx, m), r.describe(ctx, m))
	r.wait()
	for _, take := range takes {
		take()
	}
	return g, g.trouble
}

// Reset moves a group as planned. It fails, changing nothing, where members are
// active or the group has committed since; the broker itself refuses where one
// joins meanwhile.
func (c *Client) Reset(ctx context.Context, p queue.ResetPlan) error {
	if err := c.reset(ctx, p); err != nil {
		return fmt.Errorf("reset group %s in topic %s: %w", p.Group, p.Queue, err)
	}
	return nil
}

func (c *Client) reset(ctx context.Context, p queue.ResetPlan) error {
	if p.Refused != "" {
		return errors.New(p.Refused)
	}
	g, err := c.groupNow(ctx, p.Group)
	if err != nil {
		return err
	}
	if why := g.busy(); why != "" {
		return errors.New(why)
	}
	for _, change := range p.Changes {
		now, _ := g.in(p.Queue, span{partition: change.Partition})
		if now != change.From {
			return fmt.Errorf("partition %d is at %v and was planned from %v: plan again", change.Partition, now, change.From)
		}
	}
	switch {
	case len(p.Changes) == 0:
		return nil
	case g.kind == queue.GroupShare:
		return c.alterShare(ctx, g, p)
	}
	commits := make(kadm.Offsets)
	for _, change := range p.Changes {
		commits.AddOffset(p.Queue, change.Partition, change.To, -1)
	}
	return c.admin.CommitAllOffsets(ctx, p.Group, commits)
}

// alterShare moves a share group (KIP-932).
func (c *Client) alterShare(ctx context.Context, g *group, p queue.ResetPlan) error {
	request := kmsg.NewPtrAlterShareGroupOffsetsRequest()
	request.GroupID = p.Group
	topic := kmsg.NewAlterShareGroupOffsetsRequestTopic()
	topic.Topic = p.Queue
	for _, change := range p.Changes {
		asked := kmsg.NewAlterShareGroupOffsetsRequestTopicPartition()
		asked.Partition, asked.StartOffset = change.Partition, change.To
		topic.Partitions = append(topic.Partitions, asked)
	}
	request.Topics = append(request.Topics, topic)
	answer, err := ask[*kmsg.AlterShareGroupOffsetsResponse](ctx, &round{Client: c}, g.coordinator, request)
	if err != nil {
		return err
	}
	if err := told(answer.ErrorCode, answer.ErrorMessage); err != nil {
		return err
	}
	for _, t := range answer.Topics {
		for _, said := range t.Partitions {
			if err := told(said.ErrorCode, said.ErrorMessage); err != nil {
				return fmt.Errorf("partition %d: %w", said.Partition, err)
			}
		}
	}
	return nil
}

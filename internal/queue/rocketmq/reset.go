package rocketmq

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/queue"
)

// PlanReset says where a group would go on.
func (s *Source) PlanReset(ctx context.Context, r queue.ResetRequest) (queue.ResetPlan, error) {
	var a asker
	configs, err := get[groupConfigs](ctx, &a, s.broker, askGroupConfigs, nil)
	if err != nil {
		return queue.ResetPlan{}, err
	}
	if _, ok := configs.Groups[r.Group]; !ok {
		return queue.ResetPlan{}, &queue.NotFoundError{What: "group", Name: r.Group}
	}
	parts, err := s.bounds(ctx, &a, r.Queue, r.Partition)
	if err != nil {
		return queue.ResetPlan{}, err
	}
	plan := queue.ResetPlan{Group: r.Group, Queue: r.Queue, Changes: make([]queue.ResetChange, len(parts))}
	if plan.Refused, err = s.active(ctx, &a, r.Group); err != nil {
		return queue.ResetPlan{}, err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(atATime)
	for i, part := range parts {
		work.Go(func() (err error) {
			plan.Changes[i], err = s.change(ctx, &a, r, part)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return queue.ResetPlan{}, err
	}
	for _, c := range plan.Changes {
		if plan.Refused == "" && r.To == queue.ResetShift && !c.From.IsKnown() {
			plan.Refused = fmt.Sprintf("the group has not committed for queue %d: there is nothing to shift; choose another target", c.Partition)
		}
	}
	return plan, nil
}

// active says why the group cannot be moved while members read: they would
// commit their own offsets over it. Where each member gets every message, the
// members keep the offsets themselves.
func (s *Source) active(ctx context.Context, a *asker, group string) (string, error) {
	answer, err := get[connections](ctx, a, s.broker, askConnections, map[string]string{"consumerGroup": group})
	switch {
	case refusedWith(err, consumerNotOnline):
		return "", nil
	case err != nil:
		return "", err
	case answer.Model == broadcasting:
		return "", &queue.CannotError{What: "a group of RocketMQ that broadcasts has its offsets with its members, not with the broker"}
	case len(answer.Members) == 1:
		return "1 member is active; stop it first", nil
	case len(answer.Members) > 1:
		return fmt.Sprintf("%d members are active; stop them first", len(answer.Members)), nil
	}
	return "", nil
}

func (s *Source) change(ctx context.Context, a *asker, r queue.ResetRequest, part stretch) (queue.ResetChange, error) {
	from, err := s.committed(ctx, a, r.Group, r.Queue, part.queue)
	if err != nil {
		return queue.ResetChange{}, err
	}
	to := part.from
	switch r.To {
	case queue.ResetStart:
	case queue.ResetEnd:
		to = part.to
	case queue.ResetOffset:
		to = r.Value
	case queue.ResetShift:
		to = from.Or(part.from) + r.Value
	case queue.ResetTime:
		if to, err = s.offsetAt(ctx, a, r.Queue, part.queue, r.Time.UnixMilli()); err != nil {
			return queue.ResetChange{}, err
		}
	default:
		return queue.ResetChange{}, fmt.Errorf("a group is not reset to %q", r.To)
	}
	to = min(max(to, part.from), part.to)
	return queue.ResetChange{
		Partition: part.queue, From: from, To: to,
		LagBefore: queue.Known(part.to).Minus(from).AtLeast(0), LagAfter: queue.Known(part.to - to),
	}, nil
}

// committed is the offset of a group in a queue; unknown where it has none.
func (s *Source) committed(ctx context.Context, a *asker, group, topic string, queueID int32) (queue.Count, error) {
	answer, err := a.ask(ctx, s.broker, askConsumerOffset, map[string]string{
		"consumerGroup": group, "topic": topic, "queueId": strconv.Itoa(int(queueID)), "setZeroIfNotFound": "false",
	}, nil)
	if refusedWith(err, queryNotFound) {
		return queue.Count{}, nil
	}
	if err != nil {
		return queue.Count{}, err
	}
	offset, err := field(answer, "offset")
	if err != nil || offset < 0 { // a client that has read nothing yet commits that
		return queue.Count{}, err
	}
	return queue.Known(offset), nil
}

// Reset moves the group. The broker has no way to do it only if nothing has
// changed: between the last look and the change a member may still come.
func (s *Source) Reset(ctx context.Context, p queue.ResetPlan) error {
	if p.Refused != "" {
		return &queue.CannotError{What: p.Refused}
	}
	var a asker
	refused, err := s.active(ctx, &a, p.Group)
	if err != nil {
		return err
	}
	if refused != "" {
		return fmt.Errorf("nothing was changed: %s", refused)
	}
	for _, c := range p.Changes {
		now, err := s.committed(ctx, &a, p.Group, p.Queue, c.Partition)
		if err != nil {
			return err
		}
		if now != c.From {
			return fmt.Errorf("nothing was changed: in queue %d the group is at %s and not at %s any more; look at a new plan", c.Partition, now, c.From)
		}
	}
	for i, c := range p.Changes {
		_, err := a.ask(ctx, s.broker, askUpdateOffset, map[string]string{
			"consumerGroup": p.Group, "topic": p.Queue,
			"queueId": strconv.Itoa(int(c.Partition)), "commitOffset": strconv.FormatInt(c.To, 10),
		}, nil)
		if err != nil {
			return fmt.Errorf("%d of %d queues are changed, then: %w", i, len(p.Changes), err)
		}
	}
	return nil
}

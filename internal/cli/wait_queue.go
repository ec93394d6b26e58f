package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// condition is what `wait --queue` waits for.
type condition struct {
	queue address
	group string
	// consumed is how many messages the group must have read at least, lag how
	// many it may have yet to read at most; below zero: any number.
	consumed, lag int64
	// stable is how long it must have been so.
	stable time.Duration
}

// met reports whether the condition is met by what a broker said, and if not,
// what is missing.
func (c condition) met(state queue.State) (ok bool, missing string) {
	b := state.Of(c.queue.stack)
	switch {
	case b == nil:
		return false, fmt.Sprintf("there is no broker %s yet", c.queue.stack)
	case b.Phase != queue.PhaseAnswering:
		return false, strings.TrimSuffix(fmt.Sprintf("%s does not answer: %s", b.Stack, b.Why), ": ")
	}
	if c.group == "" {
		return c.queueMet(b)
	}
	for _, g := range b.Groups {
		if g.Name != c.group {
			continue
		}
		for _, in := range g.Queues {
			if in.Queue == c.queue.name {
				return c.groupMet(in)
			}
		}
	}
	return false, fmt.Sprintf("the group %s has not committed anything in %s", c.group, c.queue)
}

// groupMet judges a group. One that has not committed is never through, though
// nothing may wait for it.
func (c condition) groupMet(in queue.GroupInQueue) (ok bool, missing string) {
	consumed, committed := in.Consumed.Get()
	lag, known := in.Lag.Get()
	switch {
	case !committed:
		return false, fmt.Sprintf("the group %s has not committed anything in %s", c.group, c.queue)
	case c.consumed >= 0 && consumed < c.consumed:
		return false, fmt.Sprintf("%s has read %d of %d messages", c.group, consumed, c.consumed)
	case c.lag >= 0 && !known:
		return false, fmt.Sprintf("the lag of %s is not known", c.group)
	case c.lag >= 0 && in.Unknown > 0:
		return false, fmt.Sprintf("the lag of %s is not known in %d of the partitions that hold messages", c.group, in.Unknown)
	case c.lag >= 0 && lag > c.lag:
		return false, fmt.Sprintf("%s is %d messages behind", c.group, lag)
	}
	return true, ""
}

// queueMet judges a queue without groups by what waits in it.
func (c condition) queueMet(b *queue.Broker) (ok bool, missing string) {
	for _, q := range b.Queues {
		if q.Name != c.queue.name {
			continue
		}
		depth, known := q.Depth.Get()
		switch {
		case !known:
			return false, fmt.Sprintf("how much is in %s is not known", c.queue)
		case depth > max(c.lag, 0):
			return false, fmt.Sprintf("%d messages are in %s", depth, c.queue)
		}
		return true, ""
	}
	return false, fmt.Sprintf("there is no %s", c.queue)
}

// steady says since when something has been so, by the instants of samples.
type steady struct {
	since, at time.Time
}

// with is the steadiness after a sample.
func (s steady) with(at time.Time, ok bool) steady {
	switch {
	case !ok:
		return steady{}
	case s.since.IsZero():
		return steady{since: at, at: at}
	}
	s.at = at
	return s
}

// lasted is for how long it has been so.
func (s steady) lasted() time.Duration { return s.at.Sub(s.since) }

func waitQueue(ctx context.Context, s *streams, name string, c condition, timeout time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errNotInTime)
	defer cancel()
	began, missing := time.Now(), "nothing is known of it yet"
	var wrong error
	session, err := session(ctx, name)
	if err == nil {
		var so steady
		err = session.WatchQueues(ctx, func(state queue.State) bool {
			if wrong = c.sensible(state); wrong != nil {
				return false
			}
			var ok bool
			ok, missing = c.met(state)
			at := sampledAt(state, c.queue.stack)
			if ok && at.Before(began) { // what was so before says nothing about now
				return true
			}
			so = so.with(at, ok)
			if ok {
				missing = fmt.Sprintf("it has been so for %s of %s", so.lasted().Round(100*time.Millisecond), c.stable)
			}
			return !ok || so.lasted() < c.stable
		})
	}
	switch {
	case errors.Is(err, errNotInTime):
		return &exitError{ExitTimeout, fmt.Errorf("not within %s: %s", timeout, missing)}
	case errors.Join(err, wrong) != nil:
		return errors.Join(err, wrong)
	}
	s.say("%s: so it is", harmless(c.String()))
	return nil
}

// sensible refuses to wait for what can never be so.
func (c condition) sensible(state queue.State) error {
	b := state.Of(c.queue.stack)
	if b == nil || c.group != "" {
		return nil
	}
	for _, q := range b.Queues {
		if q.Name == c.queue.name && q.Kind == queue.KindTopic {
			return &exitError{ExitUsage, fmt.Errorf("%s is a topic and keeps its messages: say who reads it with --group", c.queue)}
		}
	}
	return nil
}

func sampledAt(state queue.State, stack string) time.Time {
	if b := state.Of(stack); b != nil {
		return b.Sampled.At
	}
	return time.Time{}
}

func (c condition) String() string {
	text := c.queue.String()
	if c.group != "" {
		text += ", group " + c.group
	}
	if c.consumed >= 0 {
		text += fmt.Sprintf(", %d consumed", c.consumed)
	}
	if c.lag >= 0 {
		text += fmt.Sprintf(", lag at most %d", c.lag)
	}
	return text
}

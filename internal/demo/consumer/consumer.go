// Package consumer owns what happens after an inference: reading the topic as
// a group, handling each event at least once and in the order of its
// partition, and the handlers of the demo's services.
package consumer

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/bus"
	"github.com/diorama-dev/diorama/internal/demo/retry"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

const (
	// maxBatch bounds what is read between two commits.
	maxBatch = 100
	// batchTime is how long a batch should take at most: while one is handled,
	// no partition can move to another member.
	batchTime = 5 * time.Second
	// commitEvery bounds how much of a slow batch is handled again after a crash.
	commitEvery = time.Second
	// commitWithin bounds one commit, the last one included.
	commitWithin = 5 * time.Second
	// attemptWithin bounds one attempt at one event.
	attemptWithin = 5 * time.Second
)

// Source is what a consumer needs of the topic.
type Source interface {
	Poll(ctx context.Context, limit int) ([]bus.Message, error)
	Commit(ctx context.Context, handled []bus.Message) error
	Release()
}

// Event is one delivery of an event.
type Event struct {
	story.Completed
	// Log names the event, its place and its trace.
	Log *slog.Logger
}

// Handler does a service's part for one event. An event may come again: the
// second time must change nothing. On an error the event is tried again; the
// ones behind it wait.
type Handler func(ctx context.Context, e Event) error

// Consumer reads the topic and hands its events on.
type Consumer struct {
	Source  Source
	Handle  Handler
	Log     *slog.Logger
	Slow    *Slow
	Backoff retry.Backoff

	handled, unreadable, failures atomic.Int64
}

// State is what a consumer has done since it started.
type State struct {
	Handled int64 `json:"handled"`
	// Unreadable counts messages that are no event and were passed over.
	Unreadable int64 `json:"unreadable"`
	// Failures counts attempts that failed and were made again.
	Failures int64 `json:"failures"`
}

// State returns what the consumer has done since it started.
func (c *Consumer) State() State {
	return State{Handled: c.handled.Load(), Unreadable: c.unreadable.Load(), Failures: c.failures.Load()}
}

// Run handles events until ctx ends. The event under way is finished then, and
// what was handled is committed.
func (c *Consumer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		messages, err := c.Source.Poll(ctx, batchLimit(c.Slow.Delay()))
		if err != nil {
			c.Log.WarnContext(ctx, "reading the topic failed, trying again", "error", err.Error())
		}
		c.batch(ctx, messages)
		c.Source.Release()
		if err != nil && len(messages) == 0 {
			_ = retry.Wait(ctx, c.Backoff.Most) // the loop looks at ctx
		}
	}
}

// batchLimit is how many events may be read at once when each takes the delay.
func batchLimit(delay time.Duration) int {
	if delay <= 0 {
		return maxBatch
	}
	return int(min(max(batchTime/delay, 1), maxBatch))
}

// batch handles messages in order and commits what it got done, now and then
// and at the end.
func (c *Consumer) batch(ctx context.Context, messages []bus.Message) {
	done, committed, last := 0, 0, time.Now()
	for _, m := range messages {
		if !c.one(ctx, m) {
			break
		}
		done++
		if time.Since(last) >= commitEvery {
			c.commit(ctx, messages[committed:done])
			committed, last = done, time.Now()
		}
	}
	c.commit(ctx, messages[committed:done])
}

func (c *Consumer) commit(ctx context.Context, handled []bus.Message) {
	if len(handled) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWithin)
	defer cancel()
	if err := c.Source.Commit(ctx, handled); err != nil {
		// The group has moved on without us, or the broker is away. Either
		// way whoever reads next handles these again, which changes nothing.
		c.Log.WarnContext(ctx, "commit failed, events will come again", "error", err.Error(), "events", len(handled))
	}
}

// one handles a message and reports whether it is done with.
func (c *Consumer) one(ctx context.Context, m bus.Message) bool {
	log := c.Log.With("partition", m.Partition, "offset", m.Offset)
	e, err := story.DecodeCompleted(m.Value)
	if err != nil {
		c.unreadable.Add(1)
		log.ErrorContext(ctx, "message passed over: it is no event", "error", err.Error(), "bytes", len(m.Value))
		return true
	}
	log = log.With("event", e.ID, "user", e.User, trace(m, e).Attr())
	if c.Slow.Wait(ctx) != nil {
		return false
	}
	return c.try(ctx, Event{Completed: e, Log: log})
}

// try hands the event on until that succeeds, and reports false where ctx
// ended before.
func (c *Consumer) try(ctx context.Context, e Event) bool {
	for attempt := 1; ; attempt++ {
		err := c.attempt(ctx, e)
		if err == nil {
			c.handled.Add(1)
			return true
		}
		c.failures.Add(1)
		delay := c.Backoff.Delay(attempt)
		e.Log.ErrorContext(ctx, "event was not handled, trying again",
			"error", err.Error(), "attempt", attempt, "next_in_ms", delay.Milliseconds())
		if retry.Wait(ctx, delay) != nil {
			return false
		}
	}
}

// attempt finishes what it began even when the role is ending.
func (c *Consumer) attempt(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), attemptWithin, fmt.Errorf("not done within %s", attemptWithin))
	defer cancel()
	return c.Handle(ctx, e)
}

// trace is that of the message's header, else that of the event itself.
func trace(m bus.Message, e story.Completed) story.Trace {
	if t, err := story.ParseTraceparent(m.Traceparent); err == nil {
		return t
	}
	return e.Trace
}

// Package retry owns waiting for what is not there yet: how long between
// attempts, and saying so in the log.
package retry

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Backoff says how long to wait between attempts: First, then twice as long
// each time up to Most, each shortened by up to a fifth at random, so that
// roles that failed together do not come back together.
type Backoff struct {
	First, Most time.Duration
	// Random is from 0 to 1; nil takes the usual source.
	Random func() float64
}

// Standard is for dependencies that may be starting.
func Standard() Backoff { return Backoff{First: 200 * time.Millisecond, Most: 3 * time.Second} }

// Delay is the wait after the given attempt, counted from 1.
func (b Backoff) Delay(attempt int) time.Duration {
	d := b.First
	for i := 1; i < attempt && d < b.Most; i++ {
		d *= 2
	}
	random := b.Random
	if random == nil {
		random = rand.Float64
	}
	return time.Duration(float64(min(d, b.Most)) * (1 - 0.2*random()))
}

// Log is what Until reports to. Observe is told each failure, and nil at the
// end; it may be nil itself.
type Log struct {
	*slog.Logger
	Observe func(waitingFor string, err error)
}

func (l Log) observe(what string, err error) {
	if l.Observe != nil {
		l.Observe(what, err)
	}
}

// Until calls op until it succeeds or ctx ends. what is said in the log after
// "waiting for". The error holds the last failure.
func (b Backoff) Until(ctx context.Context, log Log, what string, op func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := op(ctx)
		if err == nil {
			if attempt > 1 {
				log.InfoContext(ctx, what+" answers", "attempts", attempt)
			}
			log.observe(what, nil)
			return nil
		}
		log.observe(what, err)
		delay := b.Delay(attempt)
		if ctx.Err() == nil {
			log.WarnContext(ctx, "waiting for "+what, "error", err.Error(), "attempt", attempt, "next_in_ms", delay.Milliseconds())
		}
		if Wait(ctx, delay) != nil {
			return fmt.Errorf("wait for %s: %w (last: %w)", what, context.Cause(ctx), err)
		}
	}
}

// Wait waits for d or until ctx ends, and returns why it ended.
func Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package queue

import (
	"context"
	"fmt"
	"time"
)

// loop samples one broker.
type loop struct {
	sampler *Sampler
	spec    Spec
	cancel  context.CancelFunc
	wake    chan struct{}

	// Below is guarded by the sampler's lock.
	broker  Broker // as last published, or to be
	history History
	settled time.Time // when the last attempt that has ended was begun
	stuck   bool      // the attempt under way takes longer than it may
}

func newLoop(s *Sampler, spec Spec, cancel context.CancelFunc) *loop {
	return &loop{
		sampler: s, spec: spec, cancel: cancel, wake: make(chan struct{}, 1),
		broker: Broker{
			Stack: spec.Stack, System: spec.System, Phase: PhaseConnecting, Since: time.Now(),
			Queues: []*Status{}, Groups: []*GroupStatus{},
		},
	}
}

// run samples until ctx ends, then closes the source.
func (l *loop) run(ctx context.Context) {
	defer l.spec.Source.Close()
	failures, usual := 0, giveUpAfter
	for ctx.Err() == nil {
		began := time.Now()
		sample, err := l.attempt(ctx)
		if ctx.Err() != nil {
			return
		}
		took := time.Since(began)
		// One answer that was late says nothing about the next.
		rest := l.rest(min(took, usual))
		if err != nil {
			failures++
			rest = min(retryFirst<<min(failures-1, 8), retryLongest)
		} else {
			failures, usual = 0, took
		}
		l.end(began, took, rest, sample, err)
		l.pause(ctx, rest)
	}
}

// attempt asks the broker; while it does not answer in good time, the broker
// counts as silent.
func (l *loop) attempt(ctx context.Context) (*Sample, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, giveUpAfter, fmt.Errorf("no answer for %s", giveUpAfter))
	defer cancel()
	over := false // guarded by the sampler's lock: a timer that is stopped may be running
	late := time.AfterFunc(silentAfter, func() {
		l.publish(func() {
			if !over {
				l.stuck = true
				l.silent(fmt.Sprintf("no answer for %s", silentAfter))
			}
		})
	})
	defer func() {
		late.Stop()
		l.sampler.mu.Lock()
		defer l.sampler.mu.Unlock()
		over = true
	}()
	sample, err := l.spec.Source.Sample(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return sample, err
}

// rest is how long a broker is left alone after a sample that took so long.
func (l *loop) rest(took time.Duration) time.Duration {
	every := idleEvery
	if l.sampler.state.Watched() {
		every = watchedEvery
	}
	return min(max(every-took, took*restFactor), longestRest)
}

// pause waits for the next attempt.
func (l *loop) pause(ctx context.Context, rest time.Duration) {
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-l.wake:
	}
}

// end publishes what came of an attempt.
func (l *loop) end(began time.Time, took, rest time.Duration, sample *Sample, err error) {
	history := l.history // only this goroutine changes it
	if err == nil {
		history = history.With(sample)
	}
	l.publish(func() {
		l.settled, l.stuck = began, false
		if err != nil {
			l.silent(err.Error())
			return
		}
		l.history = history
		b := history.broker
		b.Stack, b.System, b.Version, b.Nodes, b.Alarms = l.spec.Stack, l.spec.System, sample.Version, sample.Nodes, sample.Alarms
		b.Phase, b.Since = PhaseAnswering, l.broker.Since
		if l.broker.Phase != PhaseAnswering {
			b.Since = time.Now()
		}
		b.Sampled = Sampled{At: sample.At, Took: took, Requests: sample.Requests, Every: took + rest}
		l.broker = b
	})
}

// silent notes that the broker does not answer. A broker that never has is
// still connecting. What was known of it stays.
func (l *loop) silent(why string) {
	if l.broker.Phase == PhaseAnswering {
		l.broker.Phase, l.broker.Since = PhaseSilent, l.broker.Sampled.At
	}
	l.broker.Why = why
}

// publish changes the broker under the lock and tells the watchers; a loop that
// has been taken away tells nobody.
func (l *loop) publish(change func()) {
	s := l.sampler
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loops[l.spec.Stack] != l {
		return
	}
	change()
	b := l.broker
	s.put(b.Stack, &b)
}

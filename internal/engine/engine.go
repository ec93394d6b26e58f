// Package engine owns the running of a plan: the order of its steps, doing
// independent ones at once, stopping early, and saying what became of each. It
// knows nothing of clusters; whoever does, executes the steps.
package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// Executor does one step. Doing a step again, or after it was cut off at any
// point, must lead to the same result. Execute returns when ctx ends, which is
// the run's: it lives on when the step is done.
type Executor interface {
	Execute(ctx context.Context, step env.Step, report Report) (Outcome, error)
}

// Report says what a running step is doing.
type Report func(detail string, progress env.Progress)

// Outcome is what came of a step.
type Outcome struct {
	// Unchanged is true when there was nothing to do.
	Unchanged bool
	// Detail says in a few words what came of it: "3 objects created".
	Detail string
}

// TimeoutError says that a step was not done in time, and what it was waiting
// for when its time was up.
type TimeoutError struct {
	Step     string
	After    time.Duration
	LastSeen string
}

func (e *TimeoutError) Error() string {
	message := fmt.Sprintf("%s was not done within %s", e.Step, e.After)
	if e.LastSeen == "" {
		return message
	}
	return message + ": " + e.LastSeen
}

// StepError is the failure of one step.
type StepError struct {
	Step env.Step
	Err  error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s %s: %v", e.Step.Kind, e.Step.Subject, e.Err)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// GraphError says that steps can never start: they need steps that are not
// there, or each other.
type GraphError struct{ Steps []string }

func (e *GraphError) Error() string {
	return "steps that can never start: " + strings.Join(e.Steps, ", ")
}

// Options bound a run.
type Options struct {
	// Timeout is for the whole run; 0: no bound.
	Timeout time.Duration
	// Failing is how long steps under way may go on once another has failed,
	// so that all that is unwell is found and not only the first.
	Failing time.Duration
	// AtOnce bounds how many steps of a kind run at the same time; 0: no bound.
	// Those that come first in the plan go first.
	AtOnce map[env.StepKind]int
	// Explain tells what is known of a step's error; nil: nothing is.
	Explain func(error) []env.Finding
	// Now is the clock; nil is the real one.
	Now func() time.Time
}

// Run does the steps, each as soon as those that it needs are done. It emits
// every change of a step and returns the failures of all steps that failed,
// joined; nil when all are done. When ctx ends, so does Run, with its cause.
func Run(ctx context.Context, steps []env.Step, executor Executor, emit func(env.Event), o Options) error {
	if err := check(steps); err != nil {
		return err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, errTimeUp)
		defer cancel()
	}
	r := &run{
		executor: executor, emit: emit, options: o,
		phases: make(map[string]env.StepPhase, len(steps)), running: make(map[env.StepKind]int),
		ended: make(chan result),
	}
	return r.all(ctx, steps)
}

type run struct {
	executor Executor
	emit     func(env.Event)
	options  Options
	phases   map[string]env.StepPhase
	running  map[env.StepKind]int
	ended    chan result
	failures []error
}

type result struct {
	step    env.Step
	outcome Outcome
	err     error
}

var (
	errOtherFailed = errors.New("another step failed")
	errTimeUp      = errors.New("time is up")
)

func (r *run) all(ctx context.Context, steps []env.Step) error {
	stepCtx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var grace <-chan time.Time
	running := 0
	for {
		if stepCtx.Err() == nil && len(r.failures) == 0 {
			running += r.startReady(stepCtx, steps)
		}
		if running == 0 {
			break
		}
		select {
		case ended := <-r.ended:
			running--
			r.running[ended.step.Kind]--
			r.end(stepCtx, ended)
			if len(r.failures) > 0 && grace == nil {
				timer := time.NewTimer(r.options.Failing)
				defer timer.Stop()
				grace = timer.C
			}
		case <-grace:
			stop(errOtherFailed)
			grace = nil
		}
	}
	for _, step := range steps {
		if r.phases[step.ID] == "" {
			r.change(env.StepChange{ID: step.ID, Phase: env.StepCancelled})
		}
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errTimeUp) {
		r.failures = append(r.failures, cause)
	}
	return errors.Join(r.failures...)
}

// startReady starts every step that is due and returns how many.
func (r *run) startReady(ctx context.Context, steps []env.Step) int {
	started := 0
	for _, step := range steps {
		if r.phases[step.ID] != "" || !r.due(step) {
			continue
		}
		started++
		r.running[step.Kind]++
		r.change(env.StepChange{ID: step.ID, Phase: env.StepRunning})
		go func() {
			outcome, err := r.execute(ctx, step)
			r.ended <- result{step: step, outcome: outcome, err: err}
		}()
	}
	return started
}

func (r *run) due(step env.Step) bool {
	if bound := r.options.AtOnce[step.Kind]; bound > 0 && r.running[step.Kind] >= bound {
		return false
	}
	for _, need := range step.Needs {
		if !r.phases[need].Succeeded() {
			return false
		}
	}
	return true
}

// execute does a step. An error after the time was up is a [TimeoutError]
// with what the step last reported.
func (r *run) execute(ctx context.Context, step env.Step) (Outcome, error) {
	var last atomic.Pointer[string]
	last.Store(new(string))
	outcome, err := r.executor.Execute(ctx, step, func(detail string, progress env.Progress) {
		last.Store(&detail)
		r.emit(env.Event{Time: r.options.Now(), Step: &env.StepChange{
			ID: step.ID, Phase: env.StepRunning, Detail: detail, Progress: progress,
		}})
	})
	if err != nil && errors.Is(context.Cause(ctx), errTimeUp) {
		err = &TimeoutError{Step: step.ID, After: r.options.Timeout, LastSeen: *last.Load()}
	}
	return outcome, err
}

func (r *run) end(ctx context.Context, e result) {
	change := env.StepChange{ID: e.step.ID, Detail: e.outcome.Detail}
	switch {
	case e.err == nil && e.outcome.Unchanged:
		change.Phase = env.StepUnchanged
	case e.err == nil:
		change.Phase = env.StepDone
	case ctx.Err() != nil && !isTimeout(e.err):
		change.Phase, change.Detail = env.StepCancelled, context.Cause(ctx).Error()
	default:
		change.Phase, change.Error, change.Advice = env.StepFailed, e.err.Error(), r.advice(e.err)
		r.failures = append(r.failures, &StepError{Step: e.step, Err: e.err})
	}
	r.change(change)
}

func (r *run) advice(err error) []string {
	if r.options.Explain == nil {
		return nil
	}
	var advice []string
	for _, finding := range r.options.Explain(err) {
		advice = append(advice, finding.Advice...)
	}
	return advice
}

func isTimeout(err error) bool {
	_, ok := errors.AsType[*TimeoutError](err)
	return ok
}

func (r *run) change(c env.StepChange) {
	r.phases[c.ID] = c.Phase
	r.emit(env.Event{Time: r.options.Now(), Step: &c})
}

// check finds steps that can never start.
func check(steps []env.Step) error {
	done := make(map[string]bool, len(steps))
	for progress := true; progress; {
		progress = false
		for _, step := range steps {
			if !done[step.ID] && allDone(step.Needs, done) {
				done[step.ID], progress = true, true
			}
		}
	}
	var stuck []string
	for _, step := range steps {
		if !done[step.ID] {
			stuck = append(stuck, step.ID)
		}
	}
	if len(stuck) > 0 {
		return &GraphError{Steps: stuck}
	}
	return nil
}

func allDone(needs []string, done map[string]bool) bool {
	for _, need := range needs {
		if !done[need] {
			return false
		}
	}
	return true
}

package keeper

import (
	"context"
	"errors"

	"github.com/diorama-dev/diorama/internal/engine"
	"github.com/diorama-dev/diorama/internal/env"
)

var (
	errCancelled = errors.New("interrupted")
	errQuit      = errors.New("the keeper was told to quit")
	errReplaced  = errors.New("another plan is wanted")
)

func ended(err error) *env.Ended {
	if err == nil {
		return &env.Ended{Phase: env.PhaseReady}
	}
	e := &env.Ended{Phase: env.PhaseFailed, Reason: env.ReasonFailed, Error: err.Error()}
	if errors.Is(err, errCancelled) || errors.Is(err, errQuit) || errors.Is(err, context.Canceled) {
		e.Reason = env.ReasonInterrupted
	} else if _, ok := errors.AsType[*engine.TimeoutError](err); ok && !unwell(err) {
		e.Reason = env.ReasonTimeout
	}
	return e
}

// unwell reports whether a step failed for another reason than its time.
func unwell(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return false
	}
	for _, one := range joined.Unwrap() {
		if _, timeout := errors.AsType[*engine.TimeoutError](one); !timeout {
			return true
		}
	}
	return false
}

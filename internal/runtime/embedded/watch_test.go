package embedded

import (
	"errors"
	"testing"
	"time"
)

// TestReadiness: one late answer of a server that was ready is asked again at
// once, and two end its readiness.
func TestReadiness(t *testing.T) {
	late := errors.New("no answer for 2s")
	is := readiness{}
	for i, step := range []struct {
		answer error
		ready  bool
		next   time.Duration
	}{
		{late, false, 0},
		{nil, true, checkEvery},
		{late, true, readyEvery},
		{nil, true, checkEvery},
		{late, true, readyEvery},
		{late, false, 10 * readyEvery},
		{late, false, 0},
		{nil, true, checkEvery},
	} {
		var next time.Duration
		if is, next = is.after(step.answer); is.ready != step.ready || next != step.next {
			t.Fatalf("answer %d: ready %v, asked again after %s; want %v, %s", i+1, is.ready, next, step.ready, step.next)
		}
	}
}

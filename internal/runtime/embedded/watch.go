package embedded

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// readiness is what a server's answers come to.
type readiness struct {
	ready bool
	// doubted is true after one answer that failed or was late, as happens where
	// the machine is busy: the next one decides.
	doubted bool
}

// after is the readiness after another answer, and when the next is asked for.
func (r readiness) after(err error) (readiness, time.Duration) {
	const unready = 10 * readyEvery
	switch {
	case err == nil:
		return readiness{ready: true}, checkEvery
	case r.ready && !r.doubted:
		return readiness{ready: true, doubted: true}, readyEvery
	case r.ready:
		return readiness{}, unready
	}
	return r, 0
}

// watch asks the server whether it is ready, until it has ended.
func (s *supervisor) watch(ctx context.Context, p *process) {
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	is, asked := readiness{}, s.job
	asked.pid = p.cmd.Process.Pid
	for {
		err := s.recipe.ready(ctx, asked)
		if ctx.Err() != nil {
			return
		}
		was, every := is, time.Duration(0)
		if is, every = is.after(err); every > 0 {
			ticker.Reset(every)
		}
		switch {
		case is.ready && !was.ready:
			asked.answered = true
			s.set(func(v *diagnose.Server) { *v = v.AsReady() })
		case was.ready && !is.ready:
			s.set(func(v *diagnose.Server) { v.Ready, v.Waiting = false, err.Error() })
		case !is.ready:
			s.waiting(err.Error())
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

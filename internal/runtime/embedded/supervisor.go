package embedded

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/logs"
)

// Bounds of how a server that ends is started again.
const (
	backoffFirst = 200 * time.Millisecond
	backoffMost  = 10 * time.Second
	// stableAfter is how long a server must run for its earlier ends to be
	// forgiven.
	stableAfter = 30 * time.Second
	// readyEvery is how often a server that is starting is asked, and
	// checkEvery one that was ready.
	readyEvery = 20 * time.Millisecond
	checkEvery = 2 * time.Second
	// lastWords is how many lines of a server's output are kept to explain
	// its end.
	lastWords = 20
)

// supervisor keeps one server running: it starts it, asks whether it is
// ready, starts it again when it ends, and ends it.
type supervisor struct {
	job      job
	recipe   recipe
	revision string
	lock     *os.File
	tell     told

	ctx   context.Context    //nolint:containedctx // the life of the server: it is asked and prepared within it
	stop  context.CancelFunc // ends it
	hurry chan struct{}      // closed where it must not take its time
	again chan struct{}      // asks for a restart
	done  chan struct{}      // closed once it is over

	mu      sync.Mutex
	hurried bool
	condition
}

// condition is how a server is at a moment.
type condition struct {
	state diagnose.Server
	pid   int       // of its process; 0: none runs
	since time.Time // when that was started
	words []string  // the last lines that it wrote
}

// told is whom a supervisor tells of what happens.
type told struct {
	changed   func() // the state has changed
	occurred  func(env.Occurrence)
	sink      logs.Sink
	lost      func(service string, lines int, err error)
	portOwner func(port int) (string, bool)
}

func newSupervisor(life context.Context, j job, r recipe, revision string, lock *os.File, tell told) *supervisor {
	ctx, stop := context.WithCancel(life)
	s := &supervisor{
		job: j, recipe: r, revision: revision, lock: lock, tell: tell, ctx: ctx, stop: stop,
		hurry: make(chan struct{}), again: make(chan struct{}, 1), done: make(chan struct{}),
		condition: condition{state: diagnose.Server{Stack: j.stack, Service: j.Service, Kind: j.Kind, Ports: j.Ports}},
	}
	s.job.tell = s.waiting
	return s
}

// look returns how the server is now.
func (s *supervisor) look() condition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.condition
}

func (s *supervisor) set(change func(*diagnose.Server)) {
	s.mu.Lock()
	change(&s.state)
	s.mu.Unlock()
	s.tell.changed()
}

// waiting says what a server that is not ready is doing.
func (s *supervisor) waiting(what string) {
	s.mu.Lock()
	same := s.state.Waiting == what
	s.mu.Unlock()
	if !same {
		s.set(func(v *diagnose.Server) { v.Waiting = what })
	}
}

// end ends the server for good; with force at once.
func (s *supervisor) end(force bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if force && !s.hurried {
		s.hurried = true
		close(s.hurry)
	}
	s.stop()
}

// restart ends the process in good order; another takes its place.
func (s *supervisor) restart() {
	select {
	case s.again <- struct{}{}:
	default: // one is under way
	}
}

// retry tries a server at once that has ended or could not start, as if
// nothing had been the matter. It reports whether there is one to be tried.
// One that is being tried by itself already loses its past, too: it counts
// only until it is asked for anew.
func (s *supervisor) retry() bool {
	s.mu.Lock()
	failed := !s.state.Ready && (s.state.Err != nil || s.state.Exit != "")
	idle := s.pid == 0
	if failed {
		s.state.Failures, s.state.Exit, s.state.Err, s.state.Waiting = 0, "", nil, "starting"
	}
	s.mu.Unlock()
	if failed {
		s.tell.changed()
	}
	if failed && idle {
		s.restart()
	}
	return failed
}

// run is the life of the supervisor.
func (s *supervisor) run() {
	defer close(s.done)
	defer s.lock.Close()
	defer s.stop()
	backoff := backoffFirst
	for {
		began := time.Now()
		next := s.once()
		if next == over {
			return
		}
		if next == asked || time.Since(began) > stableAfter {
			backoff = backoffFirst
			s.set(func(v *diagnose.Server) { v.Failures = 0 })
		}
		if next == failed {
			if !s.pause(backoff) {
				return
			}
			backoff = min(2*backoff, backoffMost)
		}
	}
}

// outcome is what came of one process.
type outcome uint8

const (
	over   outcome = iota // the supervisor was told to end
	asked                 // a restart was asked for
	failed                // it ended by itself, or never began
)

// pause waits before the next try. It reports false where there is none.
func (s *supervisor) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.again:
	case <-s.ctx.Done():
		return false
	}
	return true
}

// once runs one process from its preparation to its end.
func (s *supervisor) once() outcome {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	beside, err := s.accompany(ctx)
	if beside != nil {
		defer beside.end(sigterm, s.recipe.grace, s.hurry)
	}
	var p *process
	if err == nil {
		p, err = s.start(beside)
	}
	if err != nil {
		if ctx.Err() != nil {
			return over
		}
		s.fail(func(v *diagnose.Server) { v.Err = err })
		return failed
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(ctx, p)
	}()
	// Nobody calls ready what has ended.
	unwatch := func() { cancel(); <-watched }
	select {
	case <-p.ended:
		unwatch()
		s.gone(p)
		return failed
	case <-s.again:
		unwatch()
		s.set(func(v *diagnose.Server) { v.Ready, v.Waiting = false, "restarting" })
		p.end(s.recipe.stop, s.recipe.grace, s.hurry)
		s.set(func(v *diagnose.Server) { v.Restarts++ })
		return asked
	case <-s.ctx.Done():
		unwatch()
		s.set(func(v *diagnose.Server) { v.Ready, v.Waiting = false, "stopping" })
		p.end(s.recipe.stop, s.recipe.grace, s.hurry)
		s.mu.Lock()
		s.pid = 0
		s.mu.Unlock()
		return over
	}
}

// fail notes a try that came to nothing.
func (s *supervisor) fail(change func(*diagnose.Server)) {
	s.mu.Lock()
	s.pid = 0
	s.state.Ready, s.state.Waiting = false, ""
	s.state.Failures++
	s.state.Since = time.Now()
	s.state.Words = slices.Clone(s.words)
	s.words = nil
	s.state.Exit, s.state.Err = "", nil
	change(&s.state)
	s.mu.Unlock()
	s.tell.changed()
}

// gone notes a process that ended by itself.
func (s *supervisor) gone(p *process) {
	s.fail(func(v *diagnose.Server) {
		v.Exit, v.Restarts = p.exit(), v.Restarts+1
	})
	s.tell.occurred(env.Occurrence{
		Source: "keeper", Subject: "server/" + s.job.Service, Service: s.job.Service, Warning: true, Reason: "Ended",
		Message: fmt.Sprintf("%s %s; it is started again", s.job.Service, p.exit()), Count: 1,
	})
}

// Package intake owns the way of log lines from the readers inside nodes into
// the store: it takes the lines of files apart, joins what belongs together,
// says which service they are of, and puts the lines of all containers into
// the order of their times.
//
// What is stored and how far the files are read with it is stored together, so
// that a reader or a keeper that goes away at any moment neither loses a line
// nor stores it twice. When the store takes nothing, the intake takes nothing
// either, and what comes waits in the files.
package intake

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

const (
	// batchLines and batchBytes are about what is stored at once.
	batchLines = 8000
	batchBytes = 1 << 20
	// pendingBytes is how much waits for its turn at most: all that this
	// package holds, but for a batch and a chunk of each node.
	pendingBytes = 16 << 20
	// every is how often is looked whether lines may go.
	every = 50 * time.Millisecond
	// Retries after the store has refused a batch.
	retry    = 250 * time.Millisecond
	retryMax = 5 * time.Second
	// elsewhere is the mark of when the containers' output was last stored by
	// somebody else.
	elsewhere = "elsewhere"
)

// Options bound an [Intake]. The zero value takes the defaults.
type Options struct {
	// Patience is how long lines wait for those of nodes that say nothing, so
	// that they come in the order of their times.
	Patience time.Duration // default 1 s
	// Hold is how long the lines of a Pod that nobody knows are left in their
	// files before they are named after the Pod.
	Hold time.Duration // default 5 s
	// Report is told why lines cannot be stored, once for each new reason. Nil:
	// nobody is.
	Report func(error)
	Now    func() time.Time // default time.Now
}

// Intake takes in what the readers of an environment's nodes send. Its methods
// are safe for concurrent use.
type Intake struct {
	keeper  logs.Keeper
	options Options
	signal  chan struct{} // there is a batch's worth

	mu       sync.Mutex
	changed  *sync.Cond     // there is room, or a session's lines are gone
	reminded time.Time      // when the keeper was last reminded of what is there
	pods     map[string]pod // by UID
	sessions map[*session]bool
	pending
	out    output
	failed bool // a batch was given up: what follows it would leave a gap
}

// pending is what waits for its turn.
type pending struct {
	heap  heap
	bytes int
	items int
	fresh int  // items that came since lines last went
	size  int  // of those, in bytes
	full  bool // nothing more is taken in before much of it has gone
	went  time.Time
}

// owner is whose a container's output is.
type owner struct{ stack, service string }

// pod says whose the output of a Pod's containers is: of those that a mesh gave
// to the Pod it is not the service's.
type pod struct {
	owner // of a container that is not known yet
	of    map[string]owner
}

// New makes an intake that stores what it takes in. [Intake.Run] does the
// storing, [Intake.Take] brings the lines.
func New(keeper logs.Keeper, o Options) *Intake {
	o.Patience = cmp.Or(o.Patience, time.Second)
	o.Hold = cmp.Or(o.Hold, 5*time.Second)
	if o.Report == nil {
		o.Report = func(error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	in := &Intake{
		keeper: keeper, options: o, signal: make(chan struct{}, 1),
		pods: make(map[string]pod), sessions: make(map[*session]bool),
	}
	in.changed = sync.NewCond(&in.mu)
	return in
}

// Set says which containers there are now. It does not block.
func (in *Intake) Set(containers []logs.Container) {
	in.mu.Lock()
	defer in.mu.Unlock()
	clear(in.pods)
	for _, c := range containers {
		p, known := in.pods[c.UID]
		if !known {
			p.of = make(map[string]owner, 1)
		}
		whose := owner{c.Stack, cmp.Or(c.Service, c.Pod)}
		p.of[c.Container] = whose
		if !known || !c.Injected {
			p.owner = whose
		}
		in.pods[c.UID] = p
	}
	for s := range in.sessions {
		s.admit()
	}
}

// Elsewhere says that from now on somebody else stores the output of the
// containers. Where files are read again later, what was stored meanwhile is
// told by the times of its lines.
func (in *Intake) Elsewhere() error {
	in.mu.Lock()
	for in.out.away { // what is on its way has to be told too
		in.changed.Wait()
	}
	in.mu.Unlock()
	return in.keeper.Put(logs.Batch{Read: []logs.Mark{{File: elsewhere, Offset: in.options.Now().UnixNano()}}})
}

// hold counts what waits.
func (in *Intake) hold(items, bytes int) {
	if in.items == 0 {
		in.went = in.options.Now()
	}
	in.items += items
	in.fresh += items
	in.bytes += bytes
	in.size += bytes
	if in.bytes >= pendingBytes {
		in.full = true
	}
	if in.due() {
		select {
		case in.signal <- struct{}{}:
		default:
		}
	}
}

// due reports whether lines are to go, where they may.
func (in *Intake) due() bool { return in.full || in.fresh >= batchLines || in.size >= batchBytes }

// Run stores what is taken in until the context ends, and then what has been
// taken in and is not stored yet, where the store takes it.
func (in *Intake) Run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.changed.Broadcast()
	})
	defer stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		for in.cycle(ctx, false) {
		}
		if in.stopped() {
			return
		}
		select {
		case <-in.signal:
		case <-ticker.C:
			in.tick()
		case <-ctx.Done():
			for in.cycle(ctx, true) {
			}
			return
		}
	}
}

// tick does what is due after a while.
func (in *Intake) tick() {
	in.mu.Lock()
	defer in.mu.Unlock()
	now := in.options.Now()
	in.fresh = batchLines // what may go goes
	refresh := now.Sub(in.reminded) >= refreshEvery
	if refresh {
		in.reminded = now
	}
	for s := range in.sessions {
		s.admit()
		if refresh {
			s.refresh()
		}
		for _, f := range s.files {
			if f.complete < len(f.queue) && now.Sub(f.since) > tiedFor {
				f.cutParts(now.UnixNano())
				in.offer(f)
			}
		}
	}
}

// stopped reports whether nothing more is stored.
func (in *Intake) stopped() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.failed
}

// cycle stores a batch, and reports whether there may be another one at once.
// A batch that is given up is the last: the marks of a later one would say that
// it is stored. It is read again when the files are.
func (in *Intake) cycle(ctx context.Context, all bool) (more bool) {
	in.mu.Lock()
	if in.failed || (!all && !in.due()) {
		in.mu.Unlock()
		return false
	}
	batch := in.cut(all)
	more = in.due()
	in.mu.Unlock()
	stored := true
	if len(batch.Lines) > 0 || len(batch.Read) > 0 {
		stored = in.put(ctx, batch)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.out.away, in.failed = false, !stored
	for _, f := range in.out.touched {
		if f.gone() {
			delete(f.session.files, f.number)
		}
	}
	in.changed.Broadcast()
	return stored && more
}

// put stores a batch, for as long as it takes. It reports false where the
// context ended first.
func (in *Intake) put(ctx context.Context, b logs.Batch) bool {
	reported, pause := "", retry
	for {
		err := in.keeper.Put(b)
		if err == nil {
			return true
		}
		if err.Error() != reported {
			reported = err.Error()
			in.options.Report(err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
		pause = min(2*pause, retryMax)
	}
}

package logs

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Streams opens the output of containers.
type Streams interface {
	// Logs opens what a container wrote from an instant on (zero: from its
	// beginning), each line with its time in RFC 3339 before it. The stream
	// of the present run goes on until the container ends; with previous it
	// is the run before that, and ends. It may begin earlier than asked, but
	// never later. An error that is [ErrNoPrevious] says that there was none.
	Logs(ctx context.Context, pod, container string, since time.Time, previous bool) (io.ReadCloser, error)
}

// ErrNoPrevious says that nothing is left of a container's previous run.
var ErrNoPrevious = errors.New("nothing is left of the container's previous run")

// Sink is where followed lines go; a [Store] is one.
type Sink interface {
	Append(lines []Line) (stored int, err error)
	Position(pod, container string) Position
}

// RunState is whether a container runs.
type RunState uint8

// The states.
const (
	NotStarted RunState = iota // waiting for its image, its volumes, its turn
	Running
	Ended // and not, or not yet, started again
)

// Container is a container whose output is wanted.
type Container struct {
	Stack     string
	Service   string
	Pod       string
	Container string
	UID       string // the Pod's
	Restarts  int
	State     RunState
	// Injected is true where a mesh gave the container to the Pod.
	Injected bool
}

// FollowOptions bound a [Follower]. The zero value takes the defaults.
type FollowOptions struct {
	// Retry is how long it waits before it opens a stream again, at first and
	// at most.
	Retry    time.Duration // default 250 ms
	RetryMax time.Duration // default 5 s
	// Grace is how long a container that has gone may still be read.
	Grace time.Duration // default 10 s
	// Report is told why a container cannot be read or its lines not stored,
	// once for each new reason. Nil: nobody is.
	Report func(Container, error)
}

// Follower copies the output of a changing set of containers to a sink. No
// line is stored twice or left out when a stream breaks, a container starts
// again or the process is killed: what is stored already is told by the sink's
// positions. When the sink is slow, the streams wait.
//
// Of a container that starts again twice while its output cannot be read, the
// run between is lost: nodes keep one previous run.
type Follower struct {
	streams Streams
	sink    Sink
	options FollowOptions

	mu      sync.Mutex
	wanted  []Container
	changed chan struct{}
}

// NewFollower makes a follower of no containers; [Follower.Set] names them and
// [Follower.Run] does the work.
func NewFollower(streams Streams, sink Sink, o FollowOptions) *Follower {
	o.Retry = cmp.Or(o.Retry, 250*time.Millisecond)
	o.RetryMax = cmp.Or(o.RetryMax, 5*time.Second)
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	if o.Report == nil {
		o.Report = func(Container, error) {}
	}
	return &Follower{streams: streams, sink: sink, options: o, changed: make(chan struct{}, 1)}
}

// Set says which containers there are now, in any order. It does not block.
func (f *Follower) Set(containers []Container) {
	f.mu.Lock()
	f.wanted = append([]Container(nil), containers...)
	f.mu.Unlock()
	signal(f.changed)
}

// signal wakes whoever waits for a channel of one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// containerKey tells containers apart, those of a Pod made anew among them.
type containerKey struct{ pod, container, uid string }

// Run follows until the context ends; it returns when everything read is
// stored. It is called once.
func (f *Follower) Run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	tails := make(map[containerKey]*tail)
	for {
		f.reconcile(ctx, tails, &group)
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
		}
	}
}

func (f *Follower) reconcile(ctx context.Context, tails map[containerKey]*tail, group *sync.WaitGroup) {
	f.mu.Lock()
	wanted := f.wanted
	f.mu.Unlock()
	there := make(map[containerKey]bool, len(wanted))
	for _, c := range wanted {
		key := containerKey{c.Pod, c.Container, c.UID}
		there[key] = true
		t, known := tails[key]
		if known && t.update(c) {
			continue
		}
		next := newTail(ctx, f, c)
		if known {
			next.after = t.done // never two at once
		}
		tails[key] = next
		group.Go(next.run)
	}
	for key, t := range tails {
		if !there[key] && t.leave(f.options.Grace) {
			delete(tails, key)
		}
	}
}

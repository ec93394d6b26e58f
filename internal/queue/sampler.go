package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/latest"
	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// How often brokers are asked. A sample that takes long is taken less often, so
// that asking never takes more than a share of a broker's time.
const (
	watchedEvery = time.Second      // while somebody looks
	idleEvery    = 10 * time.Second // while nobody does
	restFactor   = 9                // rests at least that many times as long as a sample took
	longestRest  = 30 * time.Second
	retryFirst   = time.Second // after a failure, doubled up to:
	retryLongest = 5 * time.Second
)

// silentAfter is how long a broker may take over an answer before it counts as
// silent; giveUpAfter when it is asked anew.
const (
	silentAfter = 3 * time.Second
	giveUpAfter = 15 * time.Second
)

// Spec is a broker to be sampled.
type Spec struct {
	Stack  string
	System string
	Source Source
}

// Sampler samples brokers, each by itself, so that one's trouble never delays
// another. It is safe for concurrent use.
type Sampler struct {
	ctx context.Context

	state   *latest.Value[State]
	closing sync.WaitGroup

	mu    sync.Mutex
	loops map[string]*loop
}

// NewSampler returns a sampler without brokers; it ends with the context.
func NewSampler(ctx context.Context) *Sampler {
	return &Sampler{ctx: ctx, state: latest.Of(State(nil)), loops: make(map[string]*loop)}
}

// Set makes these the brokers that are sampled. Those that were sampled before
// under the same stack and are not the same source are ended and closed.
func (s *Sampler) Set(specs []Spec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := make(map[string]Spec, len(specs))
	for _, spec := range specs {
		wanted[spec.Stack] = spec
	}
	for stack, l := range s.loops {
		if wanted[stack].Source != l.spec.Source {
			l.cancel()
			delete(s.loops, stack)
			s.put(stack, nil)
		}
	}
	for stack, spec := range wanted {
		if s.loops[stack] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(s.ctx)
		l := newLoop(s, spec, cancel)
		s.loops[stack] = l
		b := l.broker // a copy: the loop's own changes
		s.put(stack, &b)
		s.closing.Go(func() { l.run(ctx) })
	}
}

// Close ends all sampling and waits until it has.
func (s *Sampler) Close() {
	s.Set(nil)
	s.closing.Wait()
}

// State returns the newest state of all brokers.
func (s *Sampler) State() State { return s.state.Get() }

// Source returns what answers for a stack's broker.
func (s *Sampler) Source(stack string) (Source, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.loops[stack]
	if !ok {
		return nil, false
	}
	return l.spec.Source, true
}

// Detail is what the last sample of a broker held, partition by partition.
type Detail struct {
	Queues []*Queue `json:"queues"`
	Groups []*Group `json:"groups"`
}

// Details returns what the last samples held, by stack.
func (s *Sampler) Details() map[string]Detail {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]Detail, len(s.loops))
	for stack, l := range s.loops {
		if sample := l.history.sample; sample != nil {
			all[stack] = Detail{Queues: sample.Queues, Groups: sample.Groups}
		}
	}
	return all
}

// Queue returns a queue as the last sample had it, with its partitions.
func (s *Sampler) Queue(stack, name string) (*Queue, error) {
	return find(s.sample(stack).Queues, "queue", name, func(q *Queue) string { return q.Name })
}

// Group returns a group as the last sample had it, with members and offsets.
func (s *Sampler) Group(stack, name string) (*Group, error) {
	return find(s.sample(stack).Groups, whatGroup, name, func(g *Group) string { return g.Name })
}

func find[T any](list []*T, what, name string, nameOf func(*T) string) (*T, error) {
	for _, v := range list {
		if nameOf(v) == name {
			return v, nil
		}
	}
	return nil, &NotFoundError{What: what, Name: name}
}

// Suggest returns an error that says what a person most likely meant, where it
// is about a name that the broker of a stack does not have.
func (s *Sampler) Suggest(stack string, err error) error {
	missing, ok := errors.AsType[*NotFoundError](err)
	if !ok {
		return err
	}
	sample, names := s.sample(stack), []string(nil)
	if missing.What == whatGroup {
		for _, g := range sample.Groups {
			names = append(names, g.Name)
		}
	} else {
		for _, q := range sample.Queues {
			names = append(names, q.Name)
		}
	}
	nearest := yamlpos.Nearest(missing.Name, names)
	if nearest == "" || nearest == missing.Name {
		return err
	}
	return &NotFoundError{What: missing.What, Name: missing.Name, Nearest: nearest}
}

func (s *Sampler) sample(stack string) *Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.loops[stack]; ok && l.history.sample != nil {
		return l.history.sample
	}
	return &Sample{}
}

// Watch returns a channel that holds the newest state not yet received,
// beginning with the present one. While there is a watcher, brokers are asked
// more often. The channel is closed when ctx ends.
func (s *Sampler) Watch(ctx context.Context) <-chan State {
	first := !s.state.Watched()
	watcher := s.state.Watch(ctx)
	if first {
		s.wakeAll()
	}
	return watcher
}

// Fresh returns the state once every broker has been asked after the call and
// has answered, failed, or become silent.
func (s *Sampler) Fresh(ctx context.Context) State {
	asked := time.Now()
	watchCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	states := s.Watch(watchCtx)
	s.wakeAll()
	state := s.State()
	for !s.settledSince(asked) {
		next, open := <-states
		if !open {
			return state
		}
		state = next
	}
	return s.State()
}

func (s *Sampler) settledSince(asked time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.loops {
		if !l.stuck && l.settled.Before(asked) {
			return false
		}
	}
	return true
}

func (s *Sampler) wakeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.loops {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// put makes a broker's state the newest, or takes it away, and tells the
// watchers.
func (s *Sampler) put(stack string, b *Broker) {
	s.state.Change(func(old State) State { return old.replaced(stack, b) })
}

package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// fakeNode serves containers' output as a kubelet does: from the second that
// was asked for, the present run for as long as it lasts, one previous run.
type fakeNode struct {
	mu       sync.Mutex
	runs     map[string][]*fakeRun
	streams  map[*fakeStream]bool
	opened   int
	refusing error
	chunk    func() int // how many bytes a read returns at most
}

// fakeRun is one run of a container; it is guarded by its node.
type fakeRun struct {
	text    []byte
	ended   bool
	changed chan struct{}
}

func newFakeNode() *fakeNode {
	return &fakeNode{
		runs: make(map[string][]*fakeRun), streams: make(map[*fakeStream]bool),
		chunk: func() int { return 1 << 20 },
	}
}

// start begins a container's next run.
func (n *fakeNode) start(pod string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.runs[pod] = append(n.runs[pod], &fakeRun{changed: make(chan struct{})})
}

func (n *fakeNode) present(pod string) *fakeRun { return n.runs[pod][len(n.runs[pod])-1] }

// write adds a line to the present run.
func (n *fakeNode) write(pod string, t time.Time, message string) {
	n.raw(pod, t.UTC().Format(time.RFC3339Nano)+" "+message+"\n")
}

func (n *fakeNode) raw(pod, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.present(pod)
	r.text = append(r.text, text...)
	r.wake()
}

func (n *fakeNode) end(pod string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.present(pod).ended = true
	n.present(pod).wake()
}

func (r *fakeRun) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// sever ends every open stream, wherever it is.
func (n *fakeNode) sever(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for s := range n.streams {
		s.broken = err
		s.run.wake()
	}
}

func (n *fakeNode) refuse(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refusing = err
}

func (n *fakeNode) Logs(_ context.Context, pod, _ string, since time.Time, previous bool) (io.ReadCloser, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opened++
	if n.refusing != nil {
		return nil, n.refusing
	}
	runs := n.runs[pod]
	if previous && len(runs) < 2 {
		return nil, fmt.Errorf("previous terminated container not found: %w", ErrNoPrevious)
	}
	if len(runs) == 0 {
		return nil, errors.New("container is waiting to start")
	}
	run := runs[len(runs)-1]
	if previous {
		run = runs[len(runs)-2]
	}
	s := &fakeStream{node: n, run: run, since: since.Truncate(time.Second)}
	n.streams[s] = true
	return s, nil
}

// fakeStream is an open stream; it is guarded by its node.
type fakeStream struct {
	node   *fakeNode
	run    *fakeRun
	since  time.Time
	offset int    // in the run
	ready  []byte // passed the filter, not yet read
	broken error
}

func (s *fakeStream) Read(b []byte) (int, error) {
	for {
		n, changed, err := s.step(b)
		if n > 0 || err != nil {
			return n, err
		}
		<-changed
	}
}

func (s *fakeStream) step(b []byte) (int, chan struct{}, error) {
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	s.filter()
	switch {
	case s.broken != nil:
		return 0, nil, s.broken
	case len(s.ready) > 0:
		n := copy(b[:min(len(b), s.node.chunk())], s.ready)
		s.ready = s.ready[n:]
		return n, nil, nil
	case s.run.ended:
		return 0, nil, io.EOF
	}
	return 0, s.run.changed, nil
}

// filter passes whole lines that are late enough, and the end of a run that
// has no line end.
func (s *fakeStream) filter() {
	for s.offset < len(s.run.text) {
		rest := string(s.run.text[s.offset:])
		line, _, found := strings.Cut(rest, "\n")
		if found {
			line += "\n"
		} else if !s.run.ended {
			return
		}
		s.offset += len(line)
		stamp, _, _ := strings.Cut(line, " ")
		if t, err := time.Parse(time.RFC3339Nano, stamp); err != nil || !t.Before(s.since) {
			s.ready = append(s.ready, line...)
		}
	}
}

func (s *fakeStream) Close() error {
	s.node.mu.Lock()
	defer s.node.mu.Unlock()
	s.broken = errors.Join(s.broken, io.ErrClosedPipe)
	s.run.wake()
	delete(s.node.streams, s)
	return nil
}

// memory is a sink that can be made to refuse.
type memory struct {
	mu        sync.Mutex
	lines     []Line
	positions map[place]*Position
	refusing  error
	random    *rand.Rand // where set, a batch is sometimes stored in part
}

func newMemory() *memory { return &memory{positions: make(map[place]*Position)} }

func (m *memory) Append(lines []Line) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusing != nil {
		return 0, m.refusing
	}
	n := len(lines)
	if m.random != nil && m.random.IntN(4) == 0 {
		n = m.random.IntN(len(lines) + 1)
	}
	for _, l := range lines[:n] {
		at := place{l.Pod, l.Container}
		if m.positions[at] == nil {
			m.positions[at] = newPosition()
		}
		m.positions[at].add(nanos(l.Time))
		m.lines = append(m.lines, l)
	}
	if n < len(lines) {
		return n, errors.New("the disk is full")
	}
	return n, nil
}

func (m *memory) Position(pod, container string) Position {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.positions[place{pod, container}]; p != nil {
		return p.clone()
	}
	return Position{}
}

func (m *memory) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusing = err
}

func (m *memory) messages(pod string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, l := range m.lines {
		if l.Pod == pod {
			all = append(all, l.Message)
		}
	}
	return all
}

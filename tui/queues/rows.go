package queues

import (
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
)

// Key names a queue or a group of a stack's broker.
type Key struct{ Stack, Name string }

// label is a name as it is drawn and searched.
type label struct {
	key    Key
	name   string // safe to draw
	folded string // for the filter: the whole address
	width  int    // in cells
}

func labelOf(stack, name string) label {
	shown := layout.Safe(name)
	return label{key: Key{stack, name}, name: shown, folded: strings.ToLower(stack + "/" + shown), width: layout.Width(shown)}
}

// topic is a queue's row. It is never changed: a state that says nothing new
// of a queue keeps its row.
type topic struct {
	label
	status *queue.Status
	trail  trail
}

func (t *topic) id() Key    { return t.key }
func (t *topic) tag() label { return t.label }

// group is a group's row, with its sums over all queues.
type group struct {
	label
	status *queue.GroupStatus
	sum    queue.GroupInQueue
	trail  trail
	parts  []trail // by the status's queues
}

func (g *group) id() Key    { return g.key }
func (g *group) tag() label { return g.label }

// nextTopic returns the row of a queue's newer state.
func nextTopic(stack string, c clock, old *topic, s *queue.Status) *topic {
	t := &topic{status: s}
	if old != nil {
		t.label, t.trail = old.label, old.trail
	} else {
		t.label = labelOf(stack, s.Name)
	}
	t.trail = t.trail.with(point{tick: c.tick, lag: single(s.Lag.Lag), pace: single(s.In)})
	return t
}

// nextGroup returns the row of a group's newer state.
func nextGroup(stack string, c clock, old *group, s *queue.GroupStatus) *group {
	g := &group{status: s, sum: sumOf(s), parts: make([]trail, len(s.Queues))}
	if old != nil {
		g.label, g.trail = old.label, old.trail
	} else {
		g.label = labelOf(stack, s.Name)
	}
	g.trail = g.trail.with(point{tick: c.tick, lag: single(g.sum.Lag), pace: single(g.sum.Rate)})
	for i, q := range s.Queues {
		if old != nil {
			g.parts[i], _ = old.part(q.Queue)
		}
		g.parts[i] = g.parts[i].with(point{tick: c.tick, lag: single(q.Lag), pace: single(q.Rate)})
	}
	return g
}

// sumOf adds what is known of a group's queues. It has caught up when it has in
// the last of them.
func sumOf(s *queue.GroupStatus) queue.GroupInQueue {
	if len(s.Queues) == 1 {
		return s.Queues[0]
	}
	var sum queue.GroupInQueue
	drained := true
	for _, q := range s.Queues {
		sum.Lag = queue.Total(sum.Lag, q.Lag)
		sum.Rate = queue.Total(sum.Rate, q.Rate)
		sum.Trend = queue.Total(sum.Trend, q.Trend)
		sum.Pending = queue.Total(sum.Pending, q.Pending)
		sum.Unknown += q.Unknown
		if d, ok := q.Drain.Get(); ok {
			sum.Drain = queue.Known(max(sum.Drain.Or(0), d))
		} else if q.Lag.Or(1) > 0 {
			drained = false
		}
		if w := q.Waiting; !w.IsZero() && (sum.Waiting.IsZero() || w.Before(sum.Waiting)) {
			sum.Waiting = w
		}
	}
	if !drained {
		sum.Drain = queue.Rate{}
	}
	return sum
}

// part is the trail of the group in a queue.
func (g *group) part(name string) (trail, bool) {
	i, ok := g.find(name)
	if !ok {
		return trail{}, false
	}
	return g.parts[i], true
}

func (g *group) find(name string) (int, bool) {
	return slices.BinarySearchFunc(g.status.Queues, name, func(q queue.GroupInQueue, want string) int { return strings.Compare(q.Queue, want) })
}

// sameTopic and sameGroup report whether a newer state says nothing new. States
// that went through a pipe come with pointers of their own.
func sameTopic(t *topic, s *queue.Status) bool { return t.status == s || *t.status == *s }

func sameGroup(g *group, s *queue.GroupStatus) bool {
	a, b := g.status, s
	return a == b || a.Name == b.Name && a.Kind == b.Kind && a.State == b.State && a.Trouble == b.Trouble &&
		a.Members == b.Members && a.Committed == b.Committed && slices.Equal(a.Queues, b.Queues)
}

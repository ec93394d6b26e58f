package queues

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// gap is the time without a sample after which sparklines begin anew: a line
// across it would say what nobody has seen.
const gap = 30 * time.Second

// track is a broker's newest state and the rows made of it.
type track struct {
	broker *queue.Broker
	clock  clock
	topics []*topic // by name
	groups []*group // by name
	// readers are the groups of each queue, by its name. The map is never changed
	// once made.
	readers map[string][]*group
}

// live reports whether the broker's numbers are of now.
func (t track) live() bool { return t.broker.Phase == queue.PhaseAnswering }

// change is what a newer state did to the rows of a list.
type change[R comparable] struct {
	fresh []R
	gone  map[R]struct{}
}

func (c *change[R]) leaves(r R) {
	if c.gone == nil {
		c.gone = map[R]struct{}{}
	}
	c.gone[r] = struct{}{}
}

func (c *change[R]) add(more change[R]) {
	c.fresh = append(c.fresh, more.fresh...)
	for r := range more.gone {
		c.leaves(r)
	}
}

// kind says how rows of a kind are made and compared.
type kind[R comparable, S any] struct {
	name func(S) string
	row  func(R) string // its name
	same func(R, S) bool
	next func(old R, s S) R
}

// renew makes the rows of a broker's newer list of the rows of the last one,
// both by name, and notes what has changed. Rows of which nothing has stay.
func renew[R comparable, S any](c *change[R], old []R, list []S, k kind[R, S]) []R {
	rows := make([]R, 0, len(list))
	i := 0
	for _, s := range list {
		if i < len(old) && k.same(old[i], s) {
			rows = append(rows, old[i])
			i++
			continue
		}
		for i < len(old) && strings.Compare(k.row(old[i]), k.name(s)) < 0 {
			c.leaves(old[i])
			i++
		}
		var before R
		if i < len(old) && k.row(old[i]) == k.name(s) {
			if before = old[i]; k.same(before, s) {
				rows = append(rows, before)
				i++
				continue
			}
			c.leaves(before)
			i++
		}
		r := k.next(before, s)
		rows = append(rows, r)
		c.fresh = append(c.fresh, r)
	}
	for ; i < len(old); i++ {
		c.leaves(old[i])
	}
	return rows
}

// next returns the track of a broker's newer state.
func (t track) next(b *queue.Broker) (track, change[*topic], change[*group]) {
	var topics change[*topic]
	var groups change[*group]
	before := t.broker
	t.broker = b
	if before != nil && !b.Sampled.At.After(before.Sampled.At) && len(b.Queues) == len(t.topics) && len(b.Groups) == len(t.groups) {
		return t, topics, groups // the same sample: only its phase may be another
	}
	t.clock.tick++
	if before == nil || b.Sampled.At.Sub(before.Sampled.At) > gap {
		t.clock.since = t.clock.tick
	}
	c := t.clock
	t.topics = renew(&topics, t.topics, b.Queues, kind[*topic, *queue.Status]{
		name: func(s *queue.Status) string { return s.Name },
		row:  func(r *topic) string { return r.key.Name },
		same: sameTopic,
		next: func(old *topic, s *queue.Status) *topic { return nextTopic(b.Stack, c, old, s) },
	})
	t.groups = renew(&groups, t.groups, b.Groups, kind[*group, *queue.GroupStatus]{
		name: func(s *queue.GroupStatus) string { return s.Name },
		row:  func(r *group) string { return r.key.Name },
		same: sameGroup,
		next: func(old *group, s *queue.GroupStatus) *group { return nextGroup(b.Stack, c, old, s) },
	})
	t.readers = indexed(t.readers, groups)
	return t, topics, groups
}

// indexed returns the groups of each queue after a change of groups.
func indexed(old map[string][]*group, c change[*group]) map[string][]*group {
	if len(c.fresh) == 0 && len(c.gone) == 0 {
		return old
	}
	readers := maps.Clone(old)
	if readers == nil {
		readers = map[string][]*group{}
	}
	ours := map[string]bool{} // lists that were made here, and can be added to
	own := func(name string) {
		if ours[name] {
			return
		}
		ours[name] = true
		readers[name] = slices.DeleteFunc(slices.Clone(readers[name]), func(g *group) bool {
			_, gone := c.gone[g]
			return gone
		})
	}
	for g := range c.gone {
		for _, q := range g.status.Queues {
			own(q.Queue)
		}
	}
	for _, g := range c.fresh {
		for _, q := range g.status.Queues {
			own(q.Queue)
			readers[q.Queue] = append(readers[q.Queue], g)
		}
	}
	for name := range ours {
		if len(readers[name]) == 0 {
			delete(readers, name)
		}
	}
	return readers
}

// follow returns the tracks of the brokers' newer states, and what that changes.
func follow(old []track, brokers []*queue.Broker) (tracks []track, topics change[*topic], groups change[*group]) {
	left := map[string]track{}
	for _, t := range old {
		left[t.broker.Stack] = t
	}
	for _, b := range brokers {
		t := left[b.Stack]
		delete(left, b.Stack)
		next, ofTopics, ofGroups := t.next(b)
		tracks = append(tracks, next)
		topics.add(ofTopics)
		groups.add(ofGroups)
	}
	for _, t := range left {
		for _, r := range t.topics {
			topics.leaves(r)
		}
		for _, r := range t.groups {
			groups.leaves(r)
		}
	}
	return tracks, topics, groups
}

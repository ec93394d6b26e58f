package queue

import (
	"cmp"
	"slices"
)

// Update is what is new of a broker since an earlier state of it: of a thousand
// topics and ten thousand groups mostly little.
type Update struct {
	// Broker is the newest state; its queues and groups are those that are new
	// or have changed.
	Broker
	// GoneQueues and GoneGroups are the names of those that are not there any
	// more.
	GoneQueues []string `json:"goneQueues,omitempty"`
	GoneGroups []string `json:"goneGroups,omitempty"`
	// Gone is true where the broker itself is not there any more.
	Gone bool `json:"gone,omitempty"`
}

// ChangesSince returns what is new since an earlier state of the same broker; nil: all
// of it is. Queues and groups are compared by pointer.
func (b *Broker) ChangesSince(old *Broker) Update {
	u := Update{Broker: *b}
	if old != nil {
		u.Queues, u.GoneQueues = changed(old.Queues, b.Queues, queueName)
		u.Groups, u.GoneGroups = changed(old.Groups, b.Groups, groupName)
	}
	return u
}

// State is the brokers of an environment, by stack.
type State []*Broker

// With returns the state after an update.
func (s State) With(u Update) State {
	if u.Gone {
		return s.replaced(u.Stack, nil)
	}
	b := u.Broker
	if old := s.Of(u.Stack); old != nil {
		b.Queues = merged(old.Queues, u.Queues, u.GoneQueues, queueName)
		b.Groups = merged(old.Groups, u.Groups, u.GoneGroups, groupName)
	}
	return s.replaced(u.Stack, &b)
}

// replaced returns the state with another broker for a stack; nil: with none.
func (s State) replaced(stack string, b *Broker) State {
	at, found := slices.BinarySearchFunc(s, stack, func(b *Broker, stack string) int { return cmp.Compare(b.Stack, stack) })
	next := slices.Clone(s)
	switch {
	case found && b != nil:
		next[at] = b
	case found:
		next = slices.Delete(next, at, at+1)
	case b != nil:
		next = slices.Insert(next, at, b)
	}
	return next
}

// ChangesSince returns the updates that lead from an earlier state to this one.
func (s State) ChangesSince(old State) []Update {
	var list []Update
	for _, b := range old {
		if s.Of(b.Stack) == nil {
			list = append(list, Update{Broker: Broker{Stack: b.Stack}, Gone: true})
		}
	}
	for _, b := range s {
		if before := old.Of(b.Stack); before != b {
			list = append(list, b.ChangesSince(before))
		}
	}
	return list
}

// Of returns the broker of a stack, nil where it has none.
func (s State) Of(stack string) *Broker {
	for _, b := range s {
		if b.Stack == stack {
			return b
		}
	}
	return nil
}

func queueName(q *Status) string      { return q.Name }
func groupName(g *GroupStatus) string { return g.Name }

// changed compares two lists that are sorted by name.
func changed[T any](old, now []*T, name func(*T) string) (list []*T, gone []string) {
	list = []*T{}
	for _, v := range now {
		for len(old) > 0 && name(old[0]) < name(v) {
			gone = append(gone, name(old[0]))
			old = old[1:]
		}
		if len(old) > 0 && name(old[0]) == name(v) {
			if old[0] != v {
				list = append(list, v)
			}
			old = old[1:]
			continue
		}
		list = append(list, v)
	}
	for _, v := range old {
		gone = append(gone, name(v))
	}
	return list, gone
}

// merged puts what is new into a list that is sorted by name.
func merged[T any](old, news []*T, gone []string, name func(*T) string) []*T {
	if len(news) == 0 && len(gone) == 0 {
		return old
	}
	list := make([]*T, 0, len(old)+len(news))
	for _, v := range old {
		for len(news) > 0 && name(news[0]) < name(v) {
			list, news = append(list, news[0]), news[1:]
		}
		if len(news) > 0 && name(news[0]) == name(v) {
			list, news = append(list, news[0]), news[1:]
			continue
		}
		if _, left := slices.BinarySearch(gone, name(v)); !left {
			list = append(list, v)
		}
	}
	return append(list, news...)
}

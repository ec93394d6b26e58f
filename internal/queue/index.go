package queue

import (
	"cmp"
	"iter"
	"slices"
)

// The looking up of names and partitions in lists that are sorted by them.

func (h History) queuesByName() map[string]*Queue {
	if h.sample == nil {
		return nil
	}
	index := make(map[string]*Queue, len(h.sample.Queues))
	for _, q := range h.sample.Queues {
		index[q.Name] = q
	}
	return index
}

func (h History) groupsByName() map[string]*Group {
	if h.sample == nil {
		return nil
	}
	index := make(map[string]*Group, len(h.sample.Groups))
	for _, g := range h.sample.Groups {
		index[g.Name] = g
	}
	return index
}

func (b Broker) queuesByName() map[string]*QueueStatus {
	index := make(map[string]*QueueStatus, len(b.Queues))
	for _, q := range b.Queues {
		index[q.Name] = q
	}
	return index
}

func (b Broker) groupsByName() map[string]*GroupStatus {
	index := make(map[string]*GroupStatus, len(b.Groups))
	for _, g := range b.Groups {
		index[g.Name] = g
	}
	return index
}

func compareOffsets(a, b Offset) int {
	return cmp.Or(cmp.Compare(a.Queue, b.Queue), cmp.Compare(a.Partition, b.Partition))
}

// byQueue sorts offsets by queue and partition, a copy where they are not.
func byQueue(offsets []Offset) []Offset {
	if slices.IsSortedFunc(offsets, compareOffsets) {
		return offsets
	}
	sorted := slices.Clone(offsets)
	slices.SortFunc(sorted, compareOffsets)
	return sorted
}

// chunks are the offsets of each queue, of a list that is sorted by it.
func chunks(offsets []Offset) iter.Seq[[]Offset] {
	return func(yield func([]Offset) bool) {
		for len(offsets) > 0 {
			n := 1
			for n < len(offsets) && offsets[n].Queue == offsets[0].Queue {
				n++
			}
			if !yield(offsets[:n]) {
				return
			}
			offsets = offsets[n:]
		}
	}
}

// committed is a group's offset in a sorted list; unknown where there is none.
func committed(offsets []Offset, queue string, partition int32) Count {
	at, ok := slices.BinarySearchFunc(offsets, Offset{Queue: queue, Partition: partition}, compareOffsets)
	if !ok {
		return Count{}
	}
	return offsets[at].Committed
}

// partition is a queue's partition of that ID.
func partition(q *Queue, id int32) (Partition, bool) {
	if q == nil {
		return Partition{}, false
	}
	if i := int(id); i >= 0 && i < len(q.Partitions) && q.Partitions[i].ID == id {
		return q.Partitions[i], true
	}
	for _, p := range q.Partitions {
		if p.ID == id {
			return p, true
		}
	}
	return Partition{}, false
}

// equalGroup reports whether two statuses say the same.
func equalGroup(a, b *GroupStatus) bool {
	return a.Name == b.Name && a.Kind == b.Kind && a.State == b.State && a.Trouble == b.Trouble &&
		a.Members == b.Members && a.Committed == b.Committed && slices.Equal(a.Queues, b.Queues)
}

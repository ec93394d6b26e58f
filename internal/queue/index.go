package queue

import (
	"cmp"
	"iter"
	"slices"
)

// The looking up of names and partitions in lists that are sorted by them.

func queueOf(q *Queue) string { return q.Name }
func groupOf(g *Group) string { return g.Name }

// sorted is a list by name, a copy where it was not.
func sorted[T any](list []T, name func(T) string) []T {
	byName := func(a, b T) int { return cmp.Compare(name(a), name(b)) }
	if slices.IsSortedFunc(list, byName) {
		return list
	}
	list = slices.Clone(list)
	slices.SortFunc(list, byName)
	return list
}

// next takes what is called so off the beginning of a list that is sorted by
// name, with all before it; the zero value where there is none.
func next[T any](list []T, wanted string, name func(T) string) (found T, rest []T) {
	for len(list) > 0 && name(list[0]) < wanted {
		list = list[1:]
	}
	if len(list) > 0 && name(list[0]) == wanted {
		return list[0], list[1:]
	}
	return found, list
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

// sameKnown reports whether the lag of the same partitions is known as was in a
// sorted list of more queues.
func sameKnown(now, before []Offset) bool {
	at, _ := slices.BinarySearchFunc(before, now[0].Queue, func(o Offset, queue string) int { return cmp.Compare(o.Queue, queue) })
	before = before[at:]
	for _, o := range now {
		if len(before) == 0 || before[0].Queue != o.Queue || before[0].Partition != o.Partition || before[0].Lag.IsKnown() != o.Lag.IsKnown() {
			return false
		}
		before = before[1:]
	}
	return len(before) == 0 || before[0].Queue != now[0].Queue
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

package queues

import (
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

// row is what a table holds: pointers to values that never change.
type row interface {
	comparable
	id() Key
}

// table is a list in order. It is a value: its slices are never changed once
// made. The work is done when rows change, not when they are drawn, and costs
// what has changed and one walk over the rest.
type table[R row] struct {
	sorted []R // all rows
	shown  []R // those that pass
}

// with returns the table with a change of its rows. Places are searched for, so
// that only rows that changed are compared.
func (t table[R]) with(c change[R], less func(a, b R) int) table[R] {
	if len(c.fresh) == 0 && len(c.gone) == 0 {
		return t
	}
	fresh := slices.SortedFunc(slices.Values(c.fresh), less)
	stay := without(t.sorted, c.gone, less)
	sorted := make([]R, 0, len(stay)+len(fresh))
	from := 0
	for _, r := range fresh {
		at, _ := slices.BinarySearchFunc(stay[from:], r, less)
		sorted = append(append(sorted, stay[from:from+at]...), r)
		from += at
	}
	t.sorted = append(sorted, stay[from:]...)
	return t
}

// without returns the list without some of its rows.
func without[R row](list []R, gone map[R]struct{}, less func(a, b R) int) []R {
	places := make([]int, 0, len(gone))
	for r := range gone {
		at, _ := slices.BinarySearchFunc(list, r, less)
		if at >= len(list) || list[at] != r { // numbers that are none have no order
			return slices.DeleteFunc(slices.Clone(list), func(r R) bool {
				_, is := gone[r]
				return is
			})
		}
		places = append(places, at)
	}
	slices.Sort(places)
	out := make([]R, 0, len(list)-len(places))
	from := 0
	for _, at := range places {
		out = append(out, list[from:at]...)
		from = at + 1
	}
	return append(out, list[from:]...)
}

// resorted returns the table in another order.
func (t table[R]) resorted(less func(a, b R) int) table[R] {
	t.sorted = slices.SortedFunc(slices.Values(t.sorted), less)
	return t
}

// passing returns the table with only the rows that pass shown.
func (t table[R]) passing(pass func(R) bool) table[R] {
	t.shown = make([]R, 0, len(t.sorted))
	for _, r := range t.sorted {
		if pass(r) {
			t.shown = append(t.shown, r)
		}
	}
	return t
}

// order is what a list is sorted by.
type order uint8

const (
	byName order = iota
	byLag
	byPace // messages a second: in for queues, read for groups
	byDepth
	byTrend
	orders // how many there are
)

func (o order) String() string {
	return [orders]string{"name", "lag", "rate", "messages", "trend"}[o]
}

// falling compares numbers so that the highest comes first and those that are
// not known last.
func falling[T int64 | float64](a, b queue.Measure[T]) int {
	x, known := a.Get()
	y, also := b.Get()
	switch {
	case known && !also:
		return -1
	case also && !known:
		return 1
	case x > y:
		return -1
	case x < y:
		return 1
	}
	return 0
}

func byLabel(a, b label) int {
	if c := strings.Compare(a.key.Stack, b.key.Stack); c != 0 {
		return c
	}
	return strings.Compare(a.key.Name, b.key.Name)
}

// topics compares queues in an order; the name decides between equals, so that
// nothing jumps.
func (o order) topics(a, b *topic) int {
	c := 0
	switch o {
	case byLag:
		c = falling(a.status.Lag.Lag, b.status.Lag.Lag)
	case byPace:
		c = falling(a.status.In, b.status.In)
	case byDepth:
		c = falling(a.status.Depth, b.status.Depth)
	case byTrend:
		c = falling(a.status.Lag.Trend, b.status.Lag.Trend)
	case byName, orders:
	}
	if c != 0 {
		return c
	}
	return byLabel(a.label, b.label)
}

// groups compares groups in an order by how far they are in all queues.
func (o order) groups(a, b *group) int {
	if c := o.places(a.sum, b.sum); c != 0 {
		return c
	}
	return byLabel(a.label, b.label)
}

func (o order) places(a, b queue.GroupInQueue) int {
	switch o {
	case byLag, byDepth:
		return falling(a.Lag, b.Lag)
	case byPace:
		return falling(a.Rate, b.Rate)
	case byTrend:
		return falling(a.Trend, b.Trend)
	case byName, orders:
	}
	return 0
}

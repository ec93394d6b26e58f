package queues

import (
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// place is how far a group is: in one queue, or in all of them together.
type place struct {
	group *group
	in    queue.GroupInQueue
	trail trail
}

func (p place) id() Key { return p.group.key }

// placeOf is how far a group is in all its queues.
func placeOf(g *group) place { return place{group: g, in: g.sum, trail: g.trail} }

// readersOf are the groups that read a queue, in the order of the lists.
func (m Model) readersOf(k Key) []place {
	t, ok := m.track(k.Stack)
	if !ok {
		return nil
	}
	var out []place
	for _, g := range t.readers[k.Name] {
		if i, reads := g.find(k.Name); reads {
			out = append(out, place{group: g, in: g.status.Queues[i], trail: g.parts[i]})
		}
	}
	slices.SortFunc(out, func(a, b place) int {
		if c := m.view.order.places(a.in, b.in); c != 0 {
			return c
		}
		return byLabel(a.group.label, b.group.label)
	})
	return out
}

// direction is where a lag is going.
type direction uint8

const (
	steady direction = iota // or not known
	growing
	stuck // growing, and nobody reads
	shrinking
)

// slight is the change of a lag in messages a second that is none.
const slight = 0.1

// heading tells where a lag goes. One of less than a second's work is of
// messages on their way, and no trend.
func heading(lag queue.Count, trend, pace queue.Rate) direction {
	n, known := lag.Get()
	by, clear := trend.Get()
	switch {
	case !known || !clear || n <= 0 || float64(n) <= pace.Or(0):
		return steady
	case by > slight && pace.IsKnown() && pace.Or(0) < slight:
		return stuck
	case by > slight:
		return growing
	case by < -slight:
		return shrinking
	}
	return steady
}

// look is the style of a lag and the sign that says the same without colour.
func (d direction) look(t theme.Theme, lag queue.Count) (theme.Style, string) {
	switch d {
	case growing:
		return t.Working, "↑"
	case stuck:
		return t.Unwell, "↑"
	case shrinking:
		return t.Well, "↓"
	case steady:
	}
	if lag.Or(0) == 0 {
		return t.Muted, " "
	}
	return t.Text, " "
}

// caughtUp says when a group will have read all: a phrase, and one that is
// shorter.
func caughtUp(p place) (long, short string) {
	switch outlook, seconds := p.group.status.OutlookIn(p.in); outlook {
	case queue.OutlookUncommitted:
		return "no commit yet", "no commit"
	case queue.OutlookNow:
		return "now", "now"
	case queue.OutlookIn:
		return within(seconds)
	case queue.OutlookUnread:
		return "never: not read" + gain(p.in.Trend.Or(0)), "never"
	case queue.OutlookNever:
		return "never at this rate" + gain(p.in.Trend.Or(0)), "never"
	case queue.OutlookUnknown:
	}
	return theme.Unknown, theme.Unknown
}

// within says in what time, and the same in one unit.
func within(seconds float64) (long, short string) {
	return "in " + lasting(seconds), "in " + layout.Age(time.Duration(seconds)*time.Second)
}

func gain(by float64) string {
	if by < slight {
		return ""
	}
	return " (+" + rate(queue.Known(by)) + "/s)"
}

// state is what a group is doing, as the broker names it.
func state(g *queue.GroupStatus) string {
	if g.State == "" {
		return theme.Unknown
	}
	return layout.Safe(g.State)
}

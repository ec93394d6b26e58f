package queues

import (
	"strconv"

	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// groupColumns are the columns of groups; in the list of all, also how many
// queues they read; where members hold messages until they acknowledge them, how
// many. With room, states and what is to come are said in full.
func groupColumns(all, room, pending bool) []column[place] {
	states, caught := 15, 13
	if room {
		states, caught = 22, 32
	}
	top := func(s scale) float64 { return s.readerLag }
	if all {
		top = func(s scale) float64 { return s.groupLag }
	}
	var cols []column[place]
	if !pending { // who keeps pending messages of groups keeps no states
		cols = append(cols, column[place]{title: "STATE", width: states, rank: 6, left: true, cell: func(p pen, r place) (string, theme.Style) {
			return state(r.group.status), p.theme.Muted
		}})
	}
	cols = append(cols, column[place]{title: "MEMBERS", width: 9, rank: 5, cell: func(p pen, r place) (string, theme.Style) {
		return strconv.Itoa(r.group.status.Members), p.theme.Muted
	}})
	if all {
		cols = append(cols, column[place]{title: "QUEUES", width: 9, rank: 10, cell: func(p pen, r place) (string, theme.Style) {
			return strconv.Itoa(len(r.group.status.Queues)), p.theme.Muted
		}})
	}
	if pending {
		cols = append(cols, column[place]{title: "PENDING", width: 10, rank: 8, cell: func(p pen, r place) (string, theme.Style) {
			return amount(r.in.Pending, p.width), p.theme.Muted
		}})
	}
	return append(cols,
		column[place]{title: "LAG", width: 15, by: byLag, sorts: true, cell: func(p pen, r place) (string, theme.Style) {
			text, style := p.behind(r.in.Lag, r.in.Trend, r.in.Rate)
			if r.in.Unknown > 0 && r.in.Lag.IsKnown() { // more may wait where nobody knows
				text = "≥ " + text
			}
			return text, style
		}},
		column[place]{width: sparkWide + 2, rank: rankSpark, cell: func(p pen, r place) (string, theme.Style) {
			return p.spark(r.trail, top(p.scale), lagOf), p.theme.Muted
		}},
		column[place]{title: "RATE", width: 13, rank: 4, by: byPace, sorts: true, cell: func(p pen, r place) (string, theme.Style) {
			if text := rate(r.in.Rate); text != theme.Unknown {
				return text + "/s", p.theme.Text
			}
			return theme.Unknown, p.theme.Muted
		}},
		column[place]{title: "OLDEST UNREAD", width: 16, rank: 11, cell: func(p pen, r place) (string, theme.Style) {
			if r.in.Waiting.IsZero() {
				return theme.Unknown, p.theme.Muted
			}
			return layout.LongAge(p.now.Sub(r.in.Waiting)) + " old", p.theme.Text
		}},
		column[place]{title: "CAUGHT UP", width: caught, rank: 3, by: byTrend, sorts: true, left: true, cell: drained},
	)
}

// drained says when a group will have caught up, loudly where that is never.
func drained(p pen, r place) (string, theme.Style) {
	long, short := caughtUp(r)
	if layout.Width(long) > p.width {
		long = short
	}
	switch heading(r.in.Lag, r.in.Trend, r.in.Rate) {
	case growing:
		return long, p.theme.Working
	case stuck:
		return long, p.theme.Unwell
	case shrinking, steady:
	}
	return long, p.theme.Muted
}

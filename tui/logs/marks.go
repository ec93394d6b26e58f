package logs

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

// mostMarks bounds the bookmarks.
const mostMarks = 200

// mark is a line that a person wants to come back to. It outlives filters.
type mark struct {
	line   store.Line
	place  store.Cursor // just before it
	origin string       // whose line it is
	query  string       // whose answer it was in; empty: none
}

// marked reports whether a line has a bookmark.
func (m Model) marked(e Entry) bool {
	for i := range m.marks {
		if m.marks[i].origin == m.origin.name && same(m.marks[i].line, e.line) {
			return true
		}
	}
	return false
}

// mark sets the bookmark of the line that the cursor is on, or takes it away.
func (m Model) mark() Model {
	e, ok := m.Selected()
	if !ok {
		return m
	}
	if m.marked(e) {
		m.marks = slices.DeleteFunc(slices.Clone(m.marks), func(k mark) bool {
			return k.origin == m.origin.name && same(k.line, e.line)
		})
		return m.say("the bookmark is gone")
	}
	if len(m.marks) >= mostMarks {
		return m.say("there are " + layout.Plural(mostMarks, "bookmark") + ": b on one of them takes it away")
	}
	added := mark{line: e.line, place: m.window.place(m.selected), origin: m.origin.name, query: m.origin.query}
	at, _ := slices.BinarySearchFunc(m.marks, added, byTime)
	m.marks = slices.Insert(slices.Clone(m.marks), at, added)
	return m.say(layout.Plural(len(m.marks), "bookmark") + ": [ and ] move between them")
}

func byTime(a, b mark) int { return a.line.Time.Compare(b.line.Time) }

// toMark goes to the next bookmark in a direction; past the last one to the
// first.
func (m Model) toMark(by int) (Model, tea.Cmd) {
	var here []mark
	for _, k := range m.marks {
		if k.origin == m.origin.name {
			here = append(here, k)
		}
	}
	if len(here) == 0 {
		return m, nil
	}
	at := 0
	if by < 0 {
		at = len(here) - 1
	}
	if e, ok := m.Selected(); ok {
		on := slices.IndexFunc(here, func(k mark) bool { return same(k.line, e.line) })
		switch {
		case on >= 0:
			at = (on + by + len(here)) % len(here)
		case by > 0:
			at = max(slices.IndexFunc(here, func(k mark) bool { return !k.line.Time.Before(e.Time) }), 0)
		default:
			for i, k := range here {
				if !k.line.Time.After(e.Time) {
					at = i
				}
			}
		}
	}
	return m.toLine(here[at])
}

// toLine goes to a bookmark: within what is held, or where it is read from.
func (m Model) toLine(k mark) (Model, tea.Cmd) {
	g := goal{time: k.line.Time, line: k.line, missed: "the line does not pass the filter: this is what stands next to it"}
	if at, exact := m.window.nearest(g); exact {
		m = m.pause()
		m.selected = at
		return m.reveal(), nil
	}
	if k.query == m.origin.query || g.time.IsZero() { // else another reader may have given the place
		g.place = &k.place
	}
	return m.around(g)
}

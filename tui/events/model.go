// Package events owns the events screen: the steps of a run with their
// progress, its longest chain and an estimate, and then what happened, the
// newest first.
package events

import (
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// Model is the state of the events screen. It is a value: its methods return
// changed copies.
type Model struct {
	theme         theme.Theme
	width, height int
	now           time.Time
	run           run
	running       bool
	shown         []env.Recent // those that the filter lets through, newest first
	recent        []env.Recent
	filter        string
	unfolded      bool // the steps of a run that is over are shown
	selected      int  // index of a row
	anchor        anchor
	offset        int
}

// anchor is what the selected row shows, so that the cursor stays on it when
// newer rows push it down.
type anchor struct {
	group string
	time  time.Time
	what  string
}

// Unfold shows or hides the steps of a run that is over.
const Unfold intent.Intent = "steps"

// New returns the screen without data.
func New(t theme.Theme) Model { return Model{theme: t} }

// WithTheme returns the screen in other colours.
func (m Model) WithTheme(t theme.Theme) Model {
	m.theme = t
	return m
}

// WithSize returns the screen at another size, in cells.
func (m Model) WithSize(width, height int) Model {
	m.width, m.height = width, height
	return m.reveal()
}

// WithNow returns the screen at another instant.
func (m Model) WithNow(now time.Time) Model {
	m.now = now
	return m
}

// WithSnapshot returns the screen with newer data, which must be safe to show.
func (m Model) WithSnapshot(s env.Snapshot) Model {
	m.run, m.recent, m.running = grouped(s.Steps), s.Recent, false
	for _, st := range s.Steps {
		m.running = m.running || !st.Phase.Ended()
	}
	return m.refilter()
}

// WithFilter returns the screen with only the occurrences that hold the text.
func (m Model) WithFilter(text string) Model {
	m.filter = text
	return m.refilter()
}

func (m Model) refilter() Model {
	m.shown = nil
	want := strings.ToLower(m.filter)
	for i := len(m.recent) - 1; i >= 0; i-- {
		r := m.recent[i]
		if strings.Contains(strings.ToLower(r.Subject+" "+r.Service+" "+r.Reason+" "+r.Message), want) {
			m.shown = append(m.shown, r)
		}
	}
	if m.anchor != (anchor{}) && m.selected > 0 {
		for i, r := range m.rows() {
			if r.anchor == m.anchor {
				m.selected = i
			}
		}
	}
	return m.reveal()
}

// Bindings are the keys of the screen.
func (m Model) Bindings() []intent.Binding {
	b := intent.Binding{Keys: []string{"t"}, Help: "steps", Intent: Unfold, Hint: "steps"}
	switch {
	case len(m.run.groups) == 0:
		b.Off = "no plan was run yet"
	case m.unsettled():
		b.Off = "the steps show until they are done"
	}
	return []intent.Binding{b}
}

// Handle carries out an intent; one of another screen changes nothing.
func (m Model) Handle(i intent.Intent) Model {
	by, ok := intent.Step(i, m.height)
	switch {
	case ok:
		return m.move(by)
	case i == intent.Next:
		return m.move(1)
	case i == intent.Previous:
		return m.move(-1)
	case i == Unfold:
		m.unfolded = !m.unfolded
		return m.reveal()
	}
	return m
}

// Click puts the cursor on the row drawn at a line of the screen.
func (m Model) Click(line int) Model {
	rows := m.rows()
	if at := m.offset + line; at >= 0 && at < len(rows) && rows[at].selectable() {
		m.selected = at
		m.anchor = rows[at].anchor
	}
	return m.reveal()
}

// Service is the service that the selected row is about; empty: none.
func (m Model) Service() string {
	rows := m.rows()
	if m.selected < 0 || m.selected >= len(rows) {
		return ""
	}
	return rows[m.selected].service
}

// unsettled reports whether the steps are what the screen is for now: they
// run, or one of them failed.
func (m Model) unsettled() bool { return m.running || m.run.failed }

// move goes to another row, past those that only divide.
func (m Model) move(by int) Model {
	rows := m.rows()
	if len(rows) == 0 {
		return m
	}
	way := 1
	if by < 0 {
		way = -1
	}
	at := layout.Clamp(m.selected+by, 0, len(rows)-1)
	for at >= 0 && at < len(rows) && !rows[at].selectable() {
		at += way
	}
	if at >= 0 && at < len(rows) {
		m.selected, m.anchor = at, rows[at].anchor
	}
	return m.reveal()
}

func (m Model) reveal() Model {
	rows := m.rows()
	m.selected = layout.Clamp(m.selected, 0, max(len(rows)-1, 0))
	m.offset = layout.Scroll(m.offset, m.height, len(rows), m.selected, m.selected)
	return m
}

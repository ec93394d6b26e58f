// Package services owns the services screen: the services of an environment by
// stack, what they use, and why one is not well.
package services

import (
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// Key names a service; two stacks may each have one of the same name.
type Key struct{ Stack, Service string }

// Model is the state of the services screen. It is a value: its methods return
// changed copies.
type Model struct {
	theme         theme.Theme
	width, height int
	now           time.Time
	snapshot      env.Snapshot
	shown         []env.Service // those that the filter lets through
	selected      Key
	offset        int
	filter        string
	history       history
}

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
	m.history = m.history.with(s)
	m.snapshot = s
	return m.refilter()
}

// WithFilter returns the screen with only the services whose name or stack
// holds the text.
func (m Model) WithFilter(text string) Model {
	m.filter = text
	return m.refilter()
}

// Filter is the text given to WithFilter.
func (m Model) Filter() string { return m.filter }

func (m Model) refilter() Model {
	m.shown = m.snapshot.Services
	if want := strings.ToLower(m.filter); want != "" {
		m.shown = nil
		for _, s := range m.snapshot.Services {
			if strings.Contains(strings.ToLower(s.Stack+" "+s.Name), want) {
				m.shown = append(m.shown, s)
			}
		}
	}
	if m.index() < 0 && len(m.shown) > 0 {
		m.selected = keyOf(m.shown[0])
	}
	return m.reveal()
}

// Selected returns the service under the cursor.
func (m Model) Selected() (env.Service, bool) {
	i := m.index()
	if i < 0 {
		return env.Service{}, false
	}
	return m.shown[i], true
}

// Select puts the cursor on a service, where it is shown.
func (m Model) Select(k Key) Model {
	for _, s := range m.shown {
		if keyOf(s) == k {
			m.selected = k
			return m.reveal()
		}
	}
	return m
}

// Handle carries out a move; other intents change nothing.
func (m Model) Handle(i intent.Intent) Model {
	by, ok := intent.Step(i, m.height)
	switch {
	case ok:
		return m.move(by)
	case i == intent.Next:
		return m.move(1)
	case i == intent.Previous:
		return m.move(-1)
	default:
		return m
	}
}

// Click puts the cursor on the service drawn at a line of the screen, and
// reports whether it was there already.
func (m Model) Click(line int) (Model, bool) {
	rows := m.rows()
	at := m.offset + line - m.header()
	if line < m.header() || at < 0 || at >= len(rows) || rows[at].service < 0 {
		return m, false
	}
	clicked := keyOf(m.shown[rows[at].service])
	if clicked == m.selected {
		return m, true
	}
	m.selected = clicked
	return m.reveal(), false
}

func (m Model) move(by int) Model {
	if len(m.shown) == 0 {
		return m
	}
	i := layout.Clamp(m.index()+by, 0, len(m.shown)-1)
	m.selected = keyOf(m.shown[i])
	return m.reveal()
}

// reveal moves the window so that the selected service and its reasons show;
// on the first service, also what stands above it.
func (m Model) reveal() Model {
	rows, at := m.rows(), m.index()
	first, last := -1, 0
	for i, r := range rows {
		if r.service == at && at >= 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	switch {
	case first < 0:
		first = 0
	case at == 0:
		first = 0
	case rows[first-1].kind == rowStack:
		first--
	}
	m.offset = layout.Scroll(m.offset, m.height-m.header(), len(rows), first, last)
	return m
}

func (m Model) index() int {
	for i, s := range m.shown {
		if keyOf(s) == m.selected {
			return i
		}
	}
	return -1
}

func keyOf(s env.Service) Key { return Key{Stack: s.Stack, Service: s.Name} }

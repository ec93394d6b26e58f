package logs

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/env"
	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/theme"
)

// pollEvery is how often new lines are asked for while following.
const pollEvery = 120 * time.Millisecond

// Source is where lines are read from. The context is the program's own.
type Source struct {
	Context context.Context
	Reader  store.Reader
	// After is tea.Tick, except in tests.
	After func(time.Duration, func(time.Time) tea.Msg) tea.Cmd
}

// Model is the state of the logs screen. It is a value: its methods return
// changed copies.
type Model struct {
	source        Source
	theme         theme.Theme
	width, height int
	visible       bool
	query         store.Query
	view          view
	window        window
	selected, top int // indices in the window
	reading       reading
	counters      env.LogCounters
	note          string // what is to be said of the last move
}

// view is how lines are shown.
type view struct {
	follow bool
	wrap   bool
	// context shows all lines and marks those that hold the text, instead of
	// only these.
	context bool
	// paused is how many lines the store had when following ended.
	paused int64
}

// reading is the state of the reads from the store.
type reading struct {
	epoch  uint64 // of the query; what was read for an earlier one is dropped
	busy   bool
	cancel context.CancelFunc
	err    error
}

// New returns the screen without lines, following.
func New(t theme.Theme, s Source) Model {
	return Model{theme: t, source: s, view: view{follow: true}}
}

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

// WithSnapshot returns the screen with the store's newer counters.
func (m Model) WithSnapshot(s env.Snapshot) Model {
	m.counters = s.Logs
	return m
}

// Show says whether the screen is visible. Only then it reads.
func (m Model) Show(visible bool) (Model, tea.Cmd) {
	if visible == m.visible {
		return m, nil
	}
	m.visible = visible
	if !visible {
		return m.halt(), nil
	}
	if m.view.follow || m.window.size == 0 {
		return m.restart()
	}
	return m, nil
}

// Query is what is asked of the store.
func (m Model) Query() store.Query { return m.query }

// Following reports whether new lines are shown as they come.
func (m Model) Following() bool { return m.view.follow }

// WithServices returns the screen with only the lines of these services; none:
// of all.
func (m Model) WithServices(names ...string) (Model, tea.Cmd) {
	m.query.Services = names
	return m.restart()
}

// WithText returns the screen with only the lines that hold the text.
func (m Model) WithText(text string) (Model, tea.Cmd) {
	if text == m.query.Text {
		return m, nil
	}
	m.query.Text = text
	if m.view.context {
		return m, nil
	}
	return m.restart()
}

// WithLevel returns the screen with only the lines of at least that level.
func (m Model) WithLevel(l store.Level) (Model, tea.Cmd) {
	m.query.MinLevel = l
	return m.restart()
}

// Selected is the line under the cursor.
func (m Model) Selected() (Entry, bool) { return m.window.at(m.selected) }

// Click puts the cursor on the line drawn at a line of the screen.
func (m Model) Click(line int) Model {
	first, skip := m.first()
	row := line - headerHeight + skip
	if line < headerHeight {
		return m
	}
	for i := first; row >= 0 && i < m.window.size; i++ {
		row -= m.entryHeight(i)
		if row < 0 {
			m.selected = i
			if i != m.window.size-1 {
				m = m.pause()
			}
		}
	}
	return m
}

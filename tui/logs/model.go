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
	Reader  store.Reader // the local store
	// Systems are installed log systems that can be read in its place.
	Systems []System
	// Query takes a text in a query language apart and says which reader
	// answers it; it may ask that reader, until the context ends with
	// the question. Nil: there is no such language here.
	Query func(ctx context.Context, text string) (store.Reader, store.Query, error)
	// After is tea.Tick, except in tests.
	After func(time.Duration, func(time.Time) tea.Msg) tea.Cmd
}

// System is a log system that holds the lines of the services.
type System struct {
	Name string // as the header says it: "loki"
	// Open may wait for the system's answer.
	Open func(ctx context.Context) (store.Reader, error)
}

// Model is the state of the logs screen. It is a value: its methods return
// changed copies.
type Model struct {
	source        Source
	theme         theme.Theme
	width, height int
	visible       bool
	now           time.Time
	place
	trail    []place // what esc goes back to, the newest last
	reading  reading
	strip    strip
	marks    []mark
	form     form
	saving   *saving // the file that is being written; nil: none
	counters env.LogCounters
	note     Note // what is to be said of the last move
}

// place is where the screen stands: what is asked of whom, and which of it is
// shown.
type place struct {
	origin        origin
	filter        filter
	view          view
	window        window
	selected, top int // indices in the window
}

// view is how lines are shown.
type view struct {
	follow bool
	wrap   bool
	whole  bool // all lines of a message of several
	// context shows all lines and marks those that are searched for, instead
	// of only these.
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
	again  *goal // that could not be read around, and is tried again; nil: none
}

// Note is what there is to say of the last move or request.
type Note struct {
	Text  string
	Grave bool
}

// New returns the screen without lines, following.
func New(t theme.Theme, s Source) Model {
	m := Model{theme: t, source: s}
	m.view.follow, m.origin.reader = true, s.Reader
	return m
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

// WithNow returns the screen at another instant.
func (m Model) WithNow(now time.Time) Model {
	m.now = now
	return m
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
		m.strip = m.strip.halted()
		return m.halt(), nil
	}
	if m.view.follow || m.window.size == 0 {
		return m.restart()
	}
	return m.charted(nil)
}

// Following reports whether new lines are shown as they come.
func (m Model) Following() bool { return m.view.follow }

// Selected is the line under the cursor.
func (m Model) Selected() (Entry, bool) { return m.window.at(m.selected) }

// Note is what there is to say since the last key or message; empty: nothing.
func (m Model) Note() Note { return m.note }

func (m Model) say(text string) Model {
	m.note = Note{Text: text}
	return m
}

func (m Model) complain(text string) Model {
	m.note = Note{Text: text, Grave: true}
	return m
}

// Package gpu owns the GPU screen: what each device does, which Pod holds it,
// who waits for one, and why a device is lost.
package gpu

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/cursor"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/watch"
)

// Deps are what the screen's commands need. The context is the program's own.
type Deps struct {
	Context context.Context
	Source  Source
}

// Model is the state of the GPU screen. It is a value: its methods return
// changed copies.
type Model struct {
	deps          Deps
	theme         theme.Theme
	width, height int
	now           time.Time
	watch         watch.Watch[gpu.State]
	state         gpu.State
	history       history
	rows          []row
	cursor        cursor.Cursor
	filter        string
	page          page
	note          Note
}

// Note is what there is to say of the last request.
type Note struct {
	Text  string
	Grave bool
}

// page is what was opened from a row.
type page struct {
	kind   pageKind
	key    string // of the row that it is of
	offset int
}

type pageKind uint8

const (
	pageNone pageKind = iota
	pageProcesses
	pageWhy
)

// New returns the screen without data.
func New(t theme.Theme, d Deps) Model { return Model{theme: t, deps: d}.settle() }

// Empty reports whether there is nothing to show.
func (m Model) Empty() bool { return m.deps.Source.Empty() }

// WithTheme returns the screen in other colours.
func (m Model) WithTheme(t theme.Theme) Model {
	m.theme = t
	return m
}

// WithSize returns the screen at another size, in cells.
func (m Model) WithSize(width, height int) Model {
	m.width, m.height = width, height
	return m.settle()
}

// WithNow returns the screen at another instant.
func (m Model) WithNow(now time.Time) Model {
	m.now = now
	return m
}

// WithFilter returns the screen with only the devices whose model, identifier
// or holder holds the text.
func (m Model) WithFilter(text string) Model {
	m.filter = strings.ToLower(text)
	return m.settle()
}

// WithState returns the screen with the newest state.
func (m Model) WithState(s gpu.State) Model {
	m.state = harmless(s)
	m.watch.Seen = true
	m.history = m.history.with(m.state)
	return m.settle()
}

// Show says whether somebody looks. Only then the devices are read.
func (m Model) Show(visible bool) (Model, tea.Cmd) {
	if m.deps.Source.Empty() {
		return m, nil
	}
	var cmd tea.Cmd
	m.watch, cmd = m.watch.Show(m.deps.Context, visible, m.deps.Source.Watcher.Watch)
	return m, cmd
}

// Any reports whether there are GPUs, as far as is known: before anybody has
// looked there may be.
func (m Model) Any() bool { return !m.watch.Seen || len(m.state.Slots) > 0 }

// Again returns the screen such that the next Show begins anew where watching
// has ended.
func (m Model) Again() Model {
	if m.watch.Over {
		m.watch, _ = m.watch.Show(m.deps.Context, false, m.deps.Source.Watcher.Watch)
	}
	return m
}

// Update takes the result of a command in.
func (m Model) Update(msg tea.Msg) (Model, tea.Cmd) {
	m.note = Note{}
	news, ok := msg.(watch.Msg[gpu.State])
	if !ok {
		return m, nil
	}
	var cmd tea.Cmd
	if m.watch, ok, cmd = m.watch.Take(news); ok {
		m = m.WithState(news.Value)
	}
	return m, cmd
}

// Note is what there is to say since the last key or message; empty: nothing.
func (m Model) Note() Note { return m.note }

func (m Model) say(text string) Model {
	m.note = Note{Text: text}
	return m
}

// Service is the service that holds what the cursor is on; empty: none.
func (m Model) Service() string {
	r, ok := m.chosen()
	if !ok || r.slot < 0 {
		return ""
	}
	for _, h := range m.state.Slots[r.slot].Holders {
		if h.Service != "" {
			return h.Service
		}
	}
	return ""
}

// settle makes the rows anew, and keeps the cursor on what it was on. On a
// narrow screen the rows depend on the cursor, so that it is put twice.
func (m Model) settle() Model {
	for range 2 {
		m.rows = m.list()
		m.cursor = cursor.Kept(m.cursor, m.rows, m.height-m.header())
	}
	return m
}

func (m Model) move(by int) Model {
	m.cursor = cursor.Moved(m.cursor, m.rows, by, m.height-m.header())
	return m.settle()
}

func (m Model) chosen() (row, bool) {
	if at := m.cursor.At; at >= 0 && at < len(m.rows) && m.rows[at].key != "" {
		return m.rows[at], true
	}
	return row{}, false
}

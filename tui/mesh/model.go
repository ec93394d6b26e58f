// Package mesh owns the mesh screen: how services are routed beside what was
// seen, mutual TLS, what is out of step or wrong, and the changes that a person
// makes from here.
package mesh

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/cursor"
	"github.com/diorama-dev/diorama/tui/form"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/watch"
)

// Deps are what the screen's commands need. The context is the program's own.
type Deps struct {
	Context context.Context
	Source  Source
}

// patience is for how long an answer is waited for.
const patience = 20 * time.Second

// within returns the context of one request.
func (d Deps) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(d.Context, patience)
}

// reason says an error, and of one that took too long how long that was.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within " + layout.Age(patience)
	}
	return layout.Safe(err.Error())
}

// Model is the state of the mesh screen. It is a value: its methods return
// changed copies.
type Model struct {
	deps          Deps
	theme         theme.Theme
	width, height int
	now           time.Time
	watch         watch.Watch[mesh.State]
	state         mesh.State
	rows          []row
	cursor        cursor.Cursor
	filter        string
	weights       weights // moved and not applied
	page          page
	asks          asks
	last          mesh.Draft // that was shown
	note          Note
}

// asks is what the screen asks for, and what was asked for from it.
type asks struct {
	kind    formKind
	form    form.Form
	target  target
	request uint64 // the newest
	undoing uint64 // the request under way; 0: none
}

// Note is what there is to say of the last request.
type Note struct {
	Text  string
	Grave bool
}

// New returns the screen without data.
func New(t theme.Theme, d Deps) Model { return Model{theme: t, deps: d} }

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

// WithFilter returns the screen with only the services and workloads whose
// name, stack or callers hold the text.
func (m Model) WithFilter(text string) Model {
	m.filter = strings.ToLower(text)
	return m.settle()
}

// WithState returns the screen with the newest state.
func (m Model) WithState(s mesh.State) Model {
	m.state = harmless(s)
	m.watch.Seen = true
	if !m.weights.stands(m.state) {
		m.weights = weights{}
	}
	return m.settle()
}

// Show says whether the screen is visible. Only then the mesh is watched.
func (m Model) Show(visible bool) (Model, tea.Cmd) {
	if m.deps.Source.Empty() {
		return m, nil
	}
	var cmd tea.Cmd
	m.watch, cmd = m.watch.Show(m.deps.Context, visible, m.deps.Source.Watcher.Watch)
	return m, cmd
}

// Update takes the result of a command in.
func (m Model) Update(msg tea.Msg) (Model, tea.Cmd) {
	m.note = Note{}
	news, ok := msg.(watch.Msg[mesh.State])
	if !ok {
		return m.answered(msg), nil
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

func (m Model) complain(text string) Model {
	m.note = Note{Text: text, Grave: true}
	return m
}

// Service is the service or workload that the cursor is on; empty: none.
func (m Model) Service() string {
	r, ok := m.chosen()
	switch {
	case !ok:
	case r.kind == rowWorkload:
		return m.state.Workloads[r.at].Name
	case r.service >= 0:
		return m.state.Services[r.service].Name
	}
	return ""
}

// settle makes the rows anew, and keeps the cursor on what it was on. On a
// narrow screen the rows depend on the cursor, so that it is put twice.
func (m Model) settle() Model {
	m.rows = m.list()
	m.cursor = cursor.Kept(m.cursor, m.rows, m.listHeight())
	if m.width < narrow {
		m.rows = m.list()
		m.cursor = cursor.Kept(m.cursor, m.rows, m.listHeight())
	}
	return m
}

func (m Model) move(by int) Model {
	m.cursor = cursor.Moved(m.cursor, m.rows, by, m.listHeight())
	if m.width < narrow {
		return m.settle()
	}
	return m
}

func (m Model) chosen() (row, bool) {
	if at := m.cursor.At; at >= 0 && at < len(m.rows) && m.rows[at].key != "" {
		return m.rows[at], true
	}
	return row{service: -1}, false
}

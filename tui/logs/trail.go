package logs

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

// mostSteps bounds how far back esc leads.
const mostSteps = 10

// origin is whose lines are shown.
type origin struct {
	name   string // of the system; empty: the local store
	reader store.Reader
	query  string // in a language of its own; empty: none
}

// stepped remembers where the screen stands, for [Model.Out] to come back to.
func (m Model) stepped() Model {
	m.trail = append(slices.Clone(m.trail[max(0, len(m.trail)-mostSteps+1):]), m.place)
	return m
}

// Inside reports whether there is something to go back to.
func (m Model) Inside() bool { return len(m.trail) > 0 }

// Typed is the text that is searched for, as it was typed.
func (m Model) Typed() string { return m.filter.search.typed }

// Out goes back to where the screen was before a trace, a query or another
// source was shown.
func (m Model) Out() (Model, tea.Cmd) {
	if len(m.trail) == 0 {
		return m, nil
	}
	m = m.halt()
	m.place = m.trail[len(m.trail)-1]
	m.trail = slices.Clone(m.trail[:len(m.trail)-1])
	m.strip = m.strip.forgotten()
	if m.view.follow || m.window.unread() {
		return m.restart()
	}
	return m.reveal().charted(nil)
}

// OfTrace shows every line of every service that names the trace of a line.
func (m Model) OfTrace(e Entry) (Model, tea.Cmd) {
	m.note = Note{}
	m, cmd := m.trace(e)
	return m.charted(cmd)
}

func (m Model) trace(e Entry) (Model, tea.Cmd) {
	if e.Trace == "" {
		return m, nil
	}
	m = m.stepped()
	m.filter, m.view.context = filter{trace: e.Trace}, false
	m = m.unasked()
	m.strip = m.strip.forgotten()
	if e.Time.IsZero() {
		return m.restart()
	}
	return m.around(goal{time: e.Time, line: e.line})
}

// Origins are whose lines can be shown: the local store, then the systems.
func (m Model) Origins() []string {
	out := []string{"store"}
	for _, s := range m.source.Systems {
		out = append(out, layout.Safe(s.Name))
	}
	return out
}

// Origin is which of them it is that is shown; -1: an answer to a query.
func (m Model) Origin() int {
	if m.origin.query != "" {
		return -1
	}
	for i, s := range m.source.Systems {
		if s.Name == m.origin.name {
			return i + 1
		}
	}
	return 0
}

// openedMsg brings a reader.
type openedMsg struct {
	epoch  uint64
	origin origin
	base   store.Query
	query  bool // it answers a form
	err    error
}

// WithOrigin shows the lines of another source of [Model.Origins].
func (m Model) WithOrigin(at int) (Model, tea.Cmd) {
	if at == m.Origin() || at < 0 || at > len(m.source.Systems) {
		return m, nil
	}
	m = m.stepped()
	m.filter.base, m.origin.query = store.Query{}, ""
	m = m.emptied()
	if at == 0 {
		m.origin = origin{reader: m.source.Reader}
		return m.restart()
	}
	m.origin = origin{name: m.source.Systems[at-1].Name}
	return m.open()
}

// open asks for the reader of the system that is chosen.
func (m Model) open() (Model, tea.Cmd) {
	at := slices.IndexFunc(m.source.Systems, func(s System) bool { return s.Name == m.origin.name })
	if at < 0 {
		return m, nil
	}
	system := m.source.Systems[at]
	m, ctx := m.begin()
	epoch, cancel := m.reading.epoch, m.reading.cancel
	return m, func() tea.Msg {
		defer cancel()
		r, err := system.Open(ctx)
		return openedMsg{epoch: epoch, origin: origin{name: system.Name, reader: r}, err: err}
	}
}

// emptied is the screen before anything was read of another source.
func (m Model) emptied() Model {
	m = m.halt()
	m.window, m.selected, m.top, m.view.follow = window{}, 0, 0, true
	m.strip = m.strip.forgotten()
	m.strip.newest = time.Time{}
	return m
}

// ask hands a query to the one who knows its language.
func (m Model) ask(text string) (Model, tea.Cmd) {
	m.form.busy = true
	m.form.asked++
	ctx, cancel := context.WithCancel(m.source.Context)
	m.form.cancel = cancel
	query, asked := m.source.Query, m.form.asked
	return m, func() tea.Msg {
		defer cancel()
		r, q, err := query(ctx, text)
		return openedMsg{epoch: asked, query: true, origin: origin{reader: r, query: text}, base: q, err: err}
	}
}

// opened takes the reader of another source, or the answer to a query.
func (m Model) opened(msg openedMsg) (Model, tea.Cmd) {
	if msg.query {
		return m.answered(msg)
	}
	if msg.epoch != m.reading.epoch {
		return m, nil
	}
	m.reading.busy, m.reading.cancel = false, nil
	if msg.err != nil {
		if context.Cause(m.source.Context) == nil {
			m.reading.err = msg.err
		}
		return m, nil
	}
	m.origin = msg.origin
	return m.restart()
}

// answered shows what a query asks for; the form says what is wrong with it.
func (m Model) answered(msg openedMsg) (Model, tea.Cmd) {
	if m.form.kind != formQuery || msg.epoch != m.form.asked {
		return m, nil
	}
	m.form.busy, m.form.cancel = false, nil
	if msg.err != nil {
		m.form.problem = layout.Safe(msg.err.Error())
		return m, nil
	}
	m.form = form{asked: m.form.asked}
	m = m.stepped().emptied()
	m.filter, m.origin = filter{base: msg.base}, msg.origin
	if m.origin.reader == nil {
		m.origin.reader = m.source.Reader
	}
	return m.restart()
}

// OfService shows the newest lines of one service, and nothing that was
// filtered before.
func (m Model) OfService(name string) (Model, tea.Cmd) {
	m.trail = nil
	m.filter, m.view.context = filter{services: []string{name}}, false
	m = m.unasked()
	m.strip = m.strip.forgotten()
	return m.restart()
}

// unasked reads from the local store where an answer to a query was shown: its
// reader knows no other lines.
func (m Model) unasked() Model {
	if m.origin.query != "" {
		m.origin = origin{reader: m.source.Reader}
	}
	return m
}

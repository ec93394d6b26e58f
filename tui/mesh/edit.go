package mesh

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
)

// draftMsg brings what an edit would apply, appliedMsg says how applying it
// went, undoneMsg what was taken back.
type draftMsg struct {
	ask   uint64
	draft mesh.Draft
	err   error
}

type appliedMsg struct {
	ask     uint64
	summary string
	err     error
}

type undoneMsg struct {
	ask     uint64
	changes []mesh.Change
	err     error
}

// request counts requests, so that answers find who asked.
func (m Model) request() (Model, uint64) {
	m.asks.request++
	return m, m.asks.request
}

// drafted asks what an edit would apply, and opens the page that shows it.
func (m Model) drafted(e mesh.Edit) (Model, tea.Cmd) {
	m, ask := m.request()
	m.page = page{kind: pageDraft, ask: ask, draft: mesh.Draft{Edit: e}}
	return m, m.draft(ask, e)
}

func (m Model) draft(ask uint64, e mesh.Edit) tea.Cmd {
	d := m.deps
	return func() tea.Msg {
		ctx, cancel := d.within()
		defer cancel()
		draft, err := d.Source.Editor.Draft(ctx, e)
		draft.Edit = e
		return draftMsg{ask: ask, draft: draft, err: err}
	}
}

// apply carries out the draft that is open.
func (m Model) apply() (Model, tea.Cmd) {
	d, draft := m.deps, m.page.draft
	draft.Edit.Base = draft.Base // what is shown is what is applied
	m, ask := m.request()
	m.page.ask, m.page.applying, m.page.problem = ask, true, ""
	return m, func() tea.Msg {
		ctx, cancel := d.within()
		defer cancel()
		return appliedMsg{ask: ask, summary: draft.Summary, err: d.Source.Editor.Apply(ctx, draft.Edit)}
	}
}

// lastChange is the last change from here; the zero value: there is none.
func (m Model) lastChange() mesh.Change {
	if n := len(m.state.Changes); n > 0 {
		return m.state.Changes[n-1]
	}
	return mesh.Change{}
}

// undo takes the last change back, or all of them, as they were shown.
func (m Model) undo(u mesh.Undo) (Model, tea.Cmd) {
	d := m.deps
	m, ask := m.request()
	m.asks.undoing = ask
	if u.All {
		m.asks.form.Busy = true
	} else {
		m = m.say("undoing: " + m.lastChange().Summary + "…")
	}
	return m, func() tea.Msg {
		ctx, cancel := d.within()
		defer cancel()
		changes, err := d.Source.Editor.Undo(ctx, u)
		return undoneMsg{ask: ask, changes: changes, err: err}
	}
}

// answered takes the answer to a request in.
func (m Model) answered(msg tea.Msg) Model {
	switch msg := msg.(type) {
	case draftMsg:
		return m.gotDraft(msg)
	case appliedMsg:
		return m.applied(msg)
	case undoneMsg:
		return m.undone(msg)
	}
	return m
}

func (m Model) gotDraft(msg draftMsg) Model {
	if m.page.ask != msg.ask || m.page.kind != pageDraft && m.page.kind != pageYAML {
		return m
	}
	m.page.ask = 0
	if msg.err != nil {
		m.page.problem = reason(msg.err)
		return m
	}
	msg.draft.Summary = layout.Safe(msg.draft.Summary)
	msg.draft.Doors = layout.Each(msg.draft.Doors, harmlessDoor)
	m.page.draft = msg.draft
	if m.page.kind == pageYAML && msg.draft.Before == "" {
		m.page.title = "there is no such rule yet; a change from here would write this one"
	}
	if m.page.kind == pageDraft {
		m.last = msg.draft
	}
	return m
}

// applied says how it went. A draft that could not be applied stays open.
func (m Model) applied(msg appliedMsg) Model {
	ours := m.page.kind == pageDraft && m.page.ask == msg.ask
	if msg.err != nil {
		if ours {
			m.page.ask, m.page.applying, m.page.problem = 0, false, reason(msg.err)
		}
		return m.complain(reason(msg.err))
	}
	if ours {
		if m.page.draft.Edit.Kind == mesh.EditWeights {
			m.weights = weights{}
		}
		m.page = page{}
	}
	m.last = mesh.Draft{} // what is there now says more
	return m.settle().say("applied: " + msg.summary + "  (u undoes it)")
}

func (m Model) undone(msg undoneMsg) Model {
	if m.asks.undoing != msg.ask {
		return m
	}
	m.asks.undoing = 0
	if msg.err != nil {
		if m.asks.kind == formUndo {
			m.asks.form.Busy, m.asks.form.Problem = false, reason(msg.err)
		}
		return m.complain(reason(msg.err))
	}
	if m.asks.kind == formUndo {
		m = m.closed()
	}
	m.weights, m.last = weights{}, mesh.Draft{}
	m = m.settle()
	switch n := len(msg.changes); n {
	case 0:
		return m.say("there was nothing to undo")
	case 1:
		return m.say("undone: " + layout.Safe(msg.changes[0].Summary))
	default:
		var names []string
		for _, c := range msg.changes {
			names = append(names, layout.Safe(c.Summary))
		}
		return m.say(fmt.Sprintf("undone %d changes: %s", n, strings.Join(names, ", ")))
	}
}

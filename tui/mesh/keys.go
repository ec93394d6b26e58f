package mesh

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/cursor"
	"github.com/diorama-dev/diorama/tui/intent"
)

// The intents of the mesh screen.
const (
	Details   intent.Intent = "details of a service in the mesh"
	More      intent.Intent = "more weight"
	Less      intent.Intent = "less weight"
	Preview   intent.Intent = "preview the weights"
	Drop      intent.Intent = "drop the moved weights"
	Header    intent.Intent = "route by a header"
	Fault     intent.Intent = "a fault"
	MutualTLS intent.Intent = "mutual TLS"
	Undo      intent.Intent = "undo the last change"
	UndoAll   intent.Intent = "undo all changes"
	YAML      intent.Intent = "show YAML"
	Why       intent.Intent = "why the mesh is not well"
	Apply     intent.Intent = "apply a draft"
	CopyYAML  intent.Intent = "copy YAML"
	Out       intent.Intent = "out of a page of the mesh"
)

// Bindings are the keys of the screen.
func (m Model) Bindings() []intent.Binding {
	if m.page.kind != pageNone {
		return m.pageBindings()
	}
	list := []intent.Binding{{Keys: []string{"enter"}, Help: "details", Intent: Details, Hint: "details"}}
	if m.weights.to != nil {
		list = []intent.Binding{
			{Keys: []string{"enter"}, Help: "show what the moved weights would apply…", Intent: Preview, Hint: "preview…"},
			{Keys: []string{"esc"}, Help: "drop the moved weights", Intent: Drop, Hint: "drop"},
		}
	}
	list = append(list,
		intent.Binding{Keys: []string{"right"}, Label: "→", Help: "more weight", Intent: More},
		intent.Binding{Keys: []string{"left"}, Label: "← →", Help: "less weight", Intent: Less, Hint: "weight"},
		intent.Binding{Keys: []string{"h"}, Help: "route by a header…", Intent: Header, Hint: "header rule"},
		intent.Binding{Keys: []string{"f"}, Help: "a fault: a delay or an abort…", Intent: Fault, Hint: "fault"},
		intent.Binding{Keys: []string{"m"}, Help: "mutual TLS…", Intent: MutualTLS, Hint: "mutual TLS"},
		intent.Binding{Keys: []string{"u"}, Help: "undo the last change from here", Intent: Undo, Hint: "undo"},
		intent.Binding{Keys: []string{"U"}, Help: "undo all changes from here…", Intent: UndoAll},
		intent.Binding{Keys: []string{"w"}, Help: "why", Intent: Why, Hint: "why"},
		intent.Binding{Keys: []string{"Y"}, Help: "show YAML", Intent: YAML, Hint: "YAML"},
	)
	for i := range list {
		list[i].Off = m.refusal(list[i].Intent)
	}
	return list
}

// refusal says why an intent cannot be had now; empty: it can.
func (m Model) refusal(i intent.Intent) string {
	r, ok := m.chosen()
	switch i {
	case Details:
		if !ok {
			return "there is nothing here"
		}
		return ""
	case Why:
		if len(m.problemsOf(r)) == 0 && !m.stuckAt(r) {
			if name := m.Service(); name != "" {
				return "nothing is known to be wrong with the routes of " + name
			}
			return "nothing is wrong here"
		}
		return ""
	case YAML:
		return m.noYAML(r)
	}
	if m.deps.Source.Editor == nil {
		return "the mesh of this environment can only be looked at"
	}
	switch i {
	case More, Less:
		return m.noWeight(r)
	case Header, Fault:
		if r.service < 0 {
			return "no service is selected"
		}
		if len(m.state.Services[r.service].Routes) == 0 {
			return m.state.Services[r.service].Name + " has no route"
		}
	case MutualTLS:
		if len(m.state.Workloads) == 0 {
			return "no workload is known yet"
		}
	case Undo, UndoAll:
		if len(m.state.Changes) == 0 {
			return "nothing was changed from here"
		}
		if m.asks.undoing != 0 {
			return "the last undo is under way"
		}
		return m.stuck(i == UndoAll)
	}
	return ""
}

// stuck says why the last change cannot be undone, or all; empty: it can.
func (m Model) stuck(all bool) string {
	for i := len(m.state.Changes) - 1; i >= 0; i-- {
		if why := m.state.Changes[i].Stuck; why != "" {
			return why
		}
		if !all {
			break
		}
	}
	return ""
}

// stuckAt reports whether a row is a change that cannot be undone.
func (m Model) stuckAt(r row) bool {
	return r.kind == rowChange && r.key != "" && m.state.Changes[r.at].Stuck != ""
}

func (m Model) noWeight(r row) string {
	switch {
	case r.kind != rowDestination:
		return "no destination of a route is selected"
	case len(known(&m.state.Services[r.service], r.route)) < 2:
		return "this route has one destination: it gets all"
	}
	return ""
}

// Handle carries out an intent; one of another screen changes nothing.
func (m Model) Handle(i intent.Intent) (Model, tea.Cmd) {
	m.note = Note{}
	if m.page.kind != pageNone {
		return m.handlePage(i)
	}
	if by, ok := intent.Step(i, m.listHeight()); ok {
		return m.move(by), nil
	}
	switch i {
	case intent.Next:
		return m.move(1), nil
	case intent.Previous:
		return m.move(-1), nil
	case Drop:
		m.weights = weights{}
		return m.settle(), nil
	case Preview:
		if m.weights.to == nil {
			return m, nil
		}
		return m.drafted(m.weights.edit(m.state))
	case Details, Why, YAML, More, Less, Header, Fault, MutualTLS, Undo, UndoAll:
		return m.about(i)
	}
	return m, nil
}

// about carries out an intent for what the cursor is on.
func (m Model) about(i intent.Intent) (Model, tea.Cmd) {
	if why := m.refusal(i); why != "" {
		return m.say(why), nil
	}
	r, _ := m.chosen()
	switch i {
	case More, Less:
		way := 1
		if i == Less {
			way = -1
		}
		s := &m.state.Services[r.service]
		m.weights = m.weights.moved(s, r.route, s.Routes[r.route].Destinations[r.at].Name, way)
		return m.settle(), nil
	case Details:
		if r.kind == rowProblem {
			i = Why
		}
		return m.opened(i, r), nil
	case Why:
		if m.stuckAt(r) {
			i = Details
		}
		return m.opened(i, r), nil
	case YAML:
		return m.openedYAML(r)
	case Header:
		return m.asking(formHeader), nil
	case Fault:
		return m.asking(formFault), nil
	case MutualTLS:
		return m.asking(formTLS), nil
	case UndoAll:
		return m.asking(formUndo), nil
	case Undo:
		return m.undo(mesh.Undo{Last: m.lastChange().ID})
	}
	return m, nil
}

// problemsOf are the problems that a row is, or that name what it shows.
func (m Model) problemsOf(r row) []mesh.Problem {
	if r.kind == rowProblem && r.at < len(m.state.Problems) {
		return m.state.Problems[r.at : r.at+1]
	}
	var out []mesh.Problem
	if r.service < 0 || r.service >= len(m.state.Services) {
		return nil
	}
	s := &m.state.Services[r.service]
	for _, p := range m.state.Problems {
		if blames(p, s) {
			out = append(out, p)
		}
	}
	return out
}

// Click puts the cursor on what is drawn at a line, or opens it where the
// cursor is there already.
func (m Model) Click(line int) (Model, tea.Cmd) {
	m.note = Note{}
	if m.page.kind != pageNone || m.Asking() || line-m.header() >= m.listHeight() {
		return m, nil
	}
	at, ok := cursor.At(m.cursor, m.rows, line-m.header())
	switch {
	case !ok:
		return m, nil
	case at != m.cursor.At:
		m.cursor = cursor.Put(m.cursor, m.rows, at, m.listHeight())
		return m.settle(), nil
	}
	return m.about(Details)
}

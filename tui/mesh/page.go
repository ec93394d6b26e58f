package mesh

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/paper"
)

// page is what was opened from the list.
type page struct {
	kind     pageKind
	key      string // of the row that it is of
	offset   int
	ask      uint64     // the request under way; 0: none
	draft    mesh.Draft // of a draft's page and of YAML
	title    string     // of YAML
	applying bool
	problem  string
}

type pageKind uint8

const (
	pageNone    pageKind = iota
	pageDetails          // of a service, a workload or a change
	pageWhy              // problems
	pageDraft            // what an edit would apply
	pageYAML             // what was applied, or is there
)

// opened shows the page of an intent.
func (m Model) opened(i intent.Intent, r row) Model {
	m.page = page{kind: pageDetails, key: r.key}
	if i == Why {
		m.page.kind = pageWhy
	}
	return m
}

// noYAML says why there is no YAML to show; empty: there is.
func (m Model) noYAML(r row) string {
	switch {
	case r.kind == rowChange, m.last.YAML != "", len(m.state.Changes) > 0:
		return ""
	case r.service < 0:
		return "nothing was changed from here"
	case m.state.Services[r.service].Rule == "":
		return m.state.Services[r.service].Name + " has no rule of its own"
	case m.deps.Source.Editor == nil:
		return "the mesh of this environment can only be looked at"
	}
	return ""
}

// openedYAML shows the YAML that is nearest to the cursor: of the change, of
// the last draft for the service, of the service's rule as it is, or of the
// last change.
func (m Model) openedYAML(r row) (Model, tea.Cmd) {
	show := func(title, text, before string) Model {
		m.page = page{kind: pageYAML, title: title, draft: mesh.Draft{YAML: text, Before: before}}
		return m
	}
	changed := func(c mesh.Change) Model { return show("what was applied: "+c.Summary, c.YAML, "") }
	if r.kind == rowChange {
		return changed(m.state.Changes[r.at]), nil
	}
	if r.service >= 0 {
		s := &m.state.Services[r.service]
		if m.last.YAML != "" && m.last.Edit.Service == s.Name {
			return show("the last draft: "+m.last.Summary, m.last.YAML, m.last.Before), nil
		}
		if s.Rule != "" && m.deps.Source.Editor != nil && r.route < len(s.Routes) {
			e := mesh.Edit{Kind: mesh.EditWeights, Service: s.Name, Route: r.route, Weights: whole(&s.Routes[r.route])}
			var ask uint64
			m, ask = m.request()
			m.page = page{kind: pageYAML, title: "the rule " + s.Rule + ", as it is", ask: ask}
			return m, m.draft(ask, e)
		}
	}
	if m.last.YAML != "" {
		return show("the last draft: "+m.last.Summary, m.last.YAML, m.last.Before), nil
	}
	if n := len(m.state.Changes); n > 0 {
		return changed(m.state.Changes[n-1]), nil
	}
	return m.say("nothing was changed from here"), nil
}

// pageBindings are the keys of the page that is open.
func (m Model) pageBindings() []intent.Binding {
	back := intent.Binding{Keys: []string{"esc", "enter"}, Label: "esc", Help: "back", Intent: Out, Hint: "back"}
	if m.page.kind == pageYAML {
		b := intent.Binding{Keys: []string{"y"}, Help: "copy the YAML", Intent: CopyYAML, Hint: "copy"}
		if m.page.text() == "" {
			b.Off = "there is no YAML to copy"
		}
		return []intent.Binding{back, b}
	}
	if m.page.kind != pageDraft {
		return []intent.Binding{back}
	}
	apply := intent.Binding{Keys: []string{"y"}, Help: "apply it", Intent: Apply, Hint: "apply it"}
	switch {
	case m.page.applying:
		apply.Off = "it is being applied"
	case m.page.ask != 0:
		apply.Off = "what it would apply is not known yet"
	case m.page.draft.YAML == "" && m.page.problem != "":
		apply.Off = m.page.problem
	case m.page.draft.YAML == "":
		apply.Off = "there is nothing to apply"
	}
	const first = "leave the draft first: esc"
	return []intent.Binding{
		apply,
		{Keys: []string{"esc", "n"}, Label: "esc", Help: "back, nothing is changed", Intent: Out, Hint: "back"},
		{Keys: []string{"c"}, Help: "copy the YAML", Intent: CopyYAML, Hint: "copy"},
		// Elsewhere these end an environment, with the same y: not from here.
		{Keys: []string{"D"}, Help: "take the environment down…", Intent: Out, Off: first},
		{Keys: []string{"S"}, Help: "stop the environment…", Intent: Out, Off: first},
		{Keys: []string{"enter"}, Help: "apply it", Intent: Apply, Off: "y applies it, esc goes back"},
	}
}

// text is the YAML of a page.
func (p page) text() string {
	if p.kind == pageYAML && p.title != "" && p.draft.Edit.Kind != "" && p.draft.Before != "" {
		return p.draft.Before // the rule as it is
	}
	return p.draft.YAML
}

func (m Model) handlePage(i intent.Intent) (Model, tea.Cmd) {
	if by, ok := intent.Step(i, m.height-1); ok {
		m.page.offset = m.paper().Scrolled(m.page.offset, by, m.height)
		return m, nil
	}
	switch i {
	case Out:
		m.page = page{}
		return m.settle(), nil
	case CopyYAML:
		if m.page.text() == "" {
			return m.say("there is no YAML to copy"), nil
		}
		return m.say("copied the YAML"), tea.SetClipboard(m.page.text())
	case Apply:
		if m.page.kind == pageDraft && m.page.ask == 0 && m.page.draft.YAML != "" {
			return m.apply()
		}
	}
	return m, nil
}

// paper is the page that is open, with the newest of what it is about.
func (m Model) paper() *paper.Paper {
	switch m.page.kind {
	case pageDraft:
		return m.draftPaper()
	case pageYAML:
		p := paper.New(m.theme, m.width, m.page.title)
		m.pending(p, "asking the mesh")
		earlier := m.page.draft.Before
		if m.page.text() == earlier {
			earlier = ""
		}
		p.Code(m.page.text(), earlier)
		return p
	case pageDetails, pageWhy, pageNone:
	}
	for _, r := range m.rows {
		if r.key != m.page.key || r.key == "" {
			continue
		}
		switch {
		case m.page.kind == pageWhy:
			return m.whyPaper(r)
		case r.kind == rowWorkload:
			return m.workloadPaper(m.state.Workloads[r.at])
		case r.kind == rowChange:
			return m.changePaper(m.state.Changes[r.at])
		case r.service >= 0:
			return m.servicePaper(&m.state.Services[r.service])
		}
	}
	p := paper.New(m.theme, m.width, "the mesh")
	p.Text(m.theme.Muted, "it is not there any more")
	return p
}

package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// names are the services whose lines can be shown, each once.
func (m Model) names() []string {
	var out []string
	for _, s := range m.snapshot.Services {
		if !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}

// pick shows or hides the lines of the chosen service, or shows all again. None
// chosen means all: a screen that can only be empty is of no use.
func (m Model) pick(i intent.Intent) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	if i == All {
		m.logs, cmd = m.logs.WithServices()
		return m, cmd
	}
	names, at := m.names(), m.overlay.choice
	if at < 0 || at >= len(names) {
		return m, nil
	}
	shown := slices.Clone(m.logs.Query().Services)
	if had := slices.Index(shown, names[at]); had >= 0 {
		shown = slices.Delete(shown, had, had+1)
	} else {
		shown = append(shown, names[at])
	}
	m.logs, cmd = m.logs.WithServices(shown...)
	return m, cmd
}

// picks are the services, those that are shown marked.
func (m Model) picks(p *page) {
	shown := m.logs.Query().Services
	for i, name := range m.names() {
		mark, style := "  ", m.theme.Text
		if i == m.overlay.choice {
			mark, style = " "+m.theme.Accent.Paint("▸"), m.theme.Strong
		}
		sign := m.theme.Faint.Paint(theme.SignWaiting)
		if len(shown) == 0 || slices.Contains(shown, name) {
			sign = m.theme.Well.Paint(theme.SignWell)
		}
		p.lines = append(p.lines, mark+sign+" "+style.Paint(layout.Cut(name, p.width-6)))
	}
}

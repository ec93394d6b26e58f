package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// option is an entry of a list of which some are shown.
type option struct {
	label string
	shown bool
}

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

// options are the entries of the list that is open.
func (m Model) options() []option {
	var out []option
	switch m.overlay.kind { //nolint:exhaustive // the others are no such lists
	case overlayPick:
		shown := m.logs.Services()
		for _, name := range m.names() {
			out = append(out, option{name, len(shown) == 0 || slices.Contains(shown, name)})
		}
	case overlayLevels:
		for i := range int(store.LevelFatal) {
			l := levelAt(i)
			label := l.String()
			if l == store.LevelInfo {
				label += ", and lines that do not say"
			}
			out = append(out, option{label, m.logs.Shows(l)})
		}
	case overlayFrom:
		for i, name := range m.logs.Origins() {
			out = append(out, option{name, i == m.logs.Origin()})
		}
	}
	return out
}

// levelAt is the level of a row: the gravest is first.
func levelAt(row int) store.Level { return store.LevelFatal - store.Level(row) }

// pick shows or hides the lines of what is chosen, or shows all again. None
// chosen means all: a screen that can only be empty is of no use.
func (m Model) pick(i intent.Intent) (tea.Model, tea.Cmd) {
	at, n := m.overlay.choice, len(m.options())
	if i != All && (at < 0 || at >= n) {
		return m, nil
	}
	var cmd tea.Cmd
	switch m.overlay.kind { //nolint:exhaustive // the others are no such lists
	case overlayPick:
		m.logs, cmd = m.logs.WithServices(m.toggled(i)...)
	case overlayLevels:
		switch i {
		case All:
			m.logs, cmd = m.logs.WithLevel(store.LevelUnknown)
		case Worse:
			m.logs, cmd = m.logs.WithLevel(levelAt(at))
		default:
			m.logs, cmd = m.logs.WithLevelToggled(levelAt(at))
		}
	case overlayFrom:
		m.overlay = overlay{}
		m.logs, cmd = m.logs.WithOrigin(at)
	}
	return m.heard(), cmd
}

// toggled are the services shown after one is shown or hidden.
func (m Model) toggled(i intent.Intent) []string {
	if i == All {
		return nil
	}
	name := m.names()[m.overlay.choice]
	shown := slices.Clone(m.logs.Services())
	if had := slices.Index(shown, name); had >= 0 {
		return slices.Delete(shown, had, had+1)
	}
	return append(shown, name)
}

// picks are the entries, those that are shown marked.
func (m Model) picks(p *page) {
	for i, o := range m.options() {
		mark, style := "  ", m.theme.Text
		if i == m.overlay.choice {
			mark, style = " "+m.theme.Mark(true), m.theme.Strong
		}
		sign := m.theme.Faint.Paint(theme.SignWaiting)
		if o.shown {
			sign = m.theme.Well.Paint(theme.SignWell)
		}
		p.lines = append(p.lines, mark+sign+" "+style.Paint(layout.Cut(o.label, p.width-6)))
	}
}

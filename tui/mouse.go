package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
)

// wheelStep is how many lines a notch of the wheel moves.
const wheelStep = 3

// click turns a click into what it is on: a tab or a line of the screen.
func (m Model) click(at tea.Mouse) (tea.Model, tea.Cmd) {
	line := at.Y - bodyTop
	if at.Button != tea.MouseLeft || line < 0 || line >= m.bodyHeight() {
		return m, nil
	}
	m.services = m.services.Click(line)
	return m, nil
}

func (m Model) wheel(at tea.Mouse) (tea.Model, tea.Cmd) {
	way := intent.Down
	if at.Button == tea.MouseWheelUp {
		way = intent.Up
	}
	var cmds []tea.Cmd
	for range wheelStep {
		var cmd tea.Cmd
		m, cmd = m.handle(way)
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

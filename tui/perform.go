package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
)

// perform carries out an intent.
func (m Model) perform(i intent.Intent) (tea.Model, tea.Cmd) {
	switch i {
	case Quit:
		m.outcome = OutcomeQuit
		if m.running() {
			m.outcome = OutcomeLeft
		}
		return m, tea.Quit
	case Interrupt:
		m.outcome = OutcomeQuit
		if m.running() {
			m.outcome = OutcomeInterrupted
		}
		return m, tea.Quit
	case intent.Filter:
		m.prompt.editing = true
		return m, nil
	}
	return m.handle(i)
}

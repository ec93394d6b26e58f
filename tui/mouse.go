package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// wheelStep is how many lines a notch of the wheel moves.
const wheelStep = 3

// click turns a click into what it is on: a tab, an answer, or a line of the
// screen.
func (m Model) click(at tea.Mouse) (tea.Model, tea.Cmd) {
	if at.Button != tea.MouseLeft {
		return m, nil
	}
	if at.Y == 1 {
		t, ok := m.tabAt(at.X)
		switch {
		case !ok:
			return m, nil
		case t.off != "":
			return m.say(t.off), nil
		}
		return m.show(t.screen)
	}
	line := at.Y - bodyTop
	if line < 0 || line >= m.bodyHeight() {
		return m, nil
	}
	if m.overlay.kind != overlayNone {
		return m.overlayClick(line)
	}
	return m.bodyClick(at.X, line)
}

// bodyClick puts the screen's cursor on a line; a click on the line that the
// cursor is on already opens it.
func (m Model) bodyClick(x, line int) (tea.Model, tea.Cmd) {
	switch m.screen {
	case ScreenServices:
		var again bool
		if m.services, again = m.services.Click(line); again {
			return m.opened(Details), nil
		}
	case ScreenLogs:
		m.logs = m.logs.Click(line)
	case ScreenQueues:
		var cmd tea.Cmd
		m.queues, cmd = m.queues.Click(x, line)
		return m.told(), cmd
	case ScreenEvents:
		m.events = m.events.Click(line)
	case ScreenGPU, ScreenMesh:
	}
	return m, nil
}

// overlayClick chooses an answer of a dialog or an entry of the palette.
func (m Model) overlayClick(line int) (tea.Model, tea.Cmd) {
	switch m.overlay.kind {
	case overlayConfirm, overlayQuit:
		first := m.bodyHeight() - len(m.choices())
		if line < first {
			return m, nil
		}
		m.overlay.choice = line - first
		return m.accept()
	case overlayPick:
		m.overlay.choice = layout.Clamp(m.overlay.offset+line-1, 0, max(len(m.names())-1, 0))
		return m.pick(Toggle)
	case overlayEndpoints:
		m.overlay.choice = layout.Clamp((m.overlay.offset+line-1)/2, 0, max(len(m.snapshot.Endpoints)-1, 0))
	case overlayNone, overlayDetails, overlayWhy, overlayHelp, overlayFields, overlayPalette:
	}
	return m, nil
}

// wheel scrolls what lies on top.
func (m Model) wheel(at tea.Mouse) (tea.Model, tea.Cmd) {
	way, by := intent.Down, wheelStep
	if at.Button == tea.MouseWheelUp {
		way, by = intent.Up, -wheelStep
	}
	if m.overlay.kind != overlayNone {
		return m.overlayMove(by), nil
	}
	var cmds []tea.Cmd
	for range wheelStep {
		var cmd tea.Cmd
		m, cmd = m.handle(way)
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

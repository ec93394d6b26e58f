package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/logs"
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
		return m.logClick(x, line)
	case ScreenQueues:
		var cmd tea.Cmd
		m.queues, cmd = m.queues.Click(x, line)
		return m.told(), cmd
	case ScreenEvents:
		m.events = m.events.Click(line)
	case ScreenGPU:
		var cmd tea.Cmd
		m.gpu, cmd = m.gpu.Click(line)
		return m.told(), cmd
	case ScreenMesh:
		var cmd tea.Cmd
		m.mesh, cmd = m.mesh.Click(line)
		return m.told(), cmd
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
	case overlayPick, overlayLevels, overlayFrom:
		m.overlay.choice = layout.Clamp(m.overlay.offset+line-1, 0, max(len(m.options())-1, 0))
		return m.pick(Toggle)
	case overlayFields:
		m.overlay.choice = layout.Clamp(m.overlay.offset+line-1, 0, max(m.choiceCount()-1, 0))
	case overlayEndpoints:
		m.overlay.choice = layout.Clamp((m.overlay.offset+line-1)/2, 0, max(len(m.snapshot.Endpoints)-1, 0))
	case overlayNone, overlayDetails, overlayWhy, overlayHelp, overlayPalette:
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

// logClick clicks on the logs screen; what that asks of the frame is done.
func (m Model) logClick(x, line int) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	var i intent.Intent
	m.logs, cmd, i = m.logs.Click(x, line)
	m = m.heard()
	switch i {
	case "":
		return m, cmd
	case logs.PickServices:
		i = Pick
	}
	next, more := m.perform(i)
	return next, tea.Batch(cmd, more)
}

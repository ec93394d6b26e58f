package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/layout"
)

// bodyTop is the line on which a screen begins: below the top line, the tabs
// and the rule.
const bodyTop = 3

// low is the height below which the lower rule is left out.
const low = 16

// View draws the frame and the screen in it.
func (m Model) View() tea.View {
	v := tea.NewView(strings.Join(m.lines(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "diorama"
	if m.snapshot.Environment != "" {
		v.WindowTitle += " · " + m.snapshot.Environment
	}
	if !m.deps.options.NoMouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// lines are the whole frame: exactly as many lines as the terminal is high.
func (m Model) lines() []string {
	lines := []string{m.topLine(), m.tabLine(), m.theme.Faint.Paint(layout.Rule(m.width))}
	lines = append(lines, m.overlaid(m.body())...)
	if m.height >= low {
		lines = append(lines, m.theme.Faint.Paint(layout.Rule(m.width)))
	}
	return layout.Fill(append(lines, m.bottomLine()), m.width, m.height)
}

// bodyHeight is how many lines a screen has.
func (m Model) bodyHeight() int {
	h := m.height - bodyTop - 1
	if m.height >= low {
		h--
	}
	return max(h, 0)
}

func (m Model) body() []string {
	switch m.screen {
	case ScreenServices:
		return m.services.View()
	case ScreenLogs:
		return m.logs.View()
	case ScreenQueues:
		return m.queues.View()
	case ScreenEvents:
		return m.events.View()
	case ScreenGPU:
		return m.gpu.View()
	case ScreenMesh:
		return m.mesh.View()
	}
	return layout.Fill([]string{"", m.theme.Muted.Paint("   waiting for the environment")}, m.width, m.bodyHeight())
}

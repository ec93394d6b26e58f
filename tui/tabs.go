package tui

import (
	"github.com/diorama-dev/diorama/tui/layout"
)

// tab is an entry of the tab line.
type tab struct {
	key    string
	title  string
	screen Screen
	off    string // why there is no such screen; empty: there is
}

// tabs are all screens, by their number.
func (m Model) tabs() []tab {
	queues, gpus, net := "", "", ""
	if m.queues.Empty() {
		queues = "no stack of this environment has queues: `diorama stacks` lists those that do"
	}
	if m.gpu.Empty() {
		gpus = "no GPUs in this environment: they are given to nodes of a cluster, and it runs without one"
	}
	if m.mesh.Empty() {
		net = "no mesh in this environment: add istio to the profile's stacks"
	}
	return []tab{
		{key: "1", title: "Services", screen: ScreenServices},
		{key: "2", title: "Queues", screen: ScreenQueues, off: queues},
		{key: "3", title: "Logs", screen: ScreenLogs},
		{key: "4", title: "GPU", screen: ScreenGPU, off: gpus},
		{key: "5", title: "Events", screen: ScreenEvents},
		{key: "6", title: "Mesh", screen: ScreenMesh, off: net},
	}
}

// span is where a tab lies on its line, in cells.
type span struct {
	tab      tab
	text     string
	from, to int
}

// spans lays the tabs out; on a narrow terminal only the open one has its title.
func (m Model) spans() []span {
	var out []span
	x := 1
	for _, t := range m.tabs() {
		text := t.key + " " + t.title
		if m.width < 60 && t.screen != m.screen {
			text = t.key
		}
		w := layout.Width(text)
		out = append(out, span{tab: t, text: text, from: x, to: x + w})
		x += w + 2
	}
	return out
}

// tabAt is the tab at a column.
func (m Model) tabAt(x int) (tab, bool) {
	for _, s := range m.spans() {
		if x >= s.from && x < s.to {
			return s.tab, true
		}
	}
	return tab{}, false
}

func (m Model) tabLine() string {
	line := " "
	for i, s := range m.spans() {
		if i > 0 {
			line += "  "
		}
		style := m.theme.Muted
		switch {
		case s.tab.screen == m.screen:
			style = m.theme.Accent
		case s.tab.off != "":
			style = m.theme.Faint
		}
		line += style.Paint(s.text)
	}
	note := m.tabNote(m.width - layout.Width(line) - 3)
	if layout.Width(line)+layout.Width(note)+2 > m.width {
		note = ""
	}
	return layout.Between(line, note, m.width)
}

// tabNote is the text on the right of the tabs, of so many cells: what the
// screen says of its data, and the filter that applies.
func (m Model) tabNote(room int) string {
	note := ""
	if status := m.status(room); status != "" {
		note = m.theme.Muted.Paint(status) + " "
	}
	if m.prompt.text != "" && m.screen != ScreenLogs {
		note = m.theme.Accent.Paint("/ ") + m.theme.Text.Paint(m.prompt.text) + "   " + note
	}
	return note
}

// status is what the screen says of its data, beside the tabs.
func (m Model) status(room int) string {
	switch m.screen {
	case ScreenLogs:
		return m.logs.Status()
	case ScreenQueues:
		return m.queues.Status()
	case ScreenGPU:
		return m.gpu.Status(room)
	case ScreenMesh:
		return m.mesh.Status(room)
	case ScreenServices, ScreenEvents:
	}
	return ""
}

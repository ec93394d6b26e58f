package start

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

const (
	// listTop is the line on which the list begins: below the top line and the rule.
	listTop = 2
	// low is the height below which nothing more is told of the chosen entry.
	low = 14
	// detailHeight is how many lines that takes, with its rule.
	detailHeight = 4
	// narrow is the width below which entries have two columns only.
	narrow = 64
)

// View draws the screen.
func (m Model) View() tea.View {
	v := tea.NewView(strings.Join(m.lines(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "diorama"
	if !m.options.NoMouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

// lines are the whole screen: exactly as many lines as the terminal is high.
func (m Model) lines() []string {
	lines := []string{m.topLine(), m.theme.Faint.Paint(layout.Rule(m.width))}
	list, _, _ := m.list()
	lines = append(lines, layout.Fill(layout.Slice(list, m.offset, m.listHeight()), m.width, m.listHeight())...)
	if m.height >= low {
		lines = append(lines, m.theme.Faint.Paint(layout.Rule(m.width)))
		lines = append(lines, layout.Fill(m.detail(), m.width, detailHeight-1)...)
	}
	return layout.Fill(append(lines, m.bottomLine()), m.width, m.height)
}

// listHeight is how many lines of the list are shown.
func (m Model) listHeight() int {
	h := m.height - listTop - 1
	if m.height >= low {
		h -= detailHeight
	}
	return max(h, 0)
}

func (m Model) topLine() string {
	count := map[string]int{}
	for _, e := range m.entries {
		count[e.group]++
	}
	right := "no environment yet"
	if n := count[groupEnvironments]; n > 0 {
		right = layout.Plural(n, "environment")
	}
	right += ", " + layout.Plural(count[groupProfiles], "profile") + " "
	return layout.Between(" "+m.theme.Accent.Paint("diorama"), m.theme.Muted.Paint(right), m.width)
}

// list are all lines of the list, and those of them that the chosen entry needs
// in sight: its own, and the heading above where it is the first.
func (m Model) list() (lines []string, first, last int) {
	for i, e := range m.entries {
		at := len(lines)
		if i == 0 || m.entries[i-1].group != e.group {
			if i > 0 {
				lines = append(lines, "")
			}
			lines = append(lines, " "+m.theme.Accent.Paint(m.heading(e.group)))
		}
		if i == m.at {
			first, last = at, len(lines)
		}
		lines = append(lines, m.row(e, i == m.at))
	}
	return lines, first, last
}

func (m Model) heading(group string) string {
	if group == groupEnvironments {
		return layout.Cut("Environments that are there", m.width-2)
	}
	return layout.Cut("Profiles to bring one about from", m.width-2)
}

// entryAt is the entry of a line of the list; below zero: none.
func (m Model) entryAt(line int) int {
	at := 0
	for i, e := range m.entries {
		if i == 0 {
			at++
		} else if m.entries[i-1].group != e.group {
			at += 2
		}
		if at == line {
			return i
		}
		at++
	}
	return -1
}

// row draws an entry: its name, what it is, and how it is or what is in it.
func (m Model) row(e entry, chosen bool) string {
	names, states := 0, 0
	for _, other := range m.entries {
		names = max(names, layout.Width(other.name))
		states = max(states, layout.Width(other.state))
	}
	mark, name := "  ", m.theme.Text
	if chosen {
		mark, name = " "+m.theme.Mark(true), m.theme.Strong
	}
	if e.off != "" {
		name = m.theme.Faint
	}
	left := mark + m.sign(e) + " " + name.Paint(layout.Fit(e.name, min(names, max(m.width-5, 0), 28)))
	room := m.width - layout.Width(left) - 3
	if m.width >= narrow {
		state := layout.Fit(e.state, min(states, m.width/3))
		about := layout.Fit(e.about, room-layout.Width(state)-2)
		return left + "  " + m.theme.Text.Paint(about) + "  " + m.theme.Muted.Paint(state)
	}
	if e.group == groupEnvironments {
		return left + "  " + m.theme.Muted.Paint(layout.Cut(e.state, room))
	}
	return left + "  " + m.theme.Muted.Paint(layout.Cut(e.about, room))
}

// sign is the painted sign of an environment's phase.
func (m Model) sign(e entry) string {
	switch {
	case e.group == groupProfiles:
		return " "
	case e.phase == "":
		return m.theme.Faint.Paint(theme.Unknown)
	}
	return m.theme.Phase(e.phase)
}

// detail says all of the chosen entry, or asks about it.
func (m Model) detail() []string {
	e, ok := m.chosen()
	if !ok {
		return nil
	}
	about, more := m.theme.Text.Paint(layout.Cut(e.about, m.width-2)), e.state
	switch {
	case m.asking:
		about, more = m.theme.Strong.Paint(layout.Cut(e.name+" is stopped. Start it again?", m.width-2)), ""
	case e.off != "":
		more = "cannot be used: " + e.off
	case e.group == groupEnvironments && e.phase == "":
		more = "nobody watches it now; its UI does"
	case e.group == groupProfiles:
		more = "stacks: " + e.state
	}
	return []string{" " + about, " " + m.theme.Muted.Paint(layout.Cut(more, m.width-2)), m.command(e.command)}
}

// command is what does the same on a command line.
func (m Model) command(text string) string {
	return " " + m.theme.Faint.Paint("$ ") + m.theme.Muted.Paint(layout.Cut(text, m.width-4))
}

// bottomLine says what the keys do, or why one did nothing; where there is no
// room above it, it also asks.
func (m Model) bottomLine() string {
	if m.notice != "" {
		return m.theme.Unwell.Paint(layout.Fit(" "+m.notice, m.width))
	}
	line := " "
	if e, ok := m.chosen(); ok && m.asking && m.height < low {
		line += m.theme.Strong.Paint("Start "+e.name+"?") + "  "
	}
	for _, b := range m.bindings() {
		if b.Hint != "" {
			line += m.theme.Strong.Paint(b.Key()) + " " + m.theme.Muted.Paint(b.Hint) + "  "
		}
	}
	if !m.asking {
		line += m.theme.Strong.Paint("↑ ↓") + " " + m.theme.Muted.Paint("choose")
	}
	return layout.Fit(line, m.width)
}

package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// paletteHeight is how many commands the palette shows at most.
const paletteHeight = 10

// command is an entry of the palette.
type command struct {
	intent.Binding
	about string // the service it is for
}

// commands are the entries that match what was typed: every binding that can
// be had from here, in the order of the help.
func (m Model) commands() []command {
	var all []command
	add := func(about string, list []intent.Binding) {
		for _, b := range list {
			taken := slices.ContainsFunc(all, func(c command) bool { return c.Intent == b.Intent })
			if b.Intent != Palette && b.Intent != Back && !taken {
				all = append(all, command{Binding: b, about: about})
			}
		}
	}
	about := ""
	if s, ok := m.subject(); ok {
		about = s.Name
	}
	lists := intent.Effective(m.screenBindings(), m.serviceBindings(), m.globalBindings())
	add("", lists[0])
	if about != "" {
		add(about, lists[1])
	}
	add("", lists[2])
	words := strings.Fields(strings.ToLower(m.overlay.prompt.text))
	return slices.DeleteFunc(all, func(c command) bool {
		name := strings.ToLower(c.Help + " " + c.about)
		return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(name, w) })
	})
}

// paletteKey edits what is looked for, moves the choice, or carries it out.
func (m Model) paletteKey(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	list := m.commands()
	switch k.String() {
	case "esc":
		return m.back()
	case "up", "ctrl+p", "down", "ctrl+n", "pgup", "pgdown":
		key := strings.NewReplacer("ctrl+p", "up", "ctrl+n", "down").Replace(k.String())
		b, _ := intent.Find(key, intent.Moves())
		by, _ := intent.Step(b.Intent, paletteHeight)
		return m.overlayMove(by), nil
	case "enter":
		at := m.overlay.choice
		if at < 0 || at >= len(list) {
			return m, nil
		}
		m.overlay = overlay{}
		return m.choose(list[at].Binding)
	}
	m.overlay.prompt, m.overlay.choice = m.overlay.prompt.typed(k), 0
	return m, nil
}

// paletteLines draw the palette: what is typed, and the commands it matches.
func (m Model) paletteLines() []string {
	list := m.commands()
	lines := []string{" " + m.theme.Accent.Paint(":") + " " + m.overlay.prompt.text + m.theme.Hit.Paint(" ")}
	if len(list) == 0 {
		return append(lines, m.theme.Muted.Paint("   no command is called that"))
	}
	room := layout.Clamp(m.bodyHeight()-2, 1, paletteHeight)
	from := layout.Scroll(0, room, len(list), m.overlay.choice, m.overlay.choice)
	for i := from; i < min(from+room, len(list)); i++ {
		lines = append(lines, m.commandLine(list[i], i == m.overlay.choice))
	}
	return lines
}

func (m Model) commandLine(c command, chosen bool) string {
	mark, style := "  ", m.theme.Text
	if chosen {
		mark, style = " "+m.theme.Mark(true), m.theme.Strong
	}
	note := ""
	if c.Off != "" {
		style, note = m.theme.Faint, c.Off
	}
	text := c.Help
	if c.about != "" {
		text += " · " + c.about
	}
	keyWidth := 10
	left := mark + " " + m.theme.Accent.Paint(layout.Fit(c.Key(), keyWidth)) + style.Paint(layout.Cut(text, m.width-keyWidth-4))
	if room := m.width - layout.Width(left) - 4; room > 12 && note != "" {
		left += "   " + m.theme.Faint.Paint(layout.Cut(note, room))
	}
	return left
}

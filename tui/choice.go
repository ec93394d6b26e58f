package tui

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// choice is an answer of a dialog. The first one changes nothing.
type choice struct {
	key    string
	label  string
	note   string
	intent intent.Intent
}

// choices are the answers of the dialog that is open.
func (m Model) choices() []choice {
	name := m.snapshot.Environment
	switch {
	case m.overlay.kind == overlayQuit:
		return []choice{
			{"k", "keep waiting", "the steps go on", Back},
			{"l", "leave it running", "the steps go on in the background; `diorama ui` comes back to them", Leave},
			{"D", "take it down", "stops the steps and deletes what they made", TakeDown},
		}
	case m.overlay.pending == AskStop:
		return []choice{
			{"n", "no, keep it running", "", Back},
			{"y", "yes, stop " + name, "data, ports and credentials are kept; `diorama start` goes on", Stop},
		}
	case m.overlay.pending == AskDown:
		return []choice{
			{"n", "no, keep it", "", Back},
			{"y", "yes, take " + name + " down", "deletes all of it, its data included", TakeDown},
		}
	}
	return nil
}

// question is what the dialog that is open asks.
func (m Model) question() string {
	name := m.snapshot.Environment
	switch {
	case m.overlay.kind == overlayQuit:
		done := 0
		for _, s := range m.snapshot.Steps {
			if s.Phase.Ended() {
				done++
			}
		}
		return name + " is still coming up: " + layout.Count(int64(done)) + " of " + layout.Plural(len(m.snapshot.Steps), "step") + " are done"
	case m.overlay.pending == AskStop:
		return "Stop " + name + "?"
	default:
		return "Take " + name + " down? This deletes its data."
	}
}

// choiceCount is how many answers or entries there are to choose from.
func (m Model) choiceCount() int {
	switch m.overlay.kind {
	case overlayConfirm, overlayQuit:
		return len(m.choices())
	case overlayPalette:
		return len(m.commands())
	case overlayEndpoints:
		return len(m.snapshot.Endpoints)
	case overlayPick, overlayLevels, overlayFrom:
		return len(m.options())
	case overlayFields:
		return len(m.overlay.rows)
	case overlayNone, overlayDetails, overlayWhy, overlayHelp:
	}
	return 0
}

// accept carries out the chosen answer.
func (m Model) accept() (tea.Model, tea.Cmd) {
	list := m.choices()
	if m.overlay.choice < 0 || m.overlay.choice >= len(list) {
		return m, nil
	}
	return m.perform(list[m.overlay.choice].intent)
}

// choiceLines draw a dialog: the question and its answers.
func (m Model) choiceLines() []string {
	lines := []string{" " + m.theme.Strong.Paint(layout.Cut(m.question(), m.width-2))}
	labels := 0
	for _, c := range m.choices() {
		labels = max(labels, layout.Width(c.label))
	}
	for i, c := range m.choices() {
		mark, label := "  ", m.theme.Text
		if i == m.overlay.choice {
			mark, label = " "+m.theme.Mark(true), m.theme.Strong
		}
		line := mark + " " + m.theme.Accent.Paint(c.key) + "  " + label.Paint(layout.Fit(c.label, min(labels, m.width-6)))
		if room := m.width - layout.Width(line) - 4; c.note != "" && room > 12 {
			line += "   " + m.theme.Muted.Paint(layout.Cut(c.note, room))
		}
		lines = append(lines, line)
	}
	return lines
}

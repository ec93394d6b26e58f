package queues

import (
	"fmt"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// span is where a broker lies on its line, in cells.
type span struct {
	stack    string // empty: all
	sign     string // painted
	text     string
	from, to int
}

// spans lays the brokers out. Where there is no room for all names, only the
// chosen one has its own.
func (m Model) spans() []span {
	for detail := 2; ; detail-- {
		out := m.spansOf(detail)
		if detail == 0 || len(out) == 0 || out[len(out)-1].to < m.width {
			return out
		}
	}
}

func (m Model) spansOf(detail int) []span {
	var out []span
	x := 1
	if m.width >= narrow {
		x = 1 + layout.Width(brokerTitle)
	}
	add := func(s span, gap int) {
		s.from = x
		s.to = x + layout.Width(s.text)
		if s.sign != "" {
			s.to += 1 + min(layout.Width(s.text), 1)
		}
		x = s.to + gap
		out = append(out, s)
	}
	if len(m.tracks) > 1 {
		add(span{text: "all"}, 2+detail)
	}
	for _, t := range m.tracks {
		b := t.broker
		text := layout.Safe(b.Stack)
		if detail == 2 && b.Nodes.Known > 0 {
			text += fmt.Sprintf(" %d of %d", b.Nodes.Answering, b.Nodes.Known)
		}
		if detail == 0 && b.Stack != m.view.stack && len(m.tracks) > 1 {
			text = ""
		}
		add(span{stack: b.Stack, sign: m.sign(b), text: text}, 2+detail)
	}
	return out
}

const brokerTitle = "BROKER    "

// sign is the painted sign of a broker's phase.
func (m Model) sign(b *queue.Broker) string {
	switch b.Phase {
	case queue.PhaseAnswering:
		if len(b.Alarms) > 0 || b.Nodes.Answering < b.Nodes.Known {
			return m.theme.Working.Paint(theme.SignWorking)
		}
		return m.theme.Well.Paint(theme.SignWell)
	case queue.PhaseSilent:
		return m.theme.Unwell.Paint(theme.SignUnwell)
	case queue.PhaseConnecting:
		return m.theme.Working.Paint(theme.SignWorking)
	}
	return m.theme.Faint.Paint(theme.SignWaiting)
}

// brokerLine is the line of brokers: how each is, and which are shown.
func (m Model) brokerLine() string {
	line := " "
	if m.width >= narrow {
		line += m.theme.Muted.Paint(brokerTitle)
	}
	for _, s := range m.spans() {
		line += layout.Space(s.from - layout.Width(line))
		if s.sign != "" {
			line += s.sign
			if s.text != "" {
				line += " "
			}
		}
		style := m.theme.Muted
		if s.stack == m.view.stack {
			style = m.theme.Accent
		}
		line += style.Paint(s.text)
	}
	return layout.Fit(line, m.width)
}

// brokerAt is the broker at a column of the line.
func (m Model) brokerAt(x int) (string, bool) {
	for _, s := range m.spans() {
		if x >= s.from && x < s.to {
			return s.stack, true
		}
	}
	return "", false
}

// troubles are lines for the brokers that need a person: since when they do not
// answer and why, and what they say is wrong themselves.
func (m Model) troubles() []string {
	most := 3
	if m.height < tall {
		most = 1
	}
	var lines []string
	for _, t := range m.tracks {
		b := t.broker
		if m.view.stack != "" && b.Stack != m.view.stack {
			continue
		}
		lines = append(lines, m.trouble(b)...)
	}
	if more := len(lines) - most; more > 0 {
		lines = lines[:most]
		lines[most-1] = layout.Between(lines[most-1], m.theme.Muted.Paint(fmt.Sprintf("and %d more ", more)), m.width)
	}
	return lines
}

func (m Model) trouble(b *queue.Broker) []string {
	name := layout.Safe(b.Stack)
	line := func(style theme.Style, text string) string {
		return " " + m.sign(b) + " " + style.Paint(layout.Cut(name+": "+layout.Safe(text), m.width-4))
	}
	silence := func(text string) string {
		if !b.Since.IsZero() {
			text += " for " + layout.LongAge(m.now.Sub(b.Since))
		}
		if b.Why != "" {
			text += ": " + b.Why
		}
		if !b.Sampled.At.IsZero() && len(b.Queues) > 0 {
			text += " · what is shown is " + layout.LongAge(m.now.Sub(b.Sampled.At)) + " old"
		}
		return text
	}
	var lines []string
	switch b.Phase {
	case queue.PhaseSilent:
		lines = append(lines, line(m.theme.Unwell, silence("no answer")))
	case queue.PhaseConnecting:
		lines = append(lines, line(m.theme.Working, silence("no answer yet")))
	case queue.PhaseAnswering:
		if b.Nodes.Answering < b.Nodes.Known {
			lines = append(lines, line(m.theme.Working, fmt.Sprintf("%d of %s answer", b.Nodes.Answering, layout.Plural(b.Nodes.Known, "node"))))
		}
	}
	for _, a := range b.Alarms {
		lines = append(lines, line(m.theme.Working, a))
	}
	return lines
}

// Status says how new the numbers are, for the frame.
func (m Model) Status() string {
	if m.watch.over {
		return "not watched any more"
	}
	name, at := "", m.now
	for _, t := range m.tracks {
		b := t.broker
		if m.view.stack != "" && b.Stack != m.view.stack || !t.live() {
			continue
		}
		if b.Sampled.At.Before(at) || name == "" {
			name, at = layout.Safe(b.Stack), b.Sampled.At
		}
	}
	switch {
	case name == "":
		return ""
	case m.many():
		return "sampled " + ago(m.now.Sub(at))
	}
	return name + " · sampled " + ago(m.now.Sub(at))
}

package queues

import (
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

const (
	// narrow is the width below which the screen is a list of names and one
	// number.
	narrow = 60
	// tall is the height from which there is room for two lists.
	tall = 14
)

// heights are how many lines the parts of the screen have.
type heights struct {
	head    int // brokers and their troubles
	title   int // of a list
	topics  int // rows of the first list
	gap     int // before the second list
	readers int // rows of the second list
	why     int // lines that say what is wrong with what is chosen
}

// heights shares the screen out: queues have as many lines as there are of
// them, but leave two fifths to their readers. A low screen shows one list, the
// one that the keys move in.
func (m Model) heights() heights {
	h := heights{head: 1 + len(m.troubles())}
	if m.width >= narrow && m.height >= 6 {
		h.title = 1
	}
	if m.height >= tall {
		h.head++ // a blank
	}
	if m.whyChosen() != "" {
		h.why = 1
	}
	room := max(m.height-h.head-h.title-h.why, 0)
	switch {
	case m.view.focus == onGroups:
		h.topics = room
	case m.height < tall:
		h.topics, h.readers = room, room
	default:
		h.gap = 1
		h.topics = layout.Clamp(len(m.topics.shown), 1, max(room*3/5-h.gap-h.title, 1))
		h.readers = max(room-h.topics-h.gap-h.title, 0)
	}
	return h
}

// whyChosen says what is wrong with the queue or group that the cursor is on.
func (m Model) whyChosen() string {
	if m.view.focus == onGroups {
		if g, ok := chosen(m.view.groups, m.groups.shown); ok && g.status.Trouble != "" {
			return g.name + ": " + layout.Safe(g.status.Trouble)
		}
		return ""
	}
	if at := m.view.readers.at; m.view.focus == onReaders && at < len(m.readers) {
		if g := m.readers[at].group; g.status.Trouble != "" {
			return g.name + ": " + layout.Safe(g.status.Trouble)
		}
	}
	if t, ok := chosen(m.view.topics, m.topics.shown); ok && t.status.Trouble != "" {
		return t.name + ": " + layout.Safe(t.status.Trouble)
	}
	return ""
}

// whyLine draws it, where there is something to say.
func (m Model) whyLine() []string {
	text := m.whyChosen()
	if text == "" {
		return nil
	}
	return []string{" " + m.theme.Unwell.Paint(theme.SignUnwell+" "+layout.Cut(text, m.width-4))}
}

// View draws the screen: exactly as many lines as it is high.
func (m Model) View() []string {
	body := m.body()
	if m.form.kind == formNone {
		return layout.Fill(body, m.width, m.height)
	}
	sheet := append([]string{m.theme.Faint.Paint(layout.Rule(m.width))}, m.formLines()...)
	if len(sheet) >= m.height {
		sheet = layout.Slice(sheet, 1, m.height)
	}
	return append(layout.Fill(body, m.width, m.height-len(sheet)), layout.Fill(sheet, m.width, len(sheet))...)
}

func (m Model) body() []string {
	switch {
	case len(m.pages) > 0:
		return m.pageLines()
	case len(m.tracks) == 0:
		return []string{"", m.theme.Muted.Paint(layout.Cut("   "+m.nothing(), m.width))}
	}
	h := m.heights()
	lines := append(make([]string, 0, m.height+4), m.brokerLine())
	lines = append(lines, m.troubles()...)
	if m.height >= tall {
		lines = append(lines, "")
	}
	switch {
	case m.view.focus == onGroups:
		lines = append(lines, m.groupList(h)...)
	case m.height < tall && m.view.focus == onReaders:
		lines = append(lines, m.readerList(h)...)
	default:
		lines = append(lines, m.topicList(h)...)
	}
	if m.view.focus == onGroups || m.height < tall {
		return append(layout.Slice(lines, 0, m.height-h.why), m.whyLine()...)
	}
	lines = append(append(lines, ""), m.whyLine()...)
	return append(lines, m.readerList(h)...)
}

func (m Model) nothing() string {
	switch {
	case m.watch.over:
		return "the brokers are not watched any more; leave the screen and come back to try again"
	case m.watch.seen:
		return "no stack of this environment has queues"
	}
	return "asking the brokers"
}

// system is the kind of the brokers shown; empty where they are of several.
func (m Model) system() string {
	system := ""
	for i, t := range m.tracks {
		if m.view.stack != "" && t.broker.Stack != m.view.stack {
			continue
		}
		if system != "" && t.broker.System != system {
			return ""
		}
		system = m.tracks[i].broker.System
	}
	return system
}

// pen returns what a stack's rows are drawn with.
func (m Model) pen(stack string) pen {
	t, ok := m.track(stack)
	return pen{theme: m.theme, dim: !ok || !t.live() || m.watch.over, clock: t.clock, scale: m.scale, now: m.now}
}

// lead is the cursor, the sign and the name of a row.
func (m Model) lead(p pen, l label, width int, trouble, address bool) string {
	at, sign, name := " ", " ", m.theme.Text
	if p.dim {
		name = m.theme.Faint
	}
	if p.chosen {
		at, name = m.theme.Mark(true), m.theme.Strong
	}
	if trouble {
		sign = m.theme.Unwell.Paint(theme.SignUnwell)
	}
	text := l.name
	if address && m.many() {
		text = layout.Safe(l.key.Stack) + "/" + l.name
	}
	return at + sign + " " + name.Paint(layout.Fit(text, width))
}

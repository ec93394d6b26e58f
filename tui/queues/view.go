package queues

import (
	"fmt"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

const (
	// marker stands before the selected line.
	marker = "▸"
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
	room := max(m.height-h.head-h.title, 0)
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
		return append(lines, m.groupList(h)...)
	case m.height < tall && m.view.focus == onReaders:
		return append(lines, m.readerList(h)...)
	}
	lines = append(lines, m.topicList(h)...)
	if m.height < tall {
		return lines
	}
	lines = append(lines, "")
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
	return pen{theme: m.theme, dim: !ok || !t.live() || m.watch.over, clock: t.clock, scale: m.scale}
}

// lead is the cursor, the sign and the name of a row.
func (m Model) lead(p pen, l label, width int, trouble, address bool) string {
	at, sign, name := " ", " ", m.theme.Text
	if p.dim {
		name = m.theme.Faint
	}
	if p.chosen {
		at, name = m.theme.Accent.Paint(marker), m.theme.Strong
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

func (m Model) topicList(h heights) []string {
	cols, name := fit(m.columnsOfTopics(), m.width, m.scale.name)
	var lines []string
	if h.title > 0 {
		lines = append(lines, titles(m.theme, m.noun(), cols, name, m.view.order))
	}
	rows := m.topics.shown
	if len(rows) == 0 {
		return append(lines, m.theme.Muted.Paint(layout.Cut("   "+m.noTopic(), m.width)))
	}
	from := layout.Clamp(m.view.topics.offset, 0, len(rows))
	for i := from; i < min(from+h.topics, len(rows)); i++ {
		t := rows[i]
		p := m.pen(t.key.Stack)
		p.chosen = i == m.view.topics.at
		focused := p
		focused.chosen = p.chosen && m.view.focus == onTopics
		line := m.lead(p, t.label, name, t.status.Trouble != "", true)
		if p.chosen && !focused.chosen { // the other list has the keys
			line = m.theme.Muted.Paint(marker) + line[len(m.theme.Accent.Paint(marker)):]
		}
		lines = append(lines, line+cells(p, cols, t))
	}
	return lines
}

// columnsOfTopics are those of the systems shown; a narrow screen has the one
// number that matters.
func (m Model) columnsOfTopics() []column[*topic] {
	cols := topicColumns(m.system())
	if m.width >= narrow {
		return cols
	}
	for _, c := range cols {
		if c.by == byLag && c.sorts {
			return []column[*topic]{c}
		}
	}
	return nil
}

// noun is what the systems shown call what holds messages.
func (m Model) noun() string {
	switch m.system() {
	case "kafka", "rocketmq":
		return "TOPIC"
	case "redis":
		return "KEY"
	}
	return "QUEUE"
}

func (m Model) noTopic() string {
	switch {
	case m.view.filter != "":
		return "no queue's name holds “" + m.view.filter + "”"
	case m.scale.hidden > 0:
		return layout.Plural(m.scale.hidden, "internal queue") + ": i shows them"
	}
	return "no queues yet"
}

// readerList are the groups of the chosen queue.
func (m Model) readerList(h heights) []string {
	t, ok := chosen(m.view.topics, m.topics.shown)
	if !ok {
		return nil
	}
	var lines []string
	if t.status.Trouble != "" {
		text := layout.Cut(t.name+": "+layout.Safe(t.status.Trouble), m.width-4)
		lines = append(lines, " "+m.theme.Unwell.Paint(theme.SignUnwell+" "+text))
		h.readers--
	}
	if len(m.readers) == 0 {
		return append(lines, m.theme.Muted.Paint(layout.Cut("   "+unread(t), m.width)))
	}
	cols, name := fit(m.columnsOfGroups(false), m.width, m.scale.readerName)
	if h.title > 0 {
		lines = append(lines, titles(m.theme, "GROUP", cols, name, m.view.order))
	}
	from := layout.Clamp(m.view.readers.offset, 0, len(m.readers))
	for i := from; i < min(from+h.readers, len(m.readers)); i++ {
		r := m.readers[i]
		p := m.pen(r.group.key.Stack)
		p.chosen = i == m.view.readers.at && m.view.focus == onReaders
		lines = append(lines, m.lead(p, r.group.label, name, r.group.status.Trouble != "", false)+cells(p, cols, r))
	}
	return lines
}

// unread says of a queue that no group reads it, and who else does.
func unread(t *topic) string {
	switch t.status.Kind {
	case queue.KindExchange:
		return "an exchange holds nothing: it hands its messages on to queues"
	case queue.KindChannel:
		return "a channel holds nothing: who listens gets its messages, or nobody"
	case queue.KindTopic, queue.KindClassic, queue.KindQuorum, queue.KindStream, queue.KindList:
	}
	if n, ok := t.status.Consumers.Get(); ok {
		switch n {
		case 0:
			return "nobody reads " + t.name + " now"
		case 1:
			return "1 consumer reads " + t.name
		}
		return fmt.Sprintf("%d consumers read %s", n, t.name)
	}
	return "no group reads " + t.name
}

func (m Model) columnsOfGroups(all bool) []column[place] {
	cols := groupColumns(all, m.width >= 110)
	if m.width >= narrow {
		return cols
	}
	for _, c := range cols {
		if c.by == byLag && c.sorts {
			return []column[place]{c}
		}
	}
	return nil
}

// groupList are all groups of the brokers shown.
func (m Model) groupList(h heights) []string {
	cols, name := fit(m.columnsOfGroups(true), m.width, m.scale.groupName)
	var lines []string
	if h.title > 0 {
		lines = append(lines, titles(m.theme, "GROUP", cols, name, m.view.order))
	}
	rows := m.groups.shown
	if len(rows) == 0 {
		text := "no groups yet"
		if m.view.filter != "" {
			text = "no group's name holds “" + m.view.filter + "”"
		}
		return append(lines, m.theme.Muted.Paint(layout.Cut("   "+text, m.width)))
	}
	from := layout.Clamp(m.view.groups.offset, 0, len(rows))
	for i := from; i < min(from+h.topics, len(rows)); i++ {
		g := rows[i]
		p := m.pen(g.key.Stack)
		p.chosen = i == m.view.groups.at
		lines = append(lines, m.lead(p, g.label, name, g.status.Trouble != "", true)+cells(p, cols, placeOf(g)))
	}
	return lines
}

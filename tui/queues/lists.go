package queues

import (
	"fmt"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// topicList are the queues of the brokers shown.
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
			line = m.theme.Muted.Paint(theme.Marker) + line[len(m.theme.Mark(true)):]
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
		return stretched(cols, m.width)
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
	text := "no group reads " + t.name
	if n, ok := t.status.Consumers.Get(); ok {
		switch n {
		case 0:
			text = "nobody reads " + t.name + " now"
		case 1:
			text = "1 consumer reads " + t.name
		default:
			text = fmt.Sprintf("%d consumers read %s", n, t.name)
		}
	}
	return text + tide(t.status.Lag)
}

// tide says where what waits in a queue goes that is not read by groups.
func tide(l queue.WorstLag) string {
	switch outlook, seconds := (queue.GroupInQueue{Lag: l.Lag, Trend: l.Trend}).Outlook(); {
	case outlook == queue.OutlookIn:
		return ": it will be empty in " + lasting(seconds)
	case outlook == queue.OutlookNever && l.Trend.Or(0) > slight:
		return ": it grows by " + rate(l.Trend) + "/s"
	}
	return ""
}

func (m Model) columnsOfGroups(all bool) []column[place] {
	cols := groupColumns(all, m.width >= 110, m.system() == "redis")
	if m.width >= narrow {
		return stretched(cols, m.width)
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

package queues

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// The intents of the queues screen.
const (
	Open       intent.Intent = "open a queue or a group"
	Out        intent.Intent = "out of a page"
	NextBroker intent.Intent = "next broker"
	LastBroker intent.Intent = "previous broker"
	Switch     intent.Intent = "switch between queues and groups"
	AllGroups  intent.Intent = "all groups"
	Internal   intent.Intent = "internal queues"
	SortNext   intent.Intent = "sort by the next column"
	SortTrend  intent.Intent = "sort by trend"
	Address    intent.Intent = "copy a queue's address"
	Trace      intent.Intent = "log lines of a message's trace"
)

// Bindings are the keys of the screen.
func (m Model) Bindings() []intent.Binding {
	if len(m.pages) > 0 {
		return m.pageBindings()
	}
	one, internal, groups, trend := "", "show internal queues", "all groups", "sort by trend"
	if len(m.tracks) < 2 {
		one = "there is one broker"
		if len(m.tracks) == 0 {
			one = "there is no broker"
		}
	}
	if m.view.internal {
		internal = "hide internal queues"
	}
	if m.view.focus == onGroups {
		groups = "queues again"
	}
	if m.view.order == byTrend {
		trend = "sort by name"
	}
	list := []intent.Binding{
		{Keys: []string{"enter"}, Help: m.inside(), Intent: Open, Off: m.noneChosen(), Hint: m.inside()},
	}
	list = append(list, m.operations()...)
	return append(list,
		intent.Binding{Keys: []string{"t"}, Help: trend, Intent: SortTrend, Hint: trend},
		intent.Binding{Keys: []string{">", "."}, Label: ">", Help: "sort by the next column", Intent: SortNext, Hint: "sort"},
		intent.Binding{Keys: []string{"tab"}, Help: "to the groups of the queue, and back", Intent: Switch, Off: m.noReaders(), Hint: "groups"},
		intent.Binding{Keys: []string{"g"}, Help: groups, Intent: AllGroups, Hint: groups},
		intent.Binding{Keys: []string{"b", "right"}, Label: "b", Help: "next broker", Intent: NextBroker, Off: one, Hint: "broker"},
		intent.Binding{Keys: []string{"left"}, Label: "←", Help: "previous broker", Intent: LastBroker, Off: one},
		intent.Binding{Keys: []string{"i"}, Help: internal, Intent: Internal, Hint: "internal"},
	)
}

// inside says what Enter shows.
func (m Model) inside() string {
	if m.view.focus == onTopics {
		return "partitions"
	}
	return "members"
}

func (m Model) noReaders() string {
	if m.view.focus == onTopics && len(m.readers) == 0 {
		return "no group reads this queue"
	}
	if m.view.focus == onGroups {
		return "all groups are shown: g shows the queues"
	}
	return ""
}

func (m Model) noneChosen() string {
	if _, ok := chosen(m.view.groups, m.groups.shown); m.view.focus == onGroups && !ok {
		return "there is no group here"
	}
	if _, ok := chosen(m.view.topics, m.topics.shown); m.view.focus != onGroups && !ok {
		return "there is no queue here"
	}
	return ""
}

// Handle carries out an intent; one of another screen changes nothing.
func (m Model) Handle(i intent.Intent) (Model, tea.Cmd) {
	m.note = Note{}
	if len(m.pages) > 0 {
		return m.handlePage(i)
	}
	h := m.heights()
	if by, ok := intent.Step(i, h.page(m.view.focus)); ok {
		return m.move(by), nil
	}
	switch i {
	case intent.Next:
		return m.move(1), nil
	case intent.Previous:
		return m.move(-1), nil
	case NextBroker:
		return m.turn(1), nil
	case LastBroker:
		return m.turn(-1), nil
	case Switch:
		return m.focused(onReaders), nil
	case AllGroups:
		return m.focused(onGroups), nil
	case Internal:
		m.view.internal = !m.view.internal
		return m.settle(), nil
	case SortNext:
		return m.reordered((m.view.order + 1) % orders), nil
	case SortTrend:
		if m.view.order == byTrend {
			return m.reordered(byName), nil
		}
		return m.reordered(byTrend), nil
	}
	return m.operate(i)
}

// page is how many rows the list that the keys move in shows.
func (h heights) page(f focus) int {
	if f == onReaders {
		return h.readers
	}
	return h.topics
}

// focused gives the keys to a list, or back to the queues.
func (m Model) focused(f focus) Model {
	if m.view.focus == f {
		f = onTopics
	}
	m.view.focus = f
	if f == onReaders {
		return m.reveal()
	}
	return m.settle()
}

func (m Model) reordered(o order) Model { return m.sorted(o).say("sorted by " + o.String()) }

// move moves the cursor of the list that has the keys.
func (m Model) move(by int) Model {
	h := m.heights()
	switch m.view.focus {
	case onTopics:
		m.view.topics = put(m.view.topics, m.topics.shown, m.view.topics.at+by, h.topics)
	case onReaders:
		m.view.readers = put(m.view.readers, m.readers, m.view.readers.at+by, h.readers)
		return m
	case onGroups:
		m.view.groups = put(m.view.groups, m.groups.shown, m.view.groups.at+by, h.topics)
		return m
	}
	return m.reveal()
}

// turn goes to another broker; between the last and the first lie all of them.
func (m Model) turn(by int) Model {
	at := 0 // all
	for i, t := range m.tracks {
		if t.broker.Stack == m.view.stack {
			at = i + 1
		}
	}
	n := len(m.tracks) + 1
	return m.onlyBroker((at + by + n) % n)
}

func (m Model) onlyBroker(at int) Model {
	m.view.stack = ""
	if at > 0 {
		m.view.stack = m.tracks[at-1].broker.Stack
	}
	return m.settle()
}

// Click puts the cursor on what is drawn at a cell of the screen; a click on
// the row that the cursor is on opens it.
func (m Model) Click(x, line int) (Model, tea.Cmd) {
	m.note = Note{}
	switch {
	case m.Asking(): // what it asks is about what the cursor is on
		return m, nil
	case len(m.pages) > 0:
		return m.clickPage(line)
	}
	if line == 0 {
		if stack, ok := m.brokerAt(x); ok {
			m.view.stack = stack
			return m.settle(), nil
		}
		return m, nil
	}
	h := m.heights()
	at := line - h.head - h.title
	if m.height < tall && m.view.focus == onReaders {
		return m.clickReader(at)
	}
	if m.view.focus == onGroups {
		return m.clicked(at, h.topics, m.view.groups, len(m.groups.shown))
	}
	if at >= h.topics {
		return m.clickReader(at - h.topics - h.gap - h.title - h.why)
	}
	m.view.focus = onTopics
	return m.clicked(at, h.topics, m.view.topics, len(m.topics.shown))
}

func (m Model) clickReader(at int) (Model, tea.Cmd) {
	if at < 0 || m.view.readers.offset+at >= len(m.readers) {
		return m, nil
	}
	if m.view.focus != onReaders {
		m.view.focus = onReaders
		return m.move(m.view.readers.offset + at - m.view.readers.at), nil
	}
	return m.clicked(at, m.heights().readers, m.view.readers, len(m.readers))
}

// clicked moves the cursor of the list that has the keys to a row of its window,
// or opens the row where it is there already.
func (m Model) clicked(at, height int, l list, n int) (Model, tea.Cmd) {
	row := l.offset + at
	switch {
	case at < 0 || at >= height || row >= n:
		return m, nil
	case row == l.at:
		return m.operate(Open)
	}
	return m.move(layout.Clamp(row, 0, n-1) - l.at), nil
}

package queues

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
)

// pageKind is what a page shows.
type pageKind uint8

const (
	pageQueue   pageKind = iota // its partitions and its readers
	pageGroup                   // its members and its offsets
	pagePeek                    // messages of a queue
	pageMessage                 // one of them
	pageReset                   // what a reset of a group would change
)

// page is what was opened from a list, or from another page. It is a value.
type page struct {
	kind    pageKind
	key     Key // of the queue; of a group's page, of the group
	at      int // the row that the cursor is on
	offset  int
	ask     uint64 // the request under way; 0: none
	err     error
	queue   *queue.Queue
	readers []place
	group   *queue.Group
	peek    peek
	entry   entry    // of a message's page
	lines   []string // of a message's page
	reset   queue.ResetRequest
	plan    queue.ResetPlan
}

// top is the innermost page; the zero one where there is none.
func (m Model) top() page {
	if len(m.pages) == 0 {
		return page{}
	}
	return m.pages[len(m.pages)-1]
}

// opened returns the screen with one more page.
func (m Model) opened(p page) Model {
	m.pages = append(slices.Clone(m.pages), p)
	return m.scrolled(0)
}

// changed returns the screen with its innermost page replaced.
func (m Model) changed(p page) Model {
	m.pages = slices.Clone(m.pages)
	m.pages[len(m.pages)-1] = p
	return m
}

// out leaves the innermost page.
func (m Model) out() Model {
	m.pages = slices.Clone(m.pages[:len(m.pages)-1])
	return m
}

// answer finds the page that waits for a request's answer.
func (m Model) answer(ask uint64) (int, bool) {
	at := slices.IndexFunc(m.pages, func(p page) bool { return p.ask == ask && ask != 0 })
	return at, at >= 0
}

// with returns the screen with a page, that answers to no request any more.
func (m Model) with(at int, p page) Model {
	p.ask = 0
	m.pages = slices.Clone(m.pages)
	m.pages[at] = p
	return m.scrolled(0)
}

// request counts requests, so that answers find their page.
func (m Model) request() (Model, uint64) {
	m.watch.asked++
	return m, m.watch.asked
}

// names are the queue, the group and the partition that the page's cursor is
// on.
func (p page) names() (name, group string, partition queue.Count) {
	r := chosenRow(p)
	switch p.kind {
	case pageQueue:
		name = p.key.Name
		switch r.kind { //nolint:exhaustive // of other rows there is no more to name
		case rowPartition:
			partition = queue.Known(int64(p.queue.Partitions[r.at].ID))
		case rowReader:
			group = p.readers[r.at].group.key.Name
		}
	case pageGroup:
		group = p.key.Name
		if p.group == nil {
			break
		}
		if r.kind == rowOffset {
			return p.group.Offsets[r.at].Queue, group, partition
		}
		for i, o := range p.group.Offsets {
			if i > 0 && o.Queue != name {
				return "", group, partition
			}
			name = o.Queue
		}
	case pagePeek, pageMessage:
		return p.key.Name, "", p.peek.request.Partition
	case pageReset:
		return p.reset.Queue, p.reset.Group, partition
	}
	return name, group, partition
}

// pageBindings are the keys of the innermost page.
func (m Model) pageBindings() []intent.Binding {
	list := []intent.Binding{{Keys: []string{"esc"}, Help: "back", Intent: Out, Hint: "back"}}
	p := m.top()
	switch p.kind {
	case pageQueue, pageGroup:
		list = append(list, m.enterBinding(p))
	case pagePeek:
		return append(append(list, m.peekBindings(p)...), m.operations(Peek, Reset)...)
	case pageMessage:
		list = append(list,
			intent.Binding{Keys: []string{"y"}, Help: "copy the value", Intent: CopyValue, Hint: "copy"},
			intent.Binding{Keys: []string{"t"}, Help: "log lines of its trace", Intent: Trace, Off: untraced(p), Hint: "its trace"},
			intent.Binding{Keys: []string{"enter"}, Help: "the whole message", Intent: Open, Off: "this is the whole message"})
		return append(list, m.operations(Peek, Reset, Address)...)
	case pageReset:
		return append(list,
			intent.Binding{Keys: []string{"enter"}, Help: "reset the offsets…", Intent: Move, Off: unmovable(p), Hint: "reset the offsets…"},
			intent.Binding{Keys: []string{"y"}, Help: "copy the queue's address", Intent: Address, Off: "enter asks whether, then y says yes"},
			// Elsewhere these end an environment, with the same y: not from here.
			intent.Binding{Keys: []string{"D"}, Help: "delete the queue…", Intent: Delete, Off: "leave the preview first: esc"},
			intent.Binding{Keys: []string{"S"}, Help: "stop the environment…", Intent: Delete, Off: "leave the preview first: esc"})
	}
	return append(list, m.operations()...)
}

func untraced(p page) string {
	if p.entry.trace == "" {
		return "this message names no trace"
	}
	return ""
}

// Trace is the trace of the message that is open; empty where there is none.
func (m Model) Trace() string { return m.top().entry.trace }

func (m Model) enterBinding(p page) intent.Binding {
	b := intent.Binding{Keys: []string{"enter"}, Help: "members", Intent: Open, Hint: "members"}
	switch r := chosenRow(p); r.kind {
	case rowPartition:
		b.Help, b.Hint = "messages of the partition", "messages"
		b.Off = m.refusal(Peek, m.target())
	case rowReader:
	case rowOffset:
		b.Help, b.Hint = "the queue", "the queue"
	case rowTitle, rowMember, rowMessage, rowText, rowChange:
		b.Off = "there is nothing behind this line"
	}
	return b
}

// handlePage carries out an intent on the innermost page.
func (m Model) handlePage(i intent.Intent) (Model, tea.Cmd) {
	p := m.top()
	if by, ok := intent.Step(i, m.pageHeight()); ok {
		return m.scrolled(by), nil
	}
	switch i {
	case intent.Next:
		return m.scrolled(1), nil
	case intent.Previous:
		return m.scrolled(-1), nil
	case Out:
		return m.out(), nil
	case Oldest:
		return m.looked(p, queue.PeekRequest{From: queue.FromOldest})
	case Newest:
		return m.looked(p, queue.PeekRequest{From: queue.FromNewest})
	case At:
		return m.asking(formAt), nil
	case CopyValue:
		said := "copied the value"
		if p.entry.cut() {
			said = "copied the first " + layout.Bytes(int64(len(p.entry.message.Value))) + " of the value"
		}
		return m.say(said), tea.SetClipboard(string(p.entry.message.Value))
	case Move:
		return m.asking(formMove), nil
	}
	return m.operate(i)
}

// scrolled moves the page's cursor to the next row in a direction that it can
// be on, and the window such that it shows. A page of text moves as a whole.
func (m Model) scrolled(by int) Model {
	if len(m.pages) == 0 {
		return m
	}
	p := m.top()
	rows, h := p.rows(), m.pageHeight()
	if p.kind == pageMessage || p.kind == pageReset {
		p.offset = layout.Clamp(p.offset+by, 0, max(len(rows)-h, 0))
		return m.changed(p)
	}
	way := 1
	if by < 0 {
		way = -1
	}
	at := layout.Clamp(p.at+by, 0, max(len(rows)-1, 0))
	for at >= 0 && at < len(rows) && !rows[at].selectable() {
		at += way
	}
	if at < 0 || at >= len(rows) { // nothing lies further on
		for at = layout.Clamp(at, 0, max(len(rows)-1, 0)); at >= 0 && at < len(rows) && !rows[at].selectable(); {
			at -= way
		}
	}
	p.at = layout.Clamp(at, 0, max(len(rows)-1, 0))
	first := p.at
	for first > 0 && !rows[first-1].selectable() { // what is above it is its title
		first--
	}
	p.offset = layout.Scroll(p.offset, h, len(rows), first, p.at)
	return m.changed(p)
}

// clickPage puts the cursor on the row drawn at a line, or opens it where it is
// there already.
func (m Model) clickPage(line int) (Model, tea.Cmd) {
	p := m.top()
	if p.kind == pageReset { // its rows are only to be read
		return m, nil
	}
	at := p.offset + line - (m.height - m.pageHeight())
	rows := p.rows()
	if at < p.offset || at >= len(rows) || !rows[at].selectable() {
		return m, nil
	}
	if at == p.at {
		b, _ := intent.Find("enter", m.pageBindings())
		if b.Off != "" || b.Intent == "" {
			return m.say(b.Off), nil
		}
		return m.handlePage(b.Intent)
	}
	return m.scrolled(at - p.at), nil
}

// pageHeight is how many lines of the screen a page's rows have.
func (m Model) pageHeight() int { return max(m.height-len(m.heading(m.top())), 1) }

// pageLines draws the innermost page.
func (m Model) pageLines() []string {
	p := m.top()
	lines := m.heading(p)
	rows := p.rows()
	if len(rows) == 0 {
		return append(lines, m.theme.Muted.Paint(layout.Cut("   "+m.waiting(p), m.width)))
	}
	d := m.drawer(p)
	from := layout.Clamp(p.offset, 0, len(rows))
	for i := from; i < min(from+m.pageHeight(), len(rows)); i++ {
		lines = append(lines, d.line(rows[i], i == p.at))
	}
	return lines
}

// waiting says why a page has no rows.
func (m Model) waiting(p page) string {
	switch {
	case p.ask != 0:
		return "asking the broker"
	case p.err != nil:
		return ""
	case p.kind == pagePeek:
		return "there are no messages"
	}
	return "there is nothing to show"
}

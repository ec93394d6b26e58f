package queues

import (
	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
)

// queueMsg and groupMsg bring what a page shows, doneMsg says how a request
// went that changes something, planMsg what a reset would change.
type queueMsg struct {
	ask   uint64
	queue *queue.Queue
	err   error
}

type groupMsg struct {
	ask   uint64
	group *queue.Group
	err   error
}

type doneMsg struct {
	ask  uint64
	text string
	err  error
}

type planMsg struct {
	ask     uint64
	request queue.ResetRequest
	plan    queue.ResetPlan
	err     error
}

// operate carries out an intent for what the cursor is on.
func (m Model) operate(i intent.Intent) (Model, tea.Cmd) {
	t := m.target()
	if why := m.refusal(i, t); why != "" && i != Open {
		return m.say(why), nil
	}
	switch i {
	case Open:
		return m.open(t)
	case Peek:
		m = m.opened(page{kind: pagePeek, key: Key{t.stack, t.queue}, peek: peek{request: queue.PeekRequest{Partition: t.partition}}})
		return m.looked(m.top(), queue.PeekRequest{From: queue.FromNewest})
	case Address:
		return m.say("copied " + t.address()), tea.SetClipboard(t.stack + "/" + t.queue)
	case Produce:
		return m.asking(formProduce), nil
	case Create:
		return m.asking(formCreate), nil
	case Delete:
		return m.asking(formDelete), nil
	case Reset:
		return m.asking(formReset), nil
	}
	return m, nil
}

// open shows what is behind the row that the cursor is on.
func (m Model) open(t target) (Model, tea.Cmd) {
	if len(m.pages) == 0 {
		if m.view.focus == onTopics {
			return m.openQueue(Key{t.stack, t.queue})
		}
		return m.openGroup(Key{t.stack, t.group})
	}
	p := m.top()
	switch r := chosenRow(p); r.kind {
	case rowPartition:
		if why := m.refusal(Peek, t); why != "" {
			return m.say(why), nil
		}
		return m.operate(Peek)
	case rowReader:
		return m.openGroup(Key{t.stack, t.group})
	case rowOffset:
		return m.openQueue(Key{t.stack, t.queue})
	case rowMessage:
		return m.openMessage(p, p.peek.entries[r.at])
	case rowText, rowTitle, rowMember, rowChange:
	}
	return m, nil
}

func (m Model) openQueue(k Key) (Model, tea.Cmd) {
	if k.Name == "" {
		return m.say("no queue is selected"), nil
	}
	return m.opened(page{kind: pageQueue, key: k, readers: m.readersOf(k)}).asked()
}

func (m Model) openGroup(k Key) (Model, tea.Cmd) {
	if k.Name == "" {
		return m.say("no group is selected"), nil
	}
	return m.opened(page{kind: pageGroup, key: k}).asked()
}

// asked asks for what the innermost page shows.
func (m Model) asked() (Model, tea.Cmd) {
	p := m.top()
	d, watcher, k := m.deps, m.deps.Source.Watcher, p.key
	if watcher == nil || p.ask != 0 || p.kind != pageQueue && p.kind != pageGroup {
		return m, nil
	}
	m, p.ask = m.request()
	m = m.changed(p)
	if p.kind == pageGroup {
		return m, func() tea.Msg {
			ctx, cancel := d.within()
			defer cancel()
			g, err := watcher.Group(ctx, k.Stack, k.Name)
			return groupMsg{ask: p.ask, group: g, err: err}
		}
	}
	return m, func() tea.Msg {
		ctx, cancel := d.within()
		defer cancel()
		q, err := watcher.Queue(ctx, k.Stack, k.Name)
		return queueMsg{ask: p.ask, queue: q, err: err}
	}
}

// refreshed asks anew for what the innermost page shows, since the broker has
// said something newer.
func (m Model) refreshed() (Model, tea.Cmd) {
	if len(m.pages) == 0 {
		return m, nil
	}
	p := m.top()
	if p.kind == pageQueue {
		old := p
		p.readers = m.readersOf(p.key)
		m = m.changed(p.onto(old)).scrolled(0)
	}
	if t, ok := m.track(p.key.Stack); !ok || !t.live() {
		return m, nil // what is shown stays, and the heading says since when
	}
	return m.asked()
}

// answered takes the answer to a request in.
func (m Model) answered(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case queueMsg:
		if at, ok := m.answer(msg.ask); ok {
			p := m.pages[at]
			if p.err = msg.err; msg.err == nil {
				p.queue = msg.queue
			}
			return m.with(at, p.onto(m.pages[at])), nil
		}
	case groupMsg:
		if at, ok := m.answer(msg.ask); ok {
			p := m.pages[at]
			if p.err = msg.err; msg.err == nil {
				p.group = msg.group
			}
			return m.with(at, p.onto(m.pages[at])), nil
		}
	case peekMsg:
		return m.gotPeek(msg), nil
	case wholeMsg:
		return m.gotWhole(msg), nil
	case planMsg:
		return m.gotPlan(msg), nil
	case doneMsg:
		return m.done(msg), nil
	}
	return m, nil
}

// done says how a request went. One that failed leaves its form open.
func (m Model) done(msg doneMsg) Model {
	ours := m.form.kind != formNone && m.form.ask == msg.ask
	if msg.err != nil {
		if ours {
			m.form.ask, m.form.problem, m.form.confirming = 0, reason(msg.err), m.form.kind == formMove
		}
		return m.complain(reason(msg.err))
	}
	if ours {
		if m.form.kind == formMove || m.form.kind == formDelete && len(m.pages) > 0 {
			m = m.out()
		}
		m.form = form{}
	}
	return m.say(msg.text)
}

// redrawn draws anew what was drawn for another size or theme.
func (m Model) redrawn() Model {
	if len(m.pages) == 0 {
		return m
	}
	pages := append([]page(nil), m.pages...)
	for i, p := range pages {
		if p.kind == pageMessage {
			pages[i].lines = p.entry.whole(m.theme, m.width)
		}
	}
	m.pages = pages
	return m.scrolled(0)
}

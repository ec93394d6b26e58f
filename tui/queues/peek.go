package queues

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// The intents of looking at messages.
const (
	Oldest    intent.Intent = "oldest messages"
	Newest    intent.Intent = "newest messages"
	At        intent.Intent = "messages from an offset or a time"
	CopyValue intent.Intent = "copy a message's value"
)

const (
	// peeked is how many messages a page has.
	peeked = 50
	// mostBytes bounds what is kept of a key or value, so that a page of huge
	// messages takes little memory.
	mostBytes = 64 << 10
	// mostWhole is the same for one that is looked at alone.
	mostWhole = 1 << 20
)

// peek is a page of messages.
type peek struct {
	request queue.PeekRequest
	entries []entry
	note    string // what looking changes
	known   bool   // the broker has answered, so that note says it
}

// peekMsg brings a page of messages.
type peekMsg struct {
	ask  uint64
	peek peek
	err  error
}

// wholeMsg brings a message of which the page had only a part.
type wholeMsg struct {
	ask   uint64
	entry entry
	err   error
}

// openMessage shows a message; where its page had only a part of it, and the
// broker finds messages by their offset, it asks for the rest.
func (m Model) openMessage(p page, e entry) (Model, tea.Cmd) {
	next := page{kind: pageMessage, key: p.key, entry: e, peek: p.peek, lines: e.whole(m.theme, m.width)}
	offset, err := strconv.ParseInt(e.message.Position, 10, 64)
	if err != nil || !e.cut() {
		return m.opened(next), nil
	}
	m, next.ask = m.request()
	d := m.deps
	r := queue.PeekRequest{
		Queue: p.key.Name, Partition: queue.Known(int64(e.message.Partition)), From: queue.FromOffset, Offset: offset, Limit: 1, MostBytes: mostWhole,
	}
	return m.opened(next), func() tea.Msg {
		got := wholeMsg{ask: next.ask}
		ctx, cancel := d.within()
		defer cancel()
		_, got.err = d.Source.Operator.Peek(ctx, p.key.Stack, r, func(message queue.Message) error {
			got.entry = entryOf(message, mostWhole)
			return nil
		})
		return got
	}
}

// gotWhole shows the rest of a message, if it is that message.
func (m Model) gotWhole(msg wholeMsg) Model {
	at, ok := m.answer(msg.ask)
	if !ok {
		return m
	}
	p := m.pages[at]
	p.err = msg.err
	if was, is := p.entry.message, msg.entry.message; msg.err == nil && is.Position == was.Position && is.Partition == was.Partition {
		p.entry, p.lines = msg.entry, msg.entry.whole(m.theme, m.width)
	}
	return m.with(at, p)
}

// facts say what the page shows.
func (p peek) facts() []string {
	what := map[queue.From]string{queue.FromNewest: "the newest", queue.FromOldest: "the oldest"}[p.request.From]
	switch p.request.From {
	case queue.FromOffset:
		what = "from offset " + layout.Count(p.request.Offset) + ","
	case queue.FromTime:
		what = "from " + p.request.Time.Format("2006-01-02 15:04:05") + ","
	case queue.FromNewest, queue.FromOldest:
	}
	facts := []string{fmt.Sprintf("%s %d", what, len(p.entries))}
	if id, ok := p.request.Partition.Get(); ok {
		facts = append(facts, fmt.Sprintf("partition %d", id))
	}
	if p.note == "" && p.known {
		facts = append(facts, "looking changes nothing")
	}
	return facts
}

func (m Model) peekBindings(p page) []intent.Binding {
	none := ""
	if len(p.peek.entries) == 0 {
		none = "there is no message here"
	}
	return []intent.Binding{
		{Keys: []string{"enter"}, Help: "the whole message", Intent: Open, Off: none, Hint: "whole"},
		{Keys: []string{"n", "p"}, Help: "the newest messages", Intent: Newest, Hint: "newest"},
		{Keys: []string{"o"}, Help: "the oldest messages", Intent: Oldest, Hint: "oldest"},
		{Keys: []string{"a"}, Help: "messages from an offset or a time…", Intent: At, Hint: "at…"},
	}
}

// looked asks for a page of messages in place of what the page shows.
func (m Model) looked(p page, r queue.PeekRequest) (Model, tea.Cmd) {
	r.Queue, r.Partition, r.Limit, r.MostBytes = p.key.Name, p.peek.request.Partition, peeked, mostBytes
	m, ask := m.request()
	p.ask, p.err, p.peek = ask, nil, peek{request: r}
	m = m.changed(p)
	d, stack := m.deps, p.key.Stack
	return m, func() tea.Msg {
		ctx, cancel := d.within()
		defer cancel()
		got := peek{request: r}
		note, err := d.Source.Operator.Peek(ctx, stack, r, func(message queue.Message) error {
			got.entries = append(got.entries, entryOf(message, mostBytes))
			return nil
		})
		got.note, got.known = note, err == nil
		byTime(got.entries)
		return peekMsg{ask: ask, peek: got, err: err}
	}
}

// byTime mixes the messages of all partitions by their time, where all have one.
func byTime(list []entry) {
	if slices.ContainsFunc(list, func(e entry) bool { return e.message.Time.IsZero() }) {
		return
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.message.Time.Compare(b.message.Time) })
}

// gotPeek shows the messages that were asked for. The newest are at the end.
func (m Model) gotPeek(msg peekMsg) Model {
	at, ok := m.answer(msg.ask)
	if !ok {
		return m
	}
	p := m.pages[at]
	p.peek, p.err, p.at, p.offset = msg.peek, msg.err, 0, 0
	if msg.peek.request.From == queue.FromNewest {
		p.at = 1 << 20
	}
	return m.with(at, p)
}

func (d *drawer) messages() {
	wide := d.m.width >= 100
	cols := []column[entry]{
		{title: "TIME", width: 15, rank: 3, left: true, cell: func(p pen, e entry) (string, theme.Style) { return when(e.message.Time, d.m.now), p.theme.Muted }},
		{title: "KEY", width: map[bool]int{true: 23, false: 15}[wide], rank: 2, left: true, cell: func(p pen, e entry) (string, theme.Style) {
			if e.message.Key == nil {
				return theme.Unknown, p.theme.Faint
			}
			return e.key, p.theme.Text
		}},
		{title: "BYTES", width: 9, rank: 4, cell: func(p pen, e entry) (string, theme.Style) {
			return shortened(int64(e.message.ValueBytes), p.width), p.theme.Muted
		}},
	}
	longest := leastName
	for _, e := range d.page.peek.entries {
		longest = max(longest, layout.Width(e.place))
	}
	longest = min(longest, 24)
	left := d.m.width - lead - longest
	for _, c := range cols {
		if left-c.width >= 20 {
			left -= c.width
		}
	}
	cols = append(cols, column[entry]{title: "VALUE", width: max(left, 8), rank: 0, left: true, cell: func(p pen, e entry) (string, theme.Style) {
		if e.format.Binary || e.message.Value == nil {
			return e.value, p.theme.Muted
		}
		return e.value, p.theme.Text
	}})
	sectionOf(d, rowMessage, "OFFSET", cols, longest, func(i int) (entry, string, bool) {
		e := d.page.peek.entries[i]
		return e, e.place, false
	})
}

// when says the time of a message, with its day where that is not today.
func when(t, now time.Time) string {
	switch {
	case t.IsZero():
		return theme.Unknown
	case t.In(now.Location()).Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.In(now.Location()).Format("15:04:05.000")
	}
	return t.In(now.Location()).Format("01-02 15:04")
}

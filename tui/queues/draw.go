package queues

import (
	"fmt"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// drawer draws the rows of a page: its columns are chosen once a frame.
type drawer struct {
	m     Model
	page  page
	pen   pen
	lines map[rowKind]func(r pageRow, p pen, chosen bool) string
	title map[rowKind]string
}

// sectionOf adds a kind of row to a drawer: its columns and how it is named.
func sectionOf[R any](d *drawer, kind rowKind, name string, cols []column[R], longest int, row func(i int) (R, string, bool)) {
	kept, width := fit(cols, d.m.width, longest)
	d.title[kind] = titles(d.m.theme, name, kept, width, orders)
	d.lines[kind] = func(r pageRow, p pen, chosen bool) string {
		v, text, trouble := row(r.at)
		p.chosen = chosen
		return d.m.lead(p, label{name: text}, width, trouble, false) + cells(p, kept, v)
	}
}

func (m Model) drawer(p page) drawer {
	d := drawer{m: m, page: p, pen: m.pen(p.key.Stack), lines: map[rowKind]func(pageRow, pen, bool) string{}, title: map[rowKind]string{}}
	d.pen.dim = false // a page's numbers were asked for
	switch p.kind {
	case pageQueue:
		d.queue()
	case pageGroup:
		d.group()
	case pagePeek:
		d.messages()
	case pageReset:
		d.changes()
	case pageMessage:
	}
	return d
}

func (d *drawer) line(r pageRow, chosen bool) string {
	switch {
	case r.kind == rowTitle:
		return d.title[r.of]
	case r.kind != rowText:
		return d.lines[r.kind](r, d.pen, chosen)
	case r.at >= 0 && r.at < len(d.page.lines):
		return d.page.lines[r.at]
	}
	return ""
}

func (d *drawer) queue() {
	if q := d.page.queue; q != nil {
		sectionOf(d, rowPartition, "PARTITION", partitionColumns(), leastName, func(i int) (queue.Partition, string, bool) {
			part := q.Partitions[i]
			return part, fmt.Sprint(part.ID), part.Trouble != ""
		})
	}
	longest := 0
	d.pen.scale.readerLag = 0
	for _, r := range d.page.readers {
		longest = max(longest, r.group.width)
		d.pen.scale.readerLag = max(d.pen.scale.readerLag, r.trail.peak(d.pen.clock, lagOf))
	}
	sectionOf(d, rowReader, "GROUP", d.m.columnsOfGroups(false), longest, func(i int) (place, string, bool) {
		r := d.page.readers[i]
		return r, r.group.name, r.group.status.Trouble != ""
	})
}

func (d *drawer) group() {
	g := d.page.group
	if g == nil {
		return
	}
	sectionOf(d, rowMember, "MEMBER", memberColumns(d.m.width), 20, func(i int) (queue.Member, string, bool) {
		return g.Members[i], memberName(g.Members[i]), false
	})
	longest := 0
	for i, o := range g.Offsets {
		if i > 0 && o.Queue == g.Offsets[i-1].Queue {
			continue
		}
		longest = max(longest, layout.Width(layout.Safe(o.Queue)))
	}
	sectionOf(d, rowOffset, "QUEUE", offsetColumns(g, d.m.now), longest, func(i int) (queue.Offset, string, bool) {
		return g.Offsets[i], layout.Safe(g.Offsets[i].Queue), false
	})
}

// heading is what stands above a page's rows: what it is of, and what is wrong.
func (m Model) heading(p page) []string {
	facts := m.facts(p)
	name := layout.Safe(p.key.Stack + "/" + p.key.Name)
	if p.kind == pageReset {
		name = "reset " + name
	}
	lines := []string{" " + m.theme.Strong.Paint(layout.Cut(name, m.width-2))}
	add := func(style theme.Style, text string) {
		for _, l := range layout.Clip(layout.Wrap(layout.Safe(text), m.width-4), 2, m.width-4) {
			lines = append(lines, " "+style.Paint(l))
		}
	}
	switch text := strings.Join(facts, " · "); {
	case layout.Width(name)+layout.Width(text)+5 <= m.width:
		lines[0] += "   " + m.theme.Muted.Paint(text)
	case m.height < tall:
		lines = append(lines, " "+m.theme.Muted.Paint(layout.Cut(text, m.width-2)))
	default:
		add(m.theme.Muted, text)
	}
	if t, ok := m.track(p.key.Stack); ok && !t.live() {
		lines = append(lines, m.trouble(t.broker)...)
	}
	if p.err != nil {
		add(m.theme.Unwell, theme.SignUnwell+" "+reason(p.err))
	}
	if text := m.pageTrouble(p); text != "" {
		add(m.theme.Unwell, theme.SignUnwell+" "+text)
	}
	if p.kind == pagePeek && p.peek.note != "" {
		add(m.theme.Working, "! "+p.peek.note)
	}
	if m.height >= tall {
		lines = append(lines, "")
	}
	return lines
}

func (m Model) pageTrouble(p page) string {
	switch p.kind {
	case pageQueue:
		if s := m.topicStatus(p.key); s != nil && s.Trouble != "" {
			return s.Trouble
		}
		return troubleOf(p.queue)
	case pageGroup:
		if g := m.groupRow(p.key); g != nil {
			return g.status.Trouble
		}
	case pageReset:
		return p.plan.Refused
	case pagePeek, pageMessage:
	}
	return ""
}

// troubleOf is what is wrong with the first partition that has something wrong.
func troubleOf(q *queue.Queue) string {
	if q == nil {
		return ""
	}
	for _, part := range q.Partitions {
		if part.Trouble != "" {
			return fmt.Sprintf("partition %d: %s", part.ID, part.Trouble)
		}
	}
	return ""
}

// facts are what is known of a page's subject, the most important first.
func (m Model) facts(p page) []string {
	switch p.kind {
	case pageQueue:
		if s := m.topicStatus(p.key); s != nil {
			return queueFacts(s)
		}
		return []string{"it is not there any more"}
	case pageGroup:
		if g := m.groupRow(p.key); g != nil {
			return groupFacts(g, m.now)
		}
		return []string{"it is not there any more"}
	case pagePeek:
		return p.peek.facts()
	case pageMessage:
		return p.entry.facts()
	case pageReset:
		return resetFacts(p)
	}
	return nil
}

func queueFacts(s *queue.Status) []string {
	facts := []string{layout.Safe(string(s.Kind))}
	if s.State != "" {
		facts = append(facts, layout.Safe(s.State))
	}
	if n, ok := s.Depth.Get(); ok {
		facts = append(facts, layout.Count(n)+" messages")
	}
	if n, ok := s.Unacknowledged.Get(); ok {
		facts = append(facts, layout.Count(n)+" unacknowledged")
	}
	if n, ok := s.Consumers.Get(); ok {
		facts = append(facts, layout.Plural(int(n), "consumer"))
	}
	if s.Bytes.IsKnown() {
		facts = append(facts, size(s.Bytes))
	}
	if s.In.IsKnown() {
		facts = append(facts, "in "+rate(s.In)+"/s")
	}
	if s.Out.IsKnown() {
		facts = append(facts, "out "+rate(s.Out)+"/s")
	}
	return facts
}

func groupFacts(g *group, now time.Time) []string {
	s := g.status
	facts := []string{layout.Safe(string(s.Kind)) + " group"}
	if s.State != "" {
		facts = append(facts, layout.Safe(s.State))
	}
	facts = append(facts, layout.Plural(s.Members, "member"))
	if n, ok := g.sum.Lag.Get(); ok {
		facts = append(facts, "lag "+layout.Count(n))
	}
	long, _ := caughtUp(placeOf(g))
	if long != theme.Unknown {
		facts = append(facts, "caught up: "+long)
	}
	if !g.sum.Waiting.IsZero() {
		facts = append(facts, "oldest unread "+layout.LongAge(now.Sub(g.sum.Waiting))+" old")
	}
	return facts
}

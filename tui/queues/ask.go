package queues

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
)

// resetTargets are the places where a group can go on, as the form names them.
func resetTargets() []queue.ResetTarget {
	return []queue.ResetTarget{queue.ResetStart, queue.ResetEnd, queue.ResetOffset, queue.ResetShift, queue.ResetTime}
}

// fieldsOf are the fields of a form.
func (m Model) fieldsOf(kind formKind) []field {
	switch kind {
	case formProduce:
		return []field{
			{label: "key", hint: "empty: none"},
			{label: "value", hint: "a line of text; `diorama queues produce` takes files"},
			{label: "headers", hint: "name=value, name=value"},
		}
	case formCreate:
		list := []field{{label: "name"}, {label: "partitions", hint: "empty: as the broker would"}}
		if t := m.target(); t.system == "rabbitmq" {
			list[1] = field{label: "kind", options: []string{"classic", "quorum", "stream"}}
		}
		return list
	case formDelete:
		return []field{{label: "its name", hint: "type it to say that you mean it"}}
	case formAt:
		return []field{{label: "offset or time", hint: "1200, 14:05, 2026-03-14 14:05:00, -10m"}}
	case formReset:
		list := make([]string, 0, len(resetTargets()))
		for _, t := range resetTargets() {
			list = append(list, string(t))
		}
		return []field{{label: "to", options: list}, {label: "value", hint: "for offset 1200, shift -100, time 14:05 or -10m"}}
	case formMove, formNone:
	}
	return nil
}

// question is what the form asks.
func (m Model) question() string {
	t := m.form.target
	switch m.form.kind {
	case formProduce:
		if m.form.confirming {
			return "Write this message to " + t.address() + "?"
		}
		return "Write a message to " + t.address()
	case formCreate:
		return "Create a queue in " + layout.Safe(t.stack)
	case formDelete:
		return "Delete " + t.address() + "? Its messages are lost."
	case formAt:
		return "Look at the messages of " + t.address() + " from"
	case formReset:
		return "Reset " + layout.Safe(t.group) + " in " + t.address() + ": it goes on from"
	case formMove:
		return "Move " + layout.Safe(t.group) + " in " + t.address() + " as shown?"
	case formNone:
	}
	return ""
}

// consequences say what follows, where that is not plain.
func (m Model) consequences() []string {
	switch t := m.form.target; m.form.kind {
	case formDelete:
		if s := m.topicStatus(Key{t.stack, t.queue}); s != nil {
			text := "It holds " + amount(s.Depth, 20) + " messages"
			if s.Groups > 0 {
				text += ", and " + layout.Plural(s.Groups, "group") + " read it"
			}
			return []string{text + "."}
		}
	case formReset:
		return []string{"Nothing is changed yet: what it would change is shown first."}
	case formMove:
		return []string{movement(m.top().plan) + "."}
	case formNone, formProduce, formCreate, formAt:
	}
	return nil
}

func (m Model) value(i int) string { return strings.TrimSpace(m.form.fields[i].text) }

// problem says why the form cannot be submitted; empty: it can.
func (m Model) problem() string {
	t := m.form.target
	switch m.form.kind {
	case formProduce:
		if _, err := headersOf(m.value(2)); err != nil {
			return err.Error()
		}
	case formCreate:
		if m.value(0) == "" {
			return "a queue needs a name"
		}
		if n := m.value(1); n != "" {
			if parts, err := strconv.ParseInt(n, 10, 32); err != nil || parts < 1 {
				return fmt.Sprintf("%q is no number of partitions", n)
			}
		}
	case formDelete:
		if typed := m.form.fields[0].text; typed != layout.Safe(t.queue) {
			return fmt.Sprintf("%q is not its name: %q is", typed, layout.Safe(t.queue))
		}
	case formAt:
		if _, err := placeFrom(m.value(0), m.now); err != nil {
			return err.Error()
		}
	case formReset:
		if _, err := m.resetRequest(); err != nil {
			return err.Error()
		}
	case formMove, formNone:
	}
	return ""
}

// submitted does what the form is for.
func (m Model) submitted() (Model, tea.Cmd) {
	t, d := m.form.target, m.deps
	if m.form.kind == formAt {
		r, _ := placeFrom(m.value(0), m.now)
		m.form = form{}
		return m.looked(m.top(), r)
	}
	var do func(context.Context) (string, error)
	switch m.form.kind {
	case formProduce:
		do = m.produce()
	case formCreate:
		do = m.create()
	case formDelete:
		do = func(ctx context.Context) (string, error) {
			return "deleted " + t.address(), d.Source.Operator.Delete(ctx, t.stack, t.queue)
		}
	case formMove:
		plan := m.top().plan
		do = func(ctx context.Context) (string, error) {
			return layout.Safe(t.group) + " has been moved: " + movement(plan), d.Source.Resetter.Reset(ctx, t.stack, plan)
		}
	case formReset:
		return m.planned()
	case formNone, formAt:
		return m, nil
	}
	m, ask := m.request()
	m.form.ask, m.form.problem = ask, ""
	return m, func() tea.Msg {
		ctx, cancel := d.within()
		defer cancel()
		text, err := do(ctx)
		return doneMsg{ask: ask, text: text, err: err}
	}
}

func (m Model) produce() func(context.Context) (string, error) {
	t, d := m.form.target, m.deps
	headers, _ := headersOf(m.value(2))
	r := queue.ProduceRequest{Queue: t.queue, Partition: t.partition, Value: []byte(m.form.fields[1].text), Headers: headers}
	if key := m.form.fields[0].text; key != "" {
		r.Key = []byte(key)
	}
	return func(ctx context.Context) (string, error) {
		w, err := d.Source.Operator.Produce(ctx, t.stack, r)
		text := "written to " + t.address()
		if w.Position != "" {
			text += fmt.Sprintf(", partition %d at %s", w.Partition, layout.Safe(w.Position))
		}
		return text, err
	}
}

func (m Model) create() func(context.Context) (string, error) {
	t, d := m.form.target, m.deps
	r := queue.CreateRequest{Name: m.value(0)}
	if x := m.form.fields[1]; x.options != nil {
		r.Kind = queue.Kind(x.options[x.chosen])
	} else if n, err := strconv.ParseInt(m.value(1), 10, 32); err == nil {
		r.Partitions = int32(n)
	}
	return func(ctx context.Context) (string, error) {
		return "created " + layout.Safe(t.stack+"/"+r.Name), d.Source.Operator.Create(ctx, t.stack, r)
	}
}

// headersOf reads "name=value, name=value".
func headersOf(text string) ([]queue.Header, error) {
	var out []queue.Header
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("%q is no header: write name=value", part)
		}
		out = append(out, queue.Header{Name: name, Value: []byte(strings.TrimSpace(value))})
	}
	return out, nil
}

// placeFrom reads where to look from: an offset, or a time.
func placeFrom(text string, now time.Time) (queue.PeekRequest, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return queue.PeekRequest{From: queue.FromOffset, Offset: n}, nil
	}
	t, err := timeOf(text, now)
	if err != nil {
		return queue.PeekRequest{}, fmt.Errorf("%q is neither an offset (1200) nor a time (14:05, 2026-03-14 14:05:00, -10m)", text)
	}
	return queue.PeekRequest{From: queue.FromTime, Time: t}, nil
}

// timeOf reads a time: of today, of a day, or some time ago.
func timeOf(text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil && d < 0 {
		return now.Add(d), nil
	}
	for _, form := range []string{time.TimeOnly, "15:04"} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			y, month, day := now.Date()
			return time.Date(y, month, day, t.Hour(), t.Minute(), t.Second(), 0, now.Location()), nil
		}
	}
	for _, form := range []string{time.RFC3339, time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 14:05, 2026-03-14 14:05:00 or -10m", text)
}

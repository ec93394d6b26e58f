package report

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/content"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// Queue writes one queue with its partitions and the groups that read it, those
// of groups with their members.
func Queue(w io.Writer, b *queue.Broker, q *queue.Queue, groups []*queue.Group, o Options) error {
	p := &page{options: o}
	p.broker(b)
	for _, status := range b.Queues {
		if status.Name == q.Name {
			table(p, telling(queueColumns(), []*queue.Status{status}), []*queue.Status{status})
		}
	}
	if q.Trouble != "" {
		p.why(q.Trouble, nil, "     ")
	}
	if len(q.Partitions) > 0 {
		p.line(plain, "")
		table(p, telling(partitionColumns(), q.Partitions), q.Partitions)
	}
	if rows := groupRows(b, func(name string) bool { return name == q.Name }); len(rows) > 0 {
		p.line(plain, "")
		p.groups(rows)
	}
	for _, g := range groups {
		p.line(plain, "")
		p.group(g, q.Name)
	}
	return p.to(w, "the queue")
}

func partitionColumns() []column[queue.Partition] {
	return []column[queue.Partition]{
		{"PARTITION", true, 0, func(v queue.Partition) string { return strconv.Itoa(int(v.ID)) }},
		{"START", true, 3, func(v queue.Partition) string { return amount(v.Start) }},
		{"END", true, 1, func(v queue.Partition) string { return amount(v.End) }},
		{"STABLE", true, 4, func(v queue.Partition) string { return amount(v.Stable) }},
		{"BYTES", true, 5, func(v queue.Partition) string {
			if n, ok := v.Bytes.Get(); ok {
				return bytesText(n)
			}
			return unknown
		}},
		{"LEADER", false, 6, func(v queue.Partition) string { return one(v.Leader) }},
		{"TROUBLE", false, 2, func(v queue.Partition) string { return one(v.Trouble) }},
	}
}

// group writes how far a group is in each partition, and who reads it.
func (p *page) group(g *queue.Group, in string) {
	p.line(strong, " "+one(g.Name)+" · "+strings.TrimSpace(string(g.Kind)+" "+one(g.State)))
	offsets := slices.DeleteFunc(slices.Clone(g.Offsets), func(o queue.Offset) bool { return o.Queue != in })
	table(p, telling([]column[queue.Offset]{
		{"PARTITION", true, 0, func(o queue.Offset) string { return strconv.Itoa(int(o.Partition)) }},
		{"COMMITTED", true, 2, func(o queue.Offset) string { return amount(o.Committed) }},
		{"LAG", true, 1, func(o queue.Offset) string { return amount(o.Lag) }},
		{"PENDING", true, 5, func(o queue.Offset) string { return amount(o.Pending) }},
		{"OLDEST", true, 3, func(o queue.Offset) string {
			if o.Waiting.IsZero() {
				return unknown
			}
			return since(o.Waiting, p.options.Now)
		}},
		{"MEMBER", false, 4, func(o queue.Offset) string { return reader(g, o) }},
	}, offsets), offsets)
	for _, m := range g.Members {
		p.line(quiet, "   "+strings.Join(slices.DeleteFunc([]string{one(m.ID), one(m.Client), one(m.Host)}, func(s string) bool { return s == "" }), " · "))
	}
}

// reader names the member that reads a partition.
func reader(g *queue.Group, o queue.Offset) string {
	for _, m := range g.Members {
		for _, a := range m.Assigned {
			if a.Queue == o.Queue && slices.Contains(a.Partitions, o.Partition) {
				if m.Client != "" {
					return one(m.Client)
				}
				return one(m.ID)
			}
		}
	}
	return unknown
}

// Message writes a message that was looked at: a line about it, its headers,
// key and value. What is no text is written as hexadecimal.
func Message(w io.Writer, m queue.Message, o Options) error {
	p := &page{options: o}
	head := fmt.Sprintf("%d:%s", m.Partition, one(m.Position))
	if !m.Time.IsZero() {
		head += "  " + m.Time.Local().Format("2006-01-02 15:04:05.000")
	}
	head += "  " + bytesText(int64(m.ValueBytes))
	if m.Redelivered {
		head += "  redelivered"
	}
	p.line(strong, head)
	for _, h := range m.Headers {
		p.field("header "+h.Name, h.Value, len(h.Value))
	}
	if m.Key != nil {
		p.field("key", m.Key, m.KeyBytes)
	}
	if m.Value == nil {
		p.line(quiet, "  no value")
	} else {
		p.field("", m.Value, m.ValueBytes)
	}
	return p.to(w, "a message")
}

// field writes bytes as text: JSON laid out, other text as it is, the rest as
// what it seems to hold and as hexadecimal.
func (p *page) field(name string, value []byte, whole int) {
	format := content.Recognise(value, whole > len(value))
	text := laidOut(value, format)
	if whole > len(value) {
		text += fmt.Sprintf("\n… %s of %s are shown", bytesText(int64(len(value))), bytesText(int64(whole)))
	}
	if name != "" && !strings.Contains(text, "\n") {
		text = one(name) + ": " + text
	} else if name != "" {
		p.line(quiet, "  "+one(name)+":")
	}
	for l := range strings.SplitSeq(text, "\n") {
		p.line(plain, "  "+terminal.Harmless(l))
	}
}

// laidOut is what bytes say, for people. It may hold control characters.
func laidOut(value []byte, f content.Format) string {
	switch {
	case f.Binary:
		lines := append([]string{f.Name}, f.Notes...)
		return strings.Join(append(lines, strings.TrimSuffix(hex.Dump(value), "\n")), "\n")
	case f.JSON:
		var laid bytes.Buffer
		if json.Indent(&laid, value, "", "  ") == nil {
			return laid.String()
		}
	}
	return string(value)
}

// ResetPlan writes what a reset would change.
func ResetPlan(w io.Writer, r queue.ResetPlan, o Options) error {
	p := &page{options: o}
	p.line(strong, " "+one(r.Group)+" in "+one(r.Queue))
	table(p, telling([]column[queue.ResetChange]{
		{"PARTITION", true, 0, func(c queue.ResetChange) string { return strconv.Itoa(int(c.Partition)) }},
		{"FROM", true, 1, func(c queue.ResetChange) string { return amount(c.From) }},
		{"TO", true, 1, func(c queue.ResetChange) string { return amount(queue.Known(c.To)) }},
		{"LAG BEFORE", true, 2, func(c queue.ResetChange) string { return amount(c.LagBefore) }},
		{"LAG AFTER", true, 2, func(c queue.ResetChange) string { return amount(c.LagAfter) }},
	}, r.Changes), r.Changes)
	if len(r.Changes) == 0 {
		p.line(quiet, "   nothing changes")
	}
	if r.Refused != "" {
		p.why(r.Refused, nil, "   ")
	}
	return p.to(w, "the plan of the reset")
}

// brokerJSON is a broker of `diorama queues -o json`.
type brokerJSON struct {
	*queue.Broker
	Why    *string     `json:"why"` // null while it answers
	Topics []any       `json:"topics,omitempty"`
	Queues []any       `json:"queues,omitempty"`
	Groups []groupJSON `json:"groups"`
}

type queueJSON struct {
	*queue.Status
	Partitions []queue.Partition `json:"partitions"`
}

type groupJSON struct {
	Name    string          `json:"name"`
	Kind    queue.GroupKind `json:"kind"`
	State   string          `json:"state"`
	Members []queue.Member  `json:"members"`
	// Lag adds what is known of all queues; null where nothing is.
	Lag        queue.Count          `json:"lag"`
	Queues     []queue.GroupInQueue `json:"queues"`
	Partitions []queue.Offset       `json:"partitions"`
}

// QueuesJSON is the state of the brokers as documented JSON, with all that
// their last samples held, on one line.
func QueuesJSON(state queue.State, details map[string]queue.Detail) ([]byte, error) {
	out := struct {
		Schema  int          `json:"schema"`
		Brokers []brokerJSON `json:"brokers"`
	}{Schema: Schema, Brokers: []brokerJSON{}}
	for _, b := range state {
		out.Brokers = append(out.Brokers, ofBroker(b, details[b.Stack]))
	}
	data, err := encode(out, "")
	if err != nil {
		return nil, fmt.Errorf("encode the queues: %w", err)
	}
	return data, nil
}

func ofBroker(b *queue.Broker, d queue.Detail) brokerJSON {
	out := brokerJSON{Broker: b, Groups: []groupJSON{}}
	if b.Why != "" {
		out.Why = &b.Why
	}
	partitions := make(map[string][]queue.Partition, len(d.Queues))
	for _, q := range d.Queues {
		partitions[q.Name] = q.Partitions
	}
	list := []any{}
	for _, q := range b.Queues {
		list = append(list, queueJSON{q, append([]queue.Partition{}, partitions[q.Name]...)})
	}
	if slices.ContainsFunc(b.Queues, func(q *queue.Status) bool { return q.Kind == queue.KindTopic }) {
		out.Topics = list
	} else {
		out.Queues = list
	}
	whole := make(map[string]*queue.Group, len(d.Groups))
	for _, g := range d.Groups {
		whole[g.Name] = g
	}
	for _, g := range b.Groups {
		v := groupJSON{Name: g.Name, Kind: g.Kind, State: g.State, Members: []queue.Member{}, Queues: g.Queues, Partitions: []queue.Offset{}}
		for _, in := range g.Queues {
			v.Lag = queue.Total(v.Lag, in.Lag)
		}
		if w := whole[g.Name]; w != nil {
			v.Members, v.Partitions = append(v.Members, w.Members...), append(v.Partitions, w.Offsets...)
		}
		out.Groups = append(out.Groups, v)
	}
	return out
}

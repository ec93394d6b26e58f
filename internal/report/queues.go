package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// QueuesOptions say which queues a text shows.
type QueuesOptions struct {
	Options
	// Internal is true where those that systems keep for themselves are shown.
	Internal bool
}

// Queues writes the brokers with their queues and groups.
func Queues(w io.Writer, state queue.State, o QueuesOptions) error {
	p := &page{options: o.Options}
	for i, b := range state {
		if i > 0 {
			p.line(plain, "")
		}
		p.broker(b)
		p.queues(b, o.Internal)
		p.groups(groupRows(b, nil))
	}
	if len(state) == 0 {
		p.line(quiet, " no stack of this environment has queues")
	}
	return p.to(w, "the queues")
}

// to writes the page.
func (p *page) to(w io.Writer, what string) error {
	if _, err := w.Write(p.buf.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

// broker writes how a broker is.
func (p *page) broker(b *queue.Broker) {
	sign, t, text := signWell, well, string(b.Phase)
	switch b.Phase {
	case queue.PhaseAnswering:
	case queue.PhaseConnecting:
		sign, t = signWorking, working
	case queue.PhaseSilent:
		sign, t, text = signUnwell, unwell, "no answer"
	}
	line := " " + one(b.Stack) + " · " + text
	if b.Phase == queue.PhaseSilent {
		line += " for " + since(b.Since, p.options.Now)
	}
	if b.Nodes.Known > 0 {
		line += fmt.Sprintf(" · %d of %d nodes", b.Nodes.Answering, b.Nodes.Known)
	}
	if !b.Sampled.At.IsZero() {
		line += " · sampled " + since(b.Sampled.At, p.options.Now) + " ago"
	}
	p.buf.WriteString(" " + p.options.paint(t, sign) + p.options.paint(strong, p.cut(line)) + "\n")
	if b.Why != "" {
		p.why(b.Why, nil, "     ")
	}
	for _, alarm := range b.Alarms {
		p.why(alarm, nil, "     ")
	}
}

// queues writes the table of a broker's queues.
func (p *page) queues(b *queue.Broker, internal bool) {
	var rows []*queue.Status
	hidden := 0
	for _, q := range b.Queues {
		if q.Internal && !internal {
			hidden++
			continue
		}
		rows = append(rows, q)
	}
	table(p, telling(queueColumns(), rows), rows)
	for _, q := range rows {
		if q.Trouble != "" {
			p.why(q.Name+": "+q.Trouble, nil, "     ")
		}
	}
	switch {
	case len(rows) == 0 && b.Phase == queue.PhaseAnswering:
		p.line(quiet, "   no queues"+hiddenText(hidden))
	case hidden > 0:
		p.line(quiet, "  "+hiddenText(hidden))
	}
}

func hiddenText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" %d of the system's own left out; --all shows them", n)
}

// table writes rows under the titles of their columns.
func table[Row any](p *page, columns []column[Row], rows []Row) {
	if len(rows) == 0 {
		return
	}
	columns, widths := fit(p.options, columns, rows)
	p.line(quiet, "   "+heads(columns, widths))
	for _, v := range rows {
		p.line(plain, "   "+row(columns, widths, v))
	}
}

func queueColumns() []column[*queue.Status] {
	return []column[*queue.Status]{
		{"QUEUE", false, 0, func(q *queue.Status) string { return one(q.Name) }},
		{"KIND", false, 6, func(q *queue.Status) string { return string(q.Kind) }},
		{"PARTS", true, 7, func(q *queue.Status) string { return someOf(q.Partitions) }},
		{"MESSAGES", true, 2, func(q *queue.Status) string { return amount(q.Depth) }},
		{"UNACKED", true, 5, func(q *queue.Status) string { return amount(q.Unacknowledged) }},
		{"CONSUMERS", true, 8, func(q *queue.Status) string { return amount(q.Consumers) }},
		{"IN/s", true, 3, func(q *queue.Status) string { return rate(q.In) }},
		{"OUT/s", true, 4, func(q *queue.Status) string { return rate(q.Out) }},
		{"GROUPS", true, 9, func(q *queue.Status) string { return someOf(q.Groups) }},
		{"WORST LAG", true, 1, func(q *queue.Status) string { return amount(q.Lag.Lag) }},
	}
}

// groupRow is a group in one of its queues.
type groupRow struct {
	group *queue.GroupStatus
	in    queue.GroupInQueue
}

// groupRows are those of a broker's groups, in every queue or in some.
func groupRows(b *queue.Broker, wanted func(queueName string) bool) []groupRow {
	var rows []groupRow
	for _, g := range b.Groups {
		for _, in := range g.Queues {
			if wanted == nil || wanted(in.Queue) {
				rows = append(rows, groupRow{g, in})
			}
		}
		if len(g.Queues) == 0 && wanted == nil {
			rows = append(rows, groupRow{group: g})
		}
	}
	return rows
}

func (p *page) groups(rows []groupRow) {
	now := p.options.Now
	table(p, telling([]column[groupRow]{
		{"GROUP", false, 0, func(r groupRow) string { return one(r.group.Name) }},
		{"QUEUE", false, 2, func(r groupRow) string { return one(r.in.Queue) }},
		{"STATE", false, 4, func(r groupRow) string { return groupState(r.group) }},
		{"MEMBERS", true, 5, func(r groupRow) string { return strconv.Itoa(r.group.Members) }},
		{"LAG", true, 1, func(r groupRow) string { return lag(r.in) }},
		{"PENDING", true, 8, func(r groupRow) string { return amount(r.in.Pending) }},
		{"OLDEST", true, 7, func(r groupRow) string {
			if r.in.Waiting.IsZero() {
				return unknown
			}
			return since(r.in.Waiting, now)
		}},
		{"RATE/s", true, 6, func(r groupRow) string { return rate(r.in.Rate) }},
		{"CAUGHT UP", false, 3, caughtUp},
	}, rows), rows)
	for _, r := range rows {
		if r.group.Trouble != "" {
			p.why(r.group.Name+": "+r.group.Trouble, nil, "     ")
		}
	}
}

func groupState(g *queue.GroupStatus) string {
	if !g.Committed {
		return strings.TrimPrefix(one(g.State)+", no commit", ", ")
	}
	return one(g.State)
}

// lag is how far behind; a sum that not all partitions are in says so.
func lag(in queue.GroupInQueue) string {
	if in.Unknown > 0 && in.Lag.IsKnown() {
		return "≥ " + amount(in.Lag)
	}
	return amount(in.Lag)
}

// caughtUp says when a group will have read all: "now", "in 8 s", or "never at
// this rate (+12.9/s)".
func caughtUp(r groupRow) string {
	switch outlook, seconds := r.group.OutlookIn(r.in); outlook {
	case queue.OutlookNow:
		return "now"
	case queue.OutlookIn:
		return "in " + age(time.Duration(seconds*float64(time.Second)))
	case queue.OutlookNever:
		return "never at this rate" + growth(r.in.Trend)
	case queue.OutlookUnread:
		return "never: not read" + growth(r.in.Trend)
	case queue.OutlookUnknown, queue.OutlookUncommitted:
	}
	return unknown
}

// growth is how much more there is each second, where it is more.
func growth(trend queue.Rate) string {
	if by := trend.Or(0); by >= 0.1 {
		return " (+" + rate(trend) + "/s)"
	}
	return ""
}

// amount is a number with its thousands apart: "184,220".
func amount(c queue.Count) string {
	n, ok := c.Get()
	if !ok {
		return unknown
	}
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// rate is a number a second with one decimal.
func rate(r queue.Rate) string {
	v, ok := r.Get()
	if !ok {
		return unknown
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func someOf(n int) string {
	if n == 0 {
		return unknown
	}
	return strconv.Itoa(n)
}

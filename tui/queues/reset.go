package queues

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// resetRequest is what the form asks for.
func (m Model) resetRequest() (queue.ResetRequest, error) {
	t, to := m.form.target, resetTargets()[m.form.fields[0].chosen]
	r := queue.ResetRequest{Group: t.group, Queue: t.queue, To: to}
	text := m.value(1)
	var err error
	switch to {
	case queue.ResetOffset, queue.ResetShift:
		if r.Value, err = strconv.ParseInt(text, 10, 64); err != nil {
			return r, fmt.Errorf("%q is no number of messages", text)
		}
		if to == queue.ResetOffset && r.Value < 0 {
			return r, fmt.Errorf("there is no offset %d: shift goes back by a number", r.Value)
		}
	case queue.ResetTime:
		r.Time, err = timeOf(text, m.now)
	case queue.ResetStart, queue.ResetEnd:
	}
	return r, err
}

// planned asks what the reset would change.
func (m Model) planned() (Model, tea.Cmd) {
	r, err := m.resetRequest()
	if err != nil {
		m.form.problem = err.Error()
		return m, nil
	}
	m, ask := m.request()
	m.form.ask, m.form.problem = ask, ""
	d, stack := m.deps, m.form.target.stack
	return m, func() tea.Msg {
		ctx, cancel := d.within()
		defer cancel()
		plan, err := d.Source.Resetter.PlanReset(ctx, stack, r)
		return planMsg{ask: ask, request: r, plan: plan, err: err}
	}
}

// gotPlan shows what the reset would change.
func (m Model) gotPlan(msg planMsg) Model {
	if m.form.kind != formReset || m.form.ask != msg.ask {
		return m
	}
	if msg.err != nil {
		m.form.ask, m.form.problem = 0, reason(msg.err)
		return m
	}
	t := m.form.target
	m.form = form{}
	return m.opened(page{kind: pageReset, key: Key{t.stack, t.group}, reset: msg.request, plan: msg.plan})
}

// unmovable says why a reset cannot be done; empty: it can.
func unmovable(p page) string {
	switch {
	case p.plan.Refused != "":
		return layout.Safe(p.plan.Refused)
	case len(p.plan.Changes) == 0:
		return "there is nothing to change"
	}
	return ""
}

func resetFacts(p page) []string {
	to := "to the " + string(p.reset.To)
	switch p.reset.To {
	case queue.ResetOffset:
		to = "to offset " + layout.Count(p.reset.Value)
	case queue.ResetShift:
		to = fmt.Sprintf("by %+d", p.reset.Value)
	case queue.ResetTime:
		to = "to " + p.reset.Time.Format("2006-01-02 15:04:05")
	case queue.ResetStart, queue.ResetEnd:
	}
	return []string{to + " of " + layout.Safe(p.reset.Queue), "nothing is changed yet", movement(p.plan)}
}

// movement says what a plan does in all.
func movement(p queue.ResetPlan) string {
	var before, after queue.Count
	moved, least := 0, ""
	for _, c := range p.Changes {
		before, after = queue.Total(before, c.LagBefore), queue.Total(after, c.LagAfter)
		if from, ok := c.From.Get(); !ok || from != c.To {
			moved++
		}
		if !c.LagBefore.IsKnown() {
			least = "≥ "
		}
	}
	return layout.Plural(moved, "partition") + " moved, lag " + least + amount(before, 20) + " → " + amount(after, 20)
}

// changes are what a reset would change, a line a partition.
func (d *drawer) changes() {
	lag := func(title string, rank int, of func(queue.ResetChange) queue.Count) column[queue.ResetChange] {
		return column[queue.ResetChange]{title: title, width: 13, rank: rank, cell: func(p pen, c queue.ResetChange) (string, theme.Style) {
			return amount(of(c), p.width), p.theme.Text
		}}
	}
	cols := []column[queue.ResetChange]{
		{title: "FROM", width: 13, rank: 2, cell: func(p pen, c queue.ResetChange) (string, theme.Style) {
			if !c.From.IsKnown() {
				return "no commit", p.theme.Muted
			}
			return amount(c.From, p.width), p.theme.Text
		}},
		{title: "TO", width: 13, rank: 0, cell: func(p pen, c queue.ResetChange) (string, theme.Style) {
			if from, ok := c.From.Get(); ok && from == c.To {
				return "stays", p.theme.Muted
			}
			return shortened(c.To, p.width), p.theme.Accent
		}},
		lag("LAG BEFORE", 4, func(c queue.ResetChange) queue.Count { return c.LagBefore }),
		lag("LAG AFTER", 1, func(c queue.ResetChange) queue.Count { return c.LagAfter }),
	}
	sectionOf(d, rowChange, "PARTITION", cols, leastName, func(i int) (queue.ResetChange, string, bool) {
		c := d.page.plan.Changes[i]
		return c, strconv.Itoa(int(c.Partition)), false
	})
}

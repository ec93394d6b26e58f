package events

import (
	"fmt"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/layout"
)

// rowKind is what a line of the screen shows.
type rowKind uint8

const (
	rowStep rowKind = iota
	rowError
	rowChain
	rowBlank
	rowRecent
)

// row is a line of the screen, not drawn yet.
type row struct {
	kind    rowKind
	at      int // index of its group or occurrence
	text    string
	service string
	anchor  anchor
}

func (r row) selectable() bool { return r.kind == rowStep || r.kind == rowRecent }

// narrow is the width below which details are left out.
const narrow = 60

// rows are all lines of the screen. Only those in the window are drawn.
func (m Model) rows() []row {
	var rows []row
	if m.unsettled() || m.unfolded {
		for i, g := range m.run.groups {
			rows = append(rows, row{kind: rowStep, at: i, service: g.name, anchor: anchor{group: g.name}})
			if g.phase == env.StepFailed {
				failed := g.current()
				lines := layout.Clip(layout.Wrap(failed.Error, m.width-6), 3, m.width-6)
				if len(failed.Advice) > 0 {
					lines = append(lines, layout.Clip(layout.Wrap("→ "+failed.Advice[0], m.width-6), 2, m.width-6)...)
				}
				for _, l := range lines {
					rows = append(rows, row{kind: rowError, at: i, text: l})
				}
			}
		}
	}
	for _, l := range m.summary() {
		rows = append(rows, row{kind: rowChain, text: l})
	}
	if len(rows) > 0 && len(m.shown) > 0 {
		rows = append(rows, row{kind: rowBlank})
	}
	for i, r := range m.shown {
		rows = append(rows, row{kind: rowRecent, at: i, service: r.Service, anchor: anchor{time: r.Time, what: r.Subject + "\x00" + r.Reason}})
	}
	return rows
}

// summary is the longest chain and, while steps run, how long they still take;
// afterwards how long they took.
func (m Model) summary() []string {
	if len(m.run.steps) == 0 {
		return nil
	}
	end := "."
	if m.running && !m.run.failed {
		end = ".  " + about(remaining(m.run.steps, m.now))
	}
	text := "Longest chain: " + links(m.run.chain) + end
	if !m.unsettled() {
		text = "Last run: " + layout.Plural(len(m.run.steps), "step") + " in " + layout.Seconds(m.took()) + ". " + text
	}
	if m.width < narrow && m.running {
		text = about(remaining(m.run.steps, m.now))
	}
	return layout.Clip(layout.Wrap(text, m.width-2), 2, m.width-2)
}

// took is how long the whole run took.
func (m Model) took() time.Duration {
	var first, last time.Time
	for _, s := range m.run.steps {
		if !s.Started.IsZero() && (first.IsZero() || s.Started.Before(first)) {
			first = s.Started
		}
		if s.Ended.After(last) {
			last = s.Ended
		}
	}
	return last.Sub(first)
}

// about says an estimate no more exactly than it is.
func about(d time.Duration) string {
	switch {
	case d < 5*time.Second:
		return "A few seconds to go."
	case d < time.Minute:
		return fmt.Sprintf("About %d s to go.", int((d+2500*time.Millisecond)/(5*time.Second))*5)
	default:
		return fmt.Sprintf("About %d m to go.", int((d+30*time.Second)/time.Minute))
	}
}

// View draws the screen: exactly as many lines as it is high.
func (m Model) View() []string {
	rows := m.rows()
	if len(rows) == 0 {
		text := "nothing has happened yet"
		if m.filter != "" {
			text = "nothing that happened holds “" + m.filter + "”"
		}
		return layout.Fill([]string{"", m.theme.Muted.Paint(layout.Cut("   "+text, m.width))}, m.width, m.height)
	}
	var lines []string
	from := layout.Clamp(m.offset, 0, len(rows))
	to := layout.Clamp(from+m.height, from, len(rows))
	for i, r := range rows[from:to] {
		lines = append(lines, m.line(r, from+i == m.selected))
	}
	return layout.Fill(lines, m.width, m.height)
}

func (m Model) line(r row, selected bool) string {
	mark := " "
	if selected && r.selectable() {
		mark = m.theme.Mark(true)
	}
	switch r.kind {
	case rowStep:
		return mark + m.step(m.run.groups[r.at], selected)
	case rowRecent:
		return mark + m.occurrence(m.shown[r.at], selected)
	case rowError:
		return layout.Space(5) + m.theme.Unwell.Paint(layout.Cut(r.text, m.width-6))
	case rowChain:
		return " " + m.theme.Muted.Paint(layout.Cut(r.text, m.width-1))
	case rowBlank:
	}
	return ""
}

// step draws a group: sign, name, what it does, how long it has taken.
func (m Model) step(g group, selected bool) string {
	name := m.theme.Text
	if selected {
		name = m.theme.Strong
	}
	nameWidth := layout.Clamp(m.width/5, 10, 24)
	took := ""
	if d := g.elapsed(m.now); !g.started.IsZero() {
		took = layout.Seconds(d)
	}
	left := m.theme.Step(g.phase) + " " + name.Paint(layout.Fit(g.name, nameWidth)) + " "
	room := m.width - 1 - layout.Width(left) - 10
	return left + m.doing(g, room) + m.theme.Muted.Paint(layout.FitRight(took, 9)) + " "
}

// doing says what a group does, in exactly w cells.
func (m Model) doing(g group, w int) string {
	s := g.current()
	text, style := s.Detail, m.theme.Text
	switch g.phase {
	case env.StepDone:
		style = m.theme.Muted
		if text == "" {
			text = done(g)
		}
	case env.StepUnchanged:
		text, style = "nothing to do", m.theme.Muted
	case env.StepPending:
		text, style = awaiting(g), m.theme.Muted
	case env.StepCancelled:
		text, style = "not done", m.theme.Muted
	case env.StepFailed:
		text, style = "failed", m.theme.Unwell
	case env.StepRunning:
		if g.name != "Images" && text == "" {
			text = verb(s.Kind)
		}
	}
	if g.name == "Images" && !g.phase.Succeeded() {
		n, all := g.loaded()
		text = strings.TrimSpace(fmt.Sprintf("%d of %d loaded   %s", n, all, running(s)))
	}
	bar := m.progress(s, w-layout.Width(text))
	return style.Paint(layout.Fit(text, w-layout.Width(bar))) + bar
}

// awaiting says what a group waits for that has not begun.
func awaiting(g group) string {
	switch {
	case len(g.after) == 0:
		return "waiting"
	case len(g.after) == 1 && g.after[0] == "Images":
		return "waiting for its image"
	case len(g.after) == 1 && g.after[0] == "Cluster":
		return "after the cluster"
	}
	return "after " + strings.Join(g.after, ", ")
}

// running names the image that a step is about, while it runs.
func running(s env.StepState) string {
	if s.Phase != env.StepRunning {
		return ""
	}
	return image(s.Subject)
}

// progress draws how far a step has come, where that is known and there is
// room.
func (m Model) progress(s env.StepState, w int) string {
	p := s.Progress
	if s.Phase != env.StepRunning || p.Total <= 0 {
		return ""
	}
	amount := layout.OfBytes(p.Done, p.Total)
	if w < 40 {
		return " " + m.theme.Muted.Paint(fmt.Sprintf("%3d %%", 100*p.Done/p.Total))
	}
	bar := layout.Bar(float64(p.Done)/float64(p.Total), min(w/5, 20))
	return " " + m.theme.Accent.Paint(bar) + "  " + m.theme.Muted.Paint(layout.FitRight(amount, 16))
}

// done says what came of a group that says nothing of itself.
func done(g group) string {
	if g.name == "Images" {
		_, all := g.loaded()
		return layout.Plural(all, "image") + " loaded"
	}
	if g.kind == env.StepApply || g.kind == env.StepWait {
		return "ready"
	}
	return "done"
}

// verb says what a step of a kind does.
func verb(k env.StepKind) string {
	switch k {
	case env.StepNodes:
		return "starting its nodes"
	case env.StepCluster:
		return "creating the cluster"
	case env.StepApply:
		return "applying"
	case env.StepWait:
		return "waiting until it is ready"
	case env.StepRemove:
		return "removing"
	case env.StepSeed:
		return "putting its data there"
	case env.StepFetch, env.StepLoad:
	}
	return "loading its image"
}

// occurrence draws something that happened.
func (m Model) occurrence(r env.Recent, selected bool) string {
	sign, style := m.theme.Faint.Paint("·"), m.theme.Muted
	if r.Warning {
		sign, style = m.theme.Working.Paint("!"), m.theme.Text
	}
	if selected {
		style = m.theme.Strong
	}
	when := m.theme.Faint.Paint(r.Time.Format("15:04:05"))
	what := r.Message
	if r.Count > 1 {
		what += fmt.Sprintf(" (%d times)", r.Count)
	}
	if m.width < narrow {
		return sign + " " + when + " " + style.Paint(layout.Cut(r.Subject+" "+r.Reason+": "+what, m.width-12))
	}
	subject := layout.Clamp(m.width/5, 16, 32)
	reason := layout.Clamp(m.width/7, 10, 20)
	line := sign + " " + when + "  " + m.theme.Text.Paint(layout.Fit(r.Subject, subject)) + "  " + style.Paint(layout.Fit(r.Reason, reason)) + "  "
	return line + style.Paint(layout.Cut(what, m.width-1-layout.Width(line)))
}

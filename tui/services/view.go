package services

import (
	"strconv"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// View draws the screen: exactly as many lines as it is high.
func (m Model) View() []string {
	var lines []string
	cols := fitColumns(m.width)
	if m.header() > 0 {
		lines = append(lines, m.theme.Muted.Paint(cols.title(m.width)))
	}
	rows := m.rows()
	if len(rows) == 0 {
		lines = append(lines, m.theme.Muted.Paint(layout.Cut("   "+m.nothing(), m.width)))
	}
	top := m.history.top()
	from := layout.Clamp(m.offset, 0, len(rows))
	to := layout.Clamp(from+m.height-m.header(), from, len(rows))
	for _, r := range rows[from:to] {
		lines = append(lines, m.line(r, cols, top))
	}
	return layout.Fill(lines, m.width, m.height)
}

// header is how many lines the column names take.
func (m Model) header() int {
	if m.width < narrow || m.height < 4 {
		return 0
	}
	return 1
}

func (m Model) nothing() string {
	if m.filter != "" {
		return "no service's name holds “" + m.filter + "”"
	}
	return "no services yet"
}

func (m Model) line(r row, cols columns, top float64) string {
	switch r.kind {
	case rowStack:
		return m.theme.Muted.Paint(layout.Fit(" "+r.text, m.width))
	case rowFinding:
		return " " + m.theme.Unwell.Paint(theme.SignUnwell) + " " + m.theme.Strong.Paint(layout.Cut(r.text, m.width-4))
	case rowWhy:
		return layout.Space(5) + m.theme.Unwell.Paint(layout.Cut(r.text, m.width-6))
	case rowWaiting:
		return layout.Space(5) + m.theme.Working.Paint(layout.Cut(r.text, m.width-6))
	case rowService:
	}
	if m.width < narrow {
		return m.short(m.shown[r.service])
	}
	return m.full(m.shown[r.service], cols, top)
}

// lead is the cursor, the sign and the name.
func (m Model) lead(s env.Service, w int) string {
	at, name := " ", m.theme.Text
	if keyOf(s) == m.selected {
		at, name = m.theme.Mark(true), m.theme.Strong
	}
	return at + m.theme.Phase(s.Phase) + " " + name.Paint(layout.Fit(s.Name, w))
}

// short is a service on a narrow screen: the number is how many are ready
// until all are, then the memory in use.
func (m Model) short(s env.Service) string {
	w := 11
	value := ready(s)
	if s.Phase == env.PhaseReady && s.Usage.Memory != nil {
		value = memory(s.Usage)
	}
	name := max(m.width-widthSign-w-1, 4)
	return m.lead(s, name) + m.state(s).Paint(layout.FitRight(value, w))
}

func (m Model) full(s env.Service, c columns, top float64) string {
	t := m.theme
	line := m.lead(s, c.name) + m.state(s).Paint(layout.FitRight(ready(s), widthReady))
	if c.restarts {
		style := t.Muted
		if s.Restarts > 0 {
			style = t.Working
		}
		line += style.Paint(layout.FitRight(strconv.Itoa(s.Restarts), widthRestarts))
	}
	if c.age {
		line += t.Muted.Paint(layout.FitRight(m.age(s), widthAge))
	}
	past := m.history.samples[keyOf(s)]
	if c.cpu {
		line += m.spark(c, past.cpu, top) + t.Text.Paint(layout.FitRight(cpu(s.Usage), widthCPU))
	}
	if c.usage {
		line += m.spark(c, past.memory, 1) + t.Text.Paint(layout.FitRight(memory(s.Usage), widthMemory))
	}
	address, note := endpoint(m.snapshot.Endpoints, s)
	left := m.width - layout.Width(line) - 3
	address = layout.Cut(address, left)
	line += "   " + t.Text.Paint(address)
	if note = "  " + note; layout.Width(note) > left-layout.Width(address) {
		return line
	}
	return line + t.Muted.Paint(note)
}

func (m Model) spark(c columns, values []float64, top float64) string {
	if !c.sparks {
		return ""
	}
	return layout.Space(widthSpark-kept) + m.theme.Muted.Paint(layout.Spark(values, top, kept))
}

func (m Model) age(s env.Service) string {
	if s.Created.IsZero() {
		return theme.Unknown
	}
	return layout.Age(m.now.Sub(s.Created))
}

// state is how loud a service's numbers are.
func (m Model) state(s env.Service) theme.Style {
	switch s.Phase {
	case env.PhaseFailed, env.PhaseDegraded:
		return m.theme.Unwell
	case env.PhaseStarting:
		return m.theme.Working
	case env.PhasePlanned, env.PhaseStopped:
		return m.theme.Muted
	case env.PhaseReady:
	}
	return m.theme.Text
}

package mesh

import (
	"fmt"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// staleAfter is the age from which what was seen is shown as old.
const staleAfter = 15 * time.Second

// View draws the screen: exactly as many lines as it is high.
func (m Model) View() []string {
	var body []string
	if m.page.kind != pageNone {
		body = m.paper().View(m.page.offset, m.height)
	} else {
		body = m.listLines()
	}
	if !m.Asking() {
		return body
	}
	sheet := append([]string{m.theme.Faint.Paint(layout.Rule(m.width))}, m.asks.form.Lines(m.theme, m.width)...)
	if len(sheet) >= m.height {
		sheet = layout.Slice(sheet, 1, m.height)
	}
	return append(layout.Fill(body, m.width, m.height-len(sheet)), layout.Fill(sheet, m.width, len(sheet))...)
}

func (m Model) listLines() []string {
	var out []string
	cols := columns{}
	if m.width >= narrow {
		cols = fitColumns(m.width, m.longest())
	}
	if m.header() > 0 {
		out = append(out, m.theme.Muted.Paint(cols.title(m.width)))
	}
	if len(m.rows) == 0 {
		for i, l := range layout.Wrap(m.nothing(), m.width-4) {
			if i == 0 {
				out = append(out, "")
			}
			out = append(out, "   "+m.theme.Muted.Paint(l))
		}
	}
	from := layout.Clamp(m.cursor.Offset, 0, len(m.rows))
	to := layout.Clamp(from+m.listHeight(), from, len(m.rows))
	for i := from; i < to; i++ {
		out = append(out, m.line(m.rows[i], i == m.cursor.At && m.rows[i].key != "", cols))
	}
	if m.weights.to != nil && m.draftLine() > 0 {
		out = append(layout.Fill(out, m.width, m.height-1), m.weightLine())
	}
	return layout.Fill(out, m.width, m.height)
}

// header is how many lines the column names take.
func (m Model) header() int {
	if m.width < narrow || m.height < 4 || len(m.state.Services) == 0 {
		return 0
	}
	return 1
}

// draftLine is how many lines what was moved and not applied takes.
func (m Model) draftLine() int {
	if m.weights.to == nil || m.height < 3 {
		return 0
	}
	return 1
}

func (m Model) listHeight() int { return max(m.height-m.header()-m.draftLine(), 0) }

// nothing says why there is nothing to see.
func (m Model) nothing() string {
	switch {
	case m.watch.Over && !m.watch.Seen:
		return "nobody looks at the mesh any more"
	case !m.watch.Seen:
		return "asking the mesh"
	case m.filter != "":
		return "no service's or workload's name holds “" + m.filter + "”"
	}
	return "the mesh has no services yet"
}

// Status is what stands on the right of the tabs, where it has so many cells.
func (m Model) Status(room int) string {
	if !m.watch.Seen {
		return ""
	}
	proxies, behind := 0, 0
	for _, w := range m.state.Workloads {
		for _, p := range w.Proxies {
			proxies++
			if len(p.Behind) > 0 {
				behind++
			}
		}
	}
	text := plural(proxies, "proxy", "proxies") + " in step"
	if behind > 0 {
		text = fmt.Sprintf("%d of %s behind", behind, plural(proxies, "proxy", "proxies"))
	}
	if age := m.age(); age > staleAfter {
		text += " · " + layout.Age(age) + " old"
	}
	if long := m.state.Title + " · " + text; m.state.Title != "" && layout.Width(long) <= room {
		return long
	}
	return text
}

func (m Model) age() time.Duration {
	if m.state.Time.IsZero() {
		return 0
	}
	return m.now.Sub(m.state.Time)
}

func (m Model) line(r row, at bool, c columns) string {
	switch r.kind {
	case rowProblem:
		return m.theme.Mark(at) + m.theme.Unwell.Paint(theme.SignUnwell+" "+r.text)
	case rowService:
		return m.serviceLine(r, at, c)
	case rowDestination:
		if m.width < narrow {
			return m.shortDestination(r, at)
		}
		return m.destinationLine(r, at, c)
	case rowTLS:
		label := " mTLS   "
		if r.at > 0 {
			label = layout.Space(8)
		}
		return m.theme.Muted.Paint(label) + m.painted(r.text)
	case rowWorkload:
		return m.workloadLine(m.state.Workloads[r.at], at)
	case rowChange:
		return m.changeLine(m.state.Changes[r.at], at)
	case rowText:
	}
	return m.theme.Loud(r.loud).Paint(layout.Cut(r.text, m.width))
}

// painted colours the signs of a text by what they mean.
func (m Model) painted(text string) string {
	var b strings.Builder
	for part := range strings.SplitAfterSeq(text, "   ") {
		style := m.theme.Muted
		switch {
		case strings.HasPrefix(part, theme.SignWell):
			style = m.theme.Well
		case strings.HasPrefix(part, theme.SignWorking):
			style = m.theme.Working
		case strings.HasPrefix(part, theme.SignUnwell):
			style = m.theme.Unwell
		}
		b.WriteString(style.Paint(part))
	}
	return b.String()
}

// figure is how loud numbers are: those that are old are faint.
func (m Model) figure() theme.Style {
	if m.age() > staleAfter {
		return m.theme.Faint
	}
	return m.theme.Text
}

func (m Model) workloadLine(w mesh.Workload, at bool) string {
	sign := m.painted(signOf(w.TLS))
	if w.TLS == mesh.Outside {
		sign = m.theme.Faint.Paint(theme.SignWaiting)
	}
	style := m.theme.Muted
	if len(behindTexts(w)) > 0 {
		style = m.theme.Working
	}
	if m.width < narrow {
		const width = 12
		name := max(m.width-3-width-1, 4)
		return m.theme.Mark(at) + sign + " " + m.theme.Name(at).Paint(layout.Fit(w.Name, name)) + style.Paint(layout.FitRight(string(w.TLS), width))
	}
	name := layout.Clamp(m.width/4, 12, 30)
	line := m.theme.Mark(at) + sign + " " + m.theme.Name(at).Paint(layout.Fit(w.Name, name)) + "  " + m.theme.Muted.Paint(layout.Fit(string(w.TLS), 12)) +
		style.Paint(layout.Fit(proxiesText(w), 24))
	if room := m.width - layout.Width(line) - 2; w.Policy != "" && room > 8 {
		line += "  " + m.theme.Faint.Paint(layout.Cut(w.Policy, room))
	}
	return line
}

func (m Model) changeLine(c mesh.Change, at bool) string {
	age := theme.Unknown
	if !c.Time.IsZero() {
		age = layout.Age(m.now.Sub(c.Time)) + " ago"
	}
	line := m.theme.Mark(at) + "  " + m.theme.Muted.Paint(layout.FitRight(age, 9)) + "  "
	return line + m.theme.Name(at).Paint(layout.Cut(changeText(c), m.width-layout.Width(line)-1))
}

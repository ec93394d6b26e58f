package logs

import (
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

const (
	// tallest is how many lines of the screen one wrapped line takes at most.
	tallest = 12
	// mostWhole is how many lines of a message in full are shown in the list.
	mostWhole = 100
)

// head is how many lines of the screen are above the lines of the store.
func (m Model) head() int {
	if m.charts() {
		return 2
	}
	return 1
}

// room is how many lines of the screen entries have.
func (m Model) room() int { return max(m.height-m.head(), 1) }

// gutter is what stands before a message.
type gutter struct{ time, service, level int }

func (m Model) gutter() gutter {
	switch {
	case m.width < 60:
		return gutter{service: 8}
	case m.width < 100:
		return gutter{time: 8, service: 12, level: 5}
	default:
		return gutter{time: 12, service: 16, level: 5}
	}
}

// width is how many cells the gutter takes, the cursor included.
func (g gutter) width() int {
	w := 1
	for _, part := range []int{g.time, g.service, g.level} {
		if part > 0 {
			w += part + 1
		}
	}
	return w
}

// measure is how many cells a message has on a line.
func (m Model) measure() int { return max(m.width-m.gutter().width()-1, 1) }

// segments are the parts of an entry's text, one a line of the screen.
func (m Model) segments(text string) []layout.Segment {
	w := m.measure()
	if !m.view.wrap {
		return []layout.Segment{{From: 0, To: layout.Break(text, w)}}
	}
	parts := layout.Segments(text, w)
	return parts[:min(len(parts), tallest)]
}

// following is how many lines of a message are shown below its first.
func (m Model) following(e Entry) int {
	if m.view.whole {
		return min(len(e.More), mostWhole)
	}
	return min(len(e.More), 1)
}

// entryHeight is how many lines of the screen the i-th entry takes.
func (m Model) entryHeight(i int) int {
	e, _ := m.window.at(i)
	if !m.view.wrap {
		return 1 + m.following(e)
	}
	text, _ := e.text()
	return len(m.segments(text)) + m.following(e)
}

// reveal moves the first line shown so that the selected one shows and no room
// is wasted at the end.
func (m Model) reveal() Model {
	m.selected = layout.Clamp(m.selected, 0, max(m.window.size-1, 0))
	m.top = layout.Clamp(m.top, 0, m.selected)
	m.top = max(m.top, m.above(m.selected))
	m.top = min(m.top, m.above(m.window.size-1))
	return m
}

// first is the first entry drawn, and how many of its lines do not fit above:
// while following, the last line of the screen is always in use.
func (m Model) first() (entry, skip int) {
	if !m.view.follow || m.top == 0 {
		return m.top, 0
	}
	room := m.room()
	for i := m.top; i < m.window.size; i++ {
		room -= m.entryHeight(i)
	}
	if room <= 0 {
		return m.top, 0
	}
	return m.top - 1, max(m.entryHeight(m.top-1)-room, 0)
}

// above is the first entry of a screen whose last is the given one.
func (m Model) above(last int) int {
	room, i := m.room(), last
	for i >= 0 {
		room -= m.entryHeight(i)
		if room < 0 {
			return min(i+1, max(last, 0))
		}
		i--
	}
	return 0
}

// View draws the screen: exactly as many lines as it is high.
func (m Model) View() []string {
	body := m.body()
	if !m.Asking() {
		return layout.Fill(body, m.width, m.height)
	}
	sheet := append([]string{m.theme.Faint.Paint(layout.Rule(m.width))}, m.formLines()...)
	if len(sheet) >= m.height {
		sheet = layout.Slice(sheet, 1, m.height)
	}
	return append(layout.Fill(body, m.width, m.height-len(sheet)), layout.Fill(sheet, m.width, len(sheet))...)
}

func (m Model) body() []string {
	lines := []string{m.header()}
	if m.charts() {
		lines = append(lines, m.stripLine())
	}
	head := len(lines)
	if m.window.size == 0 {
		return append(lines, m.empty()...)
	}
	first, skip := m.first()
	for i := first; i < m.window.size && len(lines) < m.height+skip; i++ {
		e, _ := m.window.at(i)
		lines = append(lines, m.entry(e, i == m.selected)...)
		if i == first && skip > 0 {
			lines = append(lines[:head], lines[head+skip:]...)
			skip = 0
		}
	}
	return lines
}

// empty says why no line is shown.
func (m Model) empty() []string {
	lines := []string{""}
	style, text := m.theme.Muted, m.nothing()
	if m.reading.err != nil {
		style, text = m.theme.Unwell, theme.SignUnwell+" "+layout.Safe(m.reading.err.Error())
	}
	for _, l := range layout.Wrap(text, max(m.width-4, 1)) {
		lines = append(lines, "   "+style.Paint(l))
	}
	return lines
}

func (m Model) nothing() string {
	switch {
	case m.reading.busy:
		return "reading…"
	case !m.filter.search.empty() && !m.view.context:
		return "no line is found for “" + m.filter.search.typed + "”"
	case m.filter.trace != "":
		return "no line names the trace " + layout.Safe(m.filter.trace)
	case !m.filter.open():
		return "no line passes the filter"
	}
	return "no lines yet"
}

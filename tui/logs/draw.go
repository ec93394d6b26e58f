package logs

import (
	"strings"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// headerHeight is the line that says what is filtered.
const headerHeight = 1

// tallest is how many lines of the screen one wrapped line takes at most.
const tallest = 12

// page is how many lines of the screen entries have.
func (m Model) page() int { return max(m.height-headerHeight, 1) }

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

// segments are the parts of an entry's text, one a line of the screen.
func (m Model) segments(text string) []layout.Segment {
	w := max(m.width-m.gutter().width()-1, 1)
	if !m.view.wrap {
		return []layout.Segment{{From: 0, To: layout.Break(text, w)}}
	}
	parts := layout.Segments(text, w)
	return parts[:min(len(parts), tallest)]
}

// entryHeight is how many lines of the screen the i-th entry takes.
func (m Model) entryHeight(i int) int {
	if !m.view.wrap {
		return 1
	}
	e, _ := m.window.at(i)
	text, _ := e.line()
	return len(m.segments(text))
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
	room := m.page()
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
	room, i := m.page(), last
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
	lines := []string{m.header()}
	if m.window.size == 0 {
		lines = append(lines, "", m.theme.Muted.Paint(layout.Cut("   "+m.nothing(), m.width)))
	}
	first, skip := m.first()
	for i := first; i < m.window.size && len(lines) < m.height+skip; i++ {
		e, _ := m.window.at(i)
		lines = append(lines, m.entry(e, i == m.selected)...)
		if i == first && skip > 0 {
			lines = append(lines[:headerHeight], lines[headerHeight+skip:]...)
			skip = 0
		}
	}
	return layout.Fill(lines, m.width, m.height)
}

func (m Model) nothing() string {
	switch {
	case m.reading.busy:
		return "reading…"
	case m.query.Text != "" && !m.view.context:
		return "no line holds “" + m.query.Text + "”"
	case len(m.query.Services) > 0 || m.query.MinLevel > store.LevelUnknown:
		return "no line passes the filter"
	}
	return "no lines yet"
}

// header says what is filtered, and how many lines are held of how many.
func (m Model) header() string {
	level := "all levels"
	if m.query.MinLevel > store.LevelUnknown {
		level = "level ≥ " + m.query.MinLevel.String()
	}
	names := "all services"
	if len(m.query.Services) > 0 {
		names = "services: " + strings.Join(m.query.Services, " ")
	}
	left := " " + m.theme.Muted.Paint(level+"   "+names)
	if m.query.Text != "" {
		left += "   " + m.theme.Accent.Paint("/ "+m.query.Text)
	}
	if m.reading.err != nil {
		return layout.Between(left, m.theme.Unwell.Paint(layout.Safe(m.reading.err.Error()))+" ", m.width)
	}
	return layout.Between(left, m.place()+" ", m.width)
}

// place says where in the store the screen stands.
func (m Model) place() string {
	if m.view.follow {
		return m.theme.Well.Paint(theme.SignWell) + m.theme.Muted.Paint(" following")
	}
	at := layout.Count(int64(m.selected+1)) + " of " + layout.Count(int64(m.window.size))
	if !m.window.oldest {
		at += "+"
	}
	if n := m.counters.Lines - m.view.paused; n > 0 {
		at += " · " + layout.Count(n) + " new"
	}
	return m.theme.Working.Paint("paused") + m.theme.Muted.Paint(" at "+at)
}

// Status is the store's size, for the frame.
func (m Model) Status() string {
	c := m.counters
	if c.Lines == 0 {
		return ""
	}
	s := layout.Count(c.Lines) + " lines"
	if c.Limit > 0 {
		s += " · " + layout.Bytes(c.Bytes) + " of " + layout.Bytes(c.Limit)
	}
	if c.Dropped > 0 {
		s += " · " + layout.Count(c.Dropped) + " lost"
	}
	return s
}

package logs

import (
	"slices"
	"strings"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// entry draws one line of the store: one line of the screen, or several where
// it is wrapped or its message has several.
func (m Model) entry(e Entry, selected bool) []string {
	g := m.gutter()
	text, message := e.text()
	parts := m.segments(text)
	hits := m.hits(text)
	lines := make([]string, len(parts), len(parts)+m.following(e))
	for i, p := range parts {
		lead := layout.Space(g.width())
		if i == 0 {
			lead = m.lead(e, g, selected)
		}
		lines[i] = lead + m.styled(text, message, p, hits, e.Level, m.aside(e))
	}
	if last := parts[len(parts)-1]; last.To < len(text) {
		lines[len(lines)-1] += m.theme.Faint.Paint("…")
	}
	return append(lines, m.rest(e, g)...)
}

// rest draws the further lines of a message, and says how many are not shown.
func (m Model) rest(e Entry, g gutter) []string {
	n := m.following(e)
	if n == 0 {
		return nil
	}
	lines := make([]string, n)
	for i := range n {
		text, note := e.More[i], ""
		if left := len(e.More) - n; i == n-1 && left > 0 {
			note = "+" + layout.Count(int64(left))
			if m.width >= 60 {
				note = layout.Plural(left, "more line")
			}
			note = m.theme.Faint.Paint(note)
		}
		cut := layout.Break(text, max(m.measure()-layout.Width(note)-2, 1))
		line := layout.Space(g.width()) + m.styled(text, 0, layout.Segment{From: 0, To: cut}, m.hits(text), e.Level, m.aside(e))
		if cut < len(text) {
			line += m.theme.Faint.Paint("…")
		}
		lines[i] = layout.Between(line, note, max(m.width-1, 0))
	}
	return lines
}

// lead is the cursor, time, service and level before a message.
func (m Model) lead(e Entry, g gutter, selected bool) string {
	line, name := " ", m.theme.Muted
	marked := len(m.marks) > 0 && m.marked(e)
	switch {
	case selected && marked:
		line, name = m.theme.Accent.Paint("◈"), m.theme.Strong
	case selected:
		line, name = m.theme.Mark(true), m.theme.Strong
	case marked:
		line = m.theme.Accent.Paint("◆")
	}
	if g.time > 0 {
		format := "15:04:05.000"
		line += m.theme.Faint.Paint(layout.Fit(m.here(e.Time).Format(format[:g.time]), g.time)) + " "
	}
	line += name.Paint(layout.Fit(e.Service, g.service)) + " "
	if g.level > 0 {
		line += m.grade(e.Level).Paint(layout.Fit(spelled(e.Level), g.level)) + " "
	}
	return line
}

// spelled is a level as it is shown: loud ones are written loudly, so that
// they stand out without colour.
func spelled(l store.Level) string {
	if l >= store.LevelError {
		return strings.ToUpper(l.String())
	}
	return l.String()
}

// grade is how loud a level is.
func (m Model) grade(l store.Level) theme.Style {
	switch l {
	case store.LevelError, store.LevelFatal:
		return m.theme.Unwell
	case store.LevelWarn:
		return m.theme.Working
	case store.LevelTrace, store.LevelDebug:
		return m.theme.Faint
	case store.LevelUnknown, store.LevelInfo:
	}
	return m.theme.Muted
}

// mostHits bounds how many places of one line are marked.
const mostHits = 100

// hits are the places of what is searched for, in their order.
func (m Model) hits(text string) []layout.Segment {
	f := m.filter
	var out []layout.Segment
	for _, want := range []string{f.search.text, f.trace} {
		out = places(out, text, fold(want))
	}
	if f.search.pattern != nil {
		for _, at := range f.search.pattern.FindAllStringIndex(text, mostHits) {
			out = append(out, layout.Segment{From: at[0], To: at[1]})
		}
	}
	slices.SortFunc(out, func(a, b layout.Segment) int { return a.From - b.From })
	return out
}

// places adds those of a folded text in another.
func places(out []layout.Segment, text, want string) []layout.Segment {
	if want == "" {
		return out
	}
	folded := fold(text)
	for at := 0; len(out) < mostHits; {
		i := strings.Index(folded[at:], want)
		if i < 0 {
			break
		}
		out = append(out, layout.Segment{From: at + i, To: at + i + len(want)})
		at += i + len(want)
	}
	return out
}

// fold makes ASCII letters small, as the store does when it compares: places
// stay the same.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// aside reports whether a line is shown only for those around it.
func (m Model) aside(e Entry) bool { return m.view.context && !e.hit && !m.filter.search.empty() }

// styled paints a part of a line: the message, the fields more quietly, hits
// marked.
func (m Model) styled(text string, message int, p layout.Segment, hits []layout.Segment, l store.Level, aside bool) string {
	var b strings.Builder
	loud, quiet := m.loud(l), m.theme.Muted
	if aside {
		loud, quiet = m.theme.Faint, m.theme.Faint
	}
	plain := func(from, to int) {
		if to > from && from < message {
			b.WriteString(loud.Paint(text[from:min(to, message)]))
			from = min(to, message)
		}
		if to > from {
			b.WriteString(quiet.Paint(text[from:to]))
		}
	}
	at := p.From
	for _, h := range hits {
		from, to := max(h.From, at), min(h.To, p.To)
		if to <= from {
			continue
		}
		plain(at, from)
		b.WriteString(m.theme.Hit.Paint(text[from:to]))
		at = to
	}
	plain(at, p.To)
	return b.String()
}

// loud is how a message of a level is painted.
func (m Model) loud(l store.Level) theme.Style {
	switch l {
	case store.LevelError, store.LevelFatal:
		return m.theme.Strong
	case store.LevelTrace, store.LevelDebug:
		return m.theme.Muted
	case store.LevelUnknown, store.LevelInfo, store.LevelWarn:
	}
	return m.theme.Text
}

package logs

import (
	"strings"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// entry draws one line of the store: one line of the screen, or several where
// it is wrapped.
func (m Model) entry(e Entry, selected bool) []string {
	g := m.gutter()
	text, message := e.line()
	parts := m.segments(text)
	hits := m.hits(text)
	lines := make([]string, len(parts))
	for i, p := range parts {
		lead := layout.Space(g.width())
		if i == 0 {
			lead = m.lead(e, g, selected)
		}
		lines[i] = lead + m.styled(text, message, p, hits, e.Level)
	}
	if last := parts[len(parts)-1]; last.To < len(text) {
		lines[len(lines)-1] += m.theme.Faint.Paint("…")
	}
	return lines
}

// lead is the cursor, time, service and level before a message.
func (m Model) lead(e Entry, g gutter, selected bool) string {
	line, name := " ", m.theme.Muted
	if selected {
		line, name = m.theme.Accent.Paint("▸"), m.theme.Strong
	}
	if g.time > 0 {
		format := "15:04:05.000"
		line += m.theme.Faint.Paint(layout.Fit(e.Time.Format(format[:g.time]), g.time)) + " "
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

// hits are the places of the searched text.
func (m Model) hits(text string) []layout.Segment {
	want := fold(m.query.Text)
	if want == "" {
		return nil
	}
	var out []layout.Segment
	folded := fold(text)
	for at := 0; ; {
		i := strings.Index(folded[at:], want)
		if i < 0 {
			return out
		}
		out = append(out, layout.Segment{From: at + i, To: at + i + len(want)})
		at += i + len(want)
	}
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

// styled paints a part of a line: the message, the fields more quietly, hits
// marked.
func (m Model) styled(text string, message int, p layout.Segment, hits []layout.Segment, l store.Level) string {
	var b strings.Builder
	plain := func(from, to int) {
		if to > from && from < message {
			b.WriteString(m.loud(l).Paint(text[from:min(to, message)]))
			from = min(to, message)
		}
		if to > from {
			b.WriteString(m.theme.Muted.Paint(text[from:to]))
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

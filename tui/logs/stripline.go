package logs

import (
	"strings"
	"time"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

const (
	// roomy is the height from which the strip has a line of its own.
	roomy = 12
	// totals is the room for what the strip counts in all, where it has any.
	totals = 20
	// mostBars bounds the parts of a strip.
	mostBars = 160
)

// charts reports whether the strip is shown.
func (m Model) charts() bool { return !m.strip.hidden && m.height >= roomy && m.width >= 30 }

// stamp is how the strip's ends are written.
func (m Model) stamp() string {
	switch l := m.strip.length(); {
	case l < 10*time.Minute:
		return "15:04:05"
	case l >= 24*time.Hour:
		return "2 Jan 15:04"
	}
	return "15:04"
}

// barsAt is where the bars begin, in cells.
func (m Model) barsAt() int {
	if m.stamp() == "2 Jan 15:04" {
		return 14
	}
	return len(m.stamp()) + 2
}

// bars is how many parts the strip has.
func (m Model) bars() int {
	n := m.width - 2*m.barsAt()
	if m.width >= 80 {
		n -= totals
	}
	return layout.Clamp(n, 4, mostBars)
}

// stripLine draws how many lines there were when, where errors were among
// them, and which part of that is on the screen.
func (m Model) stripLine() string {
	s := m.strip
	if len(s.parts) == 0 {
		return ""
	}
	top := int64(1)
	var sum store.LevelCounts
	for _, p := range s.parts {
		top = max(top, p.counts.Total())
		for l, n := range p.counts {
			sum[l] += n
		}
	}
	end := s.start(s.first + int64(len(s.parts)))
	line := " " + m.theme.Faint.Paint(layout.FitRight(m.here(s.start(s.first)).Format(m.stamp()), m.barsAt()-2)) + " " + m.barLine(top)
	line += " " + m.theme.Faint.Paint(m.here(end).Format(m.stamp()))
	if m.width < 80 {
		return line
	}
	right := m.theme.Muted.Paint(layout.Count(sum.Total()))
	if bad := sum.AtLeast(store.LevelError); bad > 0 {
		right = m.theme.Unwell.Paint(theme.SignUnwell+" "+layout.Count(bad)) + m.theme.Muted.Paint(" of ") + right
	}
	if s.err != nil {
		right = m.theme.Working.Paint("not counted")
	}
	return layout.Between(line, right+" ", m.width)
}

// barLine draws the bars; those that the screen shows lines of are reversed.
func (m Model) barLine(top int64) string {
	s := m.strip
	from, to := m.onScreen()
	var b strings.Builder
	var run strings.Builder
	var style theme.Style
	flush := func(next theme.Style) {
		if next != style {
			b.WriteString(style.Paint(run.String()))
			run.Reset()
			style = next
		}
	}
	for i, p := range s.parts {
		look := m.tint(p)
		if n := s.first + int64(i); n >= from && n <= to {
			look = m.theme.Hit
		}
		flush(look)
		run.WriteRune(bar(p, top))
	}
	b.WriteString(style.Paint(run.String()))
	return b.String()
}

// bar is how high a part is. One with a line in it stands out from an empty
// one.
func bar(p part, top int64) rune {
	if !p.known {
		return ' '
	}
	marks := []rune("▁▂▃▄▅▆▇█")
	n := p.counts.Total()
	if n == 0 {
		return marks[0]
	}
	return marks[layout.Clamp(1+int(n*6/top), 1, len(marks)-1)]
}

// tint colours a part by its share of errors.
func (m Model) tint(p part) theme.Style {
	all, bad := p.counts.Total(), p.counts.AtLeast(store.LevelError)
	switch {
	case bad*3 >= all && bad > 0:
		return m.theme.Unwell
	case bad > 0:
		return m.theme.Working
	case all == 0:
		return m.theme.Faint
	}
	return m.theme.Muted
}

// onScreen are the parts, by their numbers, that lines on the screen are of.
func (m Model) onScreen() (from, to int64) {
	first, _ := m.first()
	a, ok := m.window.at(first)
	if !ok {
		return 1, 0
	}
	last := first
	for room := m.room() - m.entryHeight(first); last+1 < m.window.size; last++ {
		if room -= m.entryHeight(last + 1); room < 0 {
			break
		}
	}
	z, _ := m.window.at(last)
	if a.Time.IsZero() || z.Time.IsZero() {
		return 1, 0
	}
	return m.strip.number(a.Time), m.strip.number(z.Time)
}

// stripAt is the instant of the strip that is drawn at a column.
func (m Model) stripAt(x int) (time.Time, bool) {
	i := x - m.barsAt()
	if i < 0 || i >= len(m.strip.parts) {
		return time.Time{}, false
	}
	return m.strip.start(m.strip.first + int64(i)), true
}

package logs

import (
	"strings"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// PickServices is what a click on the header's services asks the frame for.
const PickServices intent.Intent = "pick the services of the lines"

// open reports whether every line passes, what is typed aside.
func (f filter) open() bool {
	return f.min == store.LevelUnknown && f.levels == 0 && len(f.services) == 0 && len(f.fields) == 0 && f.trace == ""
}

// piece is a part of the header, and what a click on it asks for.
type piece struct {
	text   string
	style  theme.Style
	intent intent.Intent
}

// headings are the parts of the header, from the left.
func (m Model) headings() []piece {
	var out []piece
	add := func(style theme.Style, i intent.Intent, text string) {
		out = append(out, piece{layout.Safe(text), style, i})
	}
	f := m.filter
	if m.origin.name != "" {
		add(m.theme.Accent, PickFrom, "from "+m.origin.name)
	}
	if m.origin.query != "" {
		add(m.theme.Accent, Ask, "query "+layout.Cut(m.origin.query, max(m.width/3, 8)))
	}
	if f.trace != "" {
		add(m.theme.Accent, "", "trace "+layout.Cut(f.trace, 20))
	}
	// Where there is little room, what is not filtered need not be said.
	short := m.width < 60 && (len(out) > 0 || !f.open() || f.search.typed != "")
	if !short || f.levels != 0 || f.min > store.LevelUnknown {
		add(m.theme.Muted, PickLevel, m.levelsSaid())
	}
	switch {
	case len(f.services) > 0:
		add(m.theme.Muted, PickServices, "services: "+strings.Join(f.services, " "))
	case !short:
		add(m.theme.Muted, PickServices, "all services")
	}
	for _, x := range f.fields {
		sign := choose(x.Not, "≠", "=")
		add(m.theme.Accent, "", layout.Cut(x.Key+sign+x.Value, max(m.width/3, 8)))
	}
	if f.search.typed != "" {
		add(m.theme.Accent, intent.Filter, "/ "+f.search.typed)
	}
	return out
}

// levelsSaid says which levels are shown.
func (m Model) levelsSaid() string {
	f := m.filter
	switch {
	case f.levels != 0:
		var names []string
		for l := store.LevelFatal; l >= store.LevelTrace; l-- {
			if f.levels.Has(l) {
				names = append(names, l.String())
			}
		}
		return "levels: " + strings.Join(names, " ")
	case f.min > store.LevelUnknown:
		return "level ≥ " + f.min.String()
	}
	return "all levels"
}

// gap is what stands between the parts of the header.
const gap = "   "

// header says what is filtered, and how many lines are held of how many.
func (m Model) header() string {
	left := " "
	for i, p := range m.headings() {
		if i > 0 {
			left += gap
		}
		left += p.style.Paint(p.text)
	}
	right := m.standing() + " "
	switch {
	case m.filter.search.problem != "":
		right = m.theme.Unwell.Paint(theme.SignUnwell+" "+layout.Safe(m.filter.search.problem)) + " "
	case m.reading.err != nil && m.window.size > 0:
		right = m.theme.Unwell.Paint(theme.SignUnwell+" "+layout.Cut(layout.Safe(m.reading.err.Error()), max(m.width/2, 10))) + " "
	}
	return layout.Between(left, right, m.width)
}

// headerAt is what a click on a column of the header asks for.
func (m Model) headerAt(x int) intent.Intent {
	at := 1
	for _, p := range m.headings() {
		w := layout.Width(p.text)
		if x >= at && x < at+w {
			return p.intent
		}
		at += w + len(gap)
	}
	return ""
}

// standing says where in the store the screen stands.
func (m Model) standing() string {
	if m.saving != nil {
		return m.theme.Working.Paint(theme.SignWorking) + m.theme.Muted.Paint(" "+m.saving.said())
	}
	if m.view.follow {
		return m.matching() + m.theme.Well.Paint(theme.SignWell) + m.theme.Muted.Paint(" following")
	}
	at := " at " + layout.Count(int64(m.selected+1)) + " of " + layout.Count(int64(m.window.size))
	if !m.window.oldest {
		at += "+"
	}
	if m.width < 60 {
		at = ""
	}
	if n := m.counters.Lines - m.view.paused; n > 0 && m.origin.name == "" && m.origin.query == "" {
		at += " · " + layout.Count(n) + " new"
	}
	return m.theme.Working.Paint("paused") + m.theme.Muted.Paint(at)
}

// matching says how many of all lines pass, where all that do are held.
func (m Model) matching() string {
	if m.width < 60 || m.filter.open() && m.filter.search.empty() || !m.window.oldest || m.window.size == 0 || m.origin.name != "" || m.origin.query != "" || m.counters.Lines == 0 {
		return ""
	}
	return m.theme.Muted.Paint(layout.Count(int64(m.window.size)) + " of " + round(m.counters.Lines) + "   ")
}

// round says a large number in short: "2.1 M".
func round(n int64) string {
	switch {
	case n >= 10_000_000:
		return layout.Count(n/1_000_000) + " M"
	case n >= 1_000_000:
		return layout.Count(n/1_000_000) + "." + layout.Count(n/100_000%10) + " M"
	}
	return layout.Count(n)
}

// Status is the store's size, for the frame.
func (m Model) Status() string {
	c := m.counters
	if c.Lines == 0 || m.origin.name != "" {
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

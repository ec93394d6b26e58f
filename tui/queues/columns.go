package queues

import (
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// column is a column of a list, right of the names.
type column[R any] struct {
	title string
	width int
	// rank says which go first as the width shrinks: the highest. A narrow
	// screen has room for those of rank 0 alone.
	rank int
	// by is the order that the column shows, where sorts is true.
	by    order
	sorts bool
	left  bool // its texts begin on the left
	cell  func(p pen, r R) (string, theme.Style)
}

// pen is what cells are drawn with.
type pen struct {
	theme  theme.Theme
	dim    bool // the numbers are of an earlier time
	chosen bool
	clock  clock
	scale  scale
	now    time.Time
	width  int // of the cell
}

const (
	lead      = 3 // cursor, sign, blank
	sparkWide = 6
	spacious  = 170 // the width from which sparklines are as long as there are samples
	leastName = 10

	rankSpark = 9 // of sparklines
)

// stretched returns the columns with longer sparklines where there is room.
func stretched[R any](cols []column[R], width int) []column[R] {
	for i, c := range cols {
		if c.rank == rankSpark && width >= spacious {
			cols[i].width = kept + 2
		}
	}
	return cols
}

// fit chooses the columns for which a width has room, next to names of a
// length, and how much room these get.
func fit[R any](all []column[R], width, longest int) ([]column[R], int) {
	cols := append([]column[R](nil), all...)
	for {
		taken, highest := lead, 0
		for _, c := range cols {
			taken += c.width
			highest = max(highest, c.rank)
		}
		room := width - taken
		if room >= layout.Clamp(longest, leastName, 24) || highest == 0 {
			return cols, layout.Clamp(longest, min(leastName, max(room, 4)), max(room, 4))
		}
		last := 0
		for i, c := range cols {
			if c.rank == highest {
				last = i
			}
		}
		cols = append(cols[:last], cols[last+1:]...)
	}
}

// titles is the line of column names; the one that the list is sorted by has a
// mark.
func titles[R any](t theme.Theme, name string, cols []column[R], width int, o order) string {
	mark := func(c column[R]) string {
		if c.sorts && c.by == o {
			return c.title + "▾"
		}
		return c.title
	}
	if o == byName {
		name += "▴"
	}
	line := layout.Space(lead) + layout.Fit(name, width)
	for _, c := range cols {
		if c.left {
			line += "   " + layout.Fit(mark(c), c.width-3)
			continue
		}
		line += layout.FitRight(mark(c), c.width)
	}
	return t.Muted.Paint(line)
}

// cells draws the columns of a row.
func cells[R any](p pen, cols []column[R], r R) string {
	line := ""
	for _, c := range cols {
		p.width = c.width - 1
		if c.left {
			p.width = c.width - 3
		}
		text, style := c.cell(p, r)
		if p.dim {
			style = p.theme.Faint
		}
		if c.left {
			line += "   " + style.Paint(layout.Fit(text, c.width-3))
			continue
		}
		line += style.Paint(layout.FitRight(text, c.width))
	}
	return line
}

// spark draws a trail's latest values on the column's scale.
func (p pen) spark(t trail, top float64, of func(point) float32) string {
	w := p.width - 1
	return layout.Spark(t.series(p.clock, w, of), top, w)
}

// behind draws a lag with the sign of where it goes.
func (p pen) behind(lag queue.Count, trend, pace queue.Rate) (string, theme.Style) {
	style, sign := heading(lag, trend, pace).look(p.theme, lag)
	return amount(lag, p.width-2) + " " + sign, style
}

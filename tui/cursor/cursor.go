// Package cursor owns a cursor in lines of which some can be chosen, and the
// window over them.
package cursor

import "github.com/diorama-dev/diorama/tui/layout"

// Row is a line of a list.
type Row interface {
	// ID is what the row is known by while others come and go; empty: it
	// cannot be chosen.
	ID() string
	// About is the identifier of the row that it tells more of; empty: it stands
	// above what follows.
	About() string
}

// Cursor is the row that is chosen and the window over all. The zero value is
// at the top.
type Cursor struct {
	ID     string
	At     int
	Offset int
}

// Kept returns the cursor in newer rows: on the row that it was on, else on one
// near to where that was. Height is how many rows show.
func Kept[R Row](c Cursor, rows []R, height int) Cursor {
	if c.At < 0 || c.At >= len(rows) || rows[c.At].ID() != c.ID || c.ID == "" {
		c.At = layout.Clamp(c.At, 0, max(len(rows)-1, 0))
		for i, r := range rows {
			if r.ID() == c.ID && c.ID != "" {
				return put(c, rows, i, height)
			}
		}
		c.At = near(rows, c.At)
	}
	return put(c, rows, c.At, height)
}

// near is the row next to a place that can be chosen, further down or else
// further up; the place itself where there is none.
func near[R Row](rows []R, at int) int {
	for i := at; i < len(rows); i++ {
		if rows[i].ID() != "" {
			return i
		}
	}
	for i := min(at, len(rows)-1); i >= 0; i-- {
		if rows[i].ID() != "" {
			return i
		}
	}
	return at
}

// Moved returns the cursor so many rows further on that can be chosen. At an
// end it stays, and the window shows what lies beyond.
func Moved[R Row](c Cursor, rows []R, by, height int) Cursor {
	way, left := 1, by
	if by < 0 {
		way, left = -1, -by
	}
	at := c.At
	for i := c.At + way; left > 0 && i >= 0 && i < len(rows); i += way {
		if rows[i].ID() != "" {
			at = i
			left--
		}
	}
	return put(c, rows, at, height)
}

// put puts the cursor on a row, and the window such that the row shows with
// what is said above it and of it.
func put[R Row](c Cursor, rows []R, at, height int) Cursor {
	c.At, c.ID = at, ""
	if at < 0 || at >= len(rows) {
		c.Offset = layout.Clamp(c.Offset, 0, max(len(rows)-height, 0))
		return c
	}
	c.ID = rows[at].ID()
	first, last := at, at
	for first > 0 && rows[first-1].ID() == "" && rows[first-1].About() == "" {
		first--
	}
	for last+1 < len(rows) && rows[last+1].ID() == "" && rows[last+1].About() == c.ID {
		last++
	}
	if last-first+1 > height { // the row itself before what stands above it
		first = at
	}
	c.Offset = layout.Scroll(c.Offset, height, len(rows), first, last)
	return c
}

// At returns the row that is drawn at a line of the window, as the row that can
// be chosen there; false where there is none.
func At[R Row](c Cursor, rows []R, line int) (int, bool) {
	at := c.Offset + line
	if line < 0 || at < 0 || at >= len(rows) {
		return 0, false
	}
	about := rows[at].About()
	for i := at; i >= 0; i-- {
		if id := rows[i].ID(); id != "" && (i == at || id == about) {
			return i, true
		}
	}
	return 0, false
}

// Put returns the cursor on a row.
func Put[R Row](c Cursor, rows []R, at, height int) Cursor { return put(c, rows, at, height) }

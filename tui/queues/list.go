package queues

import (
	"github.com/diorama-dev/diorama/tui/layout"
)

// list is a cursor in a list and the window over it.
type list struct {
	key    Key // of the row that the cursor is on
	at     int
	offset int
}

// keep returns the cursor in newer rows: on the row it was on, else where that
// was.
func keep[R row](l list, rows []R, height int) list {
	if l.at >= len(rows) || rows[l.at].id() != l.key {
		for i, r := range rows {
			if r.id() == l.key {
				l.at = i
				break
			}
		}
	}
	return put(l, rows, l.at, height)
}

// put returns the cursor on a row, and the window such that it shows.
func put[R row](l list, rows []R, at, height int) list {
	l.at = layout.Clamp(at, 0, max(len(rows)-1, 0))
	l.offset = layout.Scroll(l.offset, height, len(rows), l.at, l.at)
	if l.at < len(rows) {
		l.key = rows[l.at].id()
	}
	return l
}

// chosen is the row that the cursor is on.
func chosen[R row](l list, rows []R) (R, bool) {
	if l.at < 0 || l.at >= len(rows) {
		var none R
		return none, false
	}
	return rows[l.at], true
}

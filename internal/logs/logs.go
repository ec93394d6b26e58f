// Package logs owns log lines: where they come from, the store on disk that
// keeps them within a bound, and reading them back by cursor.
package logs

import (
	"cmp"
	"time"
)

// Level is how grave a line is. The zero value means that the line does not say.
type Level uint8

// The levels, in growing gravity.
const (
	LevelUnknown Level = iota
	LevelTrace
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
	LevelFatal
)

// Line is one line of a container's output.
type Line struct {
	Time      time.Time `json:"time"`
	Stack     string    `json:"stack,omitempty"`
	Service   string    `json:"service"`
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	Level     Level     `json:"level"`
	// Message is the line as written, without its line end. It may hold any
	// bytes that are valid UTF-8, control sequences included: make it harmless
	// before it reaches a terminal.
	Message string `json:"message"`
}

// Cursor is a place between two lines of a store. The zero value is the
// oldest place. Cursors of one store are ordered and stay valid for as long as
// the environment lives; one whose line was discarded reads on from the oldest
// line that is left.
type Cursor struct {
	Segment uint64 `json:"segment"`
	Offset  int64  `json:"offset"`
}

// Compare orders places: -1 where c is before d, 1 where it is after.
func (c Cursor) Compare(d Cursor) int {
	return cmp.Or(cmp.Compare(c.Segment, d.Segment), cmp.Compare(c.Offset, d.Offset))
}

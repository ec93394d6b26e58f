// Package logs owns log lines: where they come from, the store on disk that
// keeps them within a bound, and reading them back by cursor.
package logs

import (
	"context"
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

// Query says which lines are wanted. The zero value wants every line.
type Query struct {
	Services []string  // none: all
	MinLevel Level     // lines of unknown level count as LevelInfo
	Text     string    // case-insensitive substring of the message
	Since    time.Time // zero: no bound
	Until    time.Time // zero: no bound
}

// Page is a run of lines, oldest first, and the places around it.
type Page struct {
	Lines []Line
	Start Cursor // just before the first line looked at
	End   Cursor // just after the last line looked at
	// More is true when the limit ended the page, not the store's end.
	More bool
}

// Reader reads a store's lines in the order in which they were stored. It is
// safe for concurrent use and while a store is written.
type Reader interface {
	// Forward returns up to limit matching lines from the cursor on.
	Forward(ctx context.Context, from Cursor, q Query, limit int) (Page, error)
	// Backward returns the last matching lines, limit at most, that stand
	// before the cursor, oldest first.
	Backward(ctx context.Context, before Cursor, q Query, limit int) (Page, error)
	// End returns the place after the newest line.
	End(ctx context.Context) (Cursor, error)
}

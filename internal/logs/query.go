package logs

import (
	"context"
	"regexp"
	"time"
)

// Query says which lines are wanted. The zero value wants every line.
type Query struct {
	Services []string // none: all
	MinLevel Level    // lines of unknown level count as LevelInfo
	// Levels are the only ones wanted, where it is not zero; a line of unknown
	// level counts as LevelInfo.
	Levels  LevelSet
	Text    string         // case-insensitive substring of the message
	Pattern *regexp.Regexp // found somewhere in the message; nil: any message
	Fields  []FieldFilter  // all of them hold
	Where   Condition      // nil: none
	Since   time.Time      // zero: no bound
	Until   time.Time      // zero: no bound
}

// LevelSet is a set of levels, a bit for each.
type LevelSet uint8

// Levels is the set of those levels.
func Levels(levels ...Level) LevelSet {
	var s LevelSet
	for _, l := range levels {
		s |= 1 << l
	}
	return s
}

// Has reports whether a line of the level is wanted. An empty set wants all.
func (s LevelSet) Has(l Level) bool { return s == 0 || s&(1<<l.Counted()) != 0 }

// FieldFilter wants a field to have a value. The fields are those of the
// message, where it is JSON, logfmt or klog, those of nested objects by keys
// with dots ("http.status"), then those of the line itself: stack, service,
// pod, container, level, trace and message. Values are compared as text.
type FieldFilter struct {
	Key   string
	Value string
	Not   bool // the field is absent or has another value
}

// Condition is a filter that a query language states.
type Condition interface {
	// Holds reports whether the line is wanted. The function takes the line's
	// message apart when it is first called.
	Holds(l Line, fields func() Fields) bool
	// Literals are texts of which each is in the message of every line that is
	// wanted, in the same case: what lets a search skip. It may be empty.
	Literals() []string
}

// Page is a run of lines, oldest first, and the places around it.
type Page struct {
	Lines []Line
	// Places are just before each of the lines.
	Places []Cursor
	Start  Cursor // just before the first line looked at
	End    Cursor // just after the last line looked at
	// More is true when the limit ended the page, not the store's end.
	More bool
}

// Span is a stretch of time in parts of equal length.
type Span struct {
	From, To time.Time // To is not in it
	Parts    int
}

// LevelCounts are numbers of lines by level.
type LevelCounts [LevelFatal + 1]int64

// Total is the number of all lines.
func (c LevelCounts) Total() int64 {
	total := int64(0)
	for _, n := range c {
		total += n
	}
	return total
}

// AtLeast is the number of lines of that level and worse; those of unknown
// level count as LevelInfo.
func (c LevelCounts) AtLeast(min Level) int64 {
	total := int64(0)
	for l, n := range c {
		if Level(l).Counted() >= min {
			total += n
		}
	}
	return total
}

// Reader reads lines in the order in which they were stored, which is that of
// their times but for a small disorder. It is safe for concurrent use and
// while a store is written. When the context ends first, each method returns
// what it has so far with the context's error.
type Reader interface {
	// Forward returns up to limit matching lines from the cursor on.
	Forward(ctx context.Context, from Cursor, q Query, limit int) (Page, error)
	// Backward returns the last matching lines, limit at most, that stand
	// before the cursor, oldest first.
	Backward(ctx context.Context, before Cursor, q Query, limit int) (Page, error)
	// End returns the place after the newest line.
	End(ctx context.Context) (Cursor, error)
	// At returns a place before the first line of that time or later, and not
	// far before it; the end where there is none.
	At(ctx context.Context, t time.Time) (Cursor, error)
	// Count counts the matching lines of each part of a span.
	Count(ctx context.Context, q Query, s Span) ([]LevelCounts, error)
}

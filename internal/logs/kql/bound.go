package kql

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// bound is the stretch of time that a date stands for: a day, where it says no
// more; to is not in it.
type bound struct{ from, to time.Time }

func (b bound) holds(op string, t time.Time) bool {
	switch op {
	case "<":
		return t.Before(b.from)
	case "<=":
		return t.Before(b.to)
	case ">":
		return !t.Before(b.to)
	}
	return !t.Before(b.from)
}

// parseBound reads a date as Elasticsearch rounds it
// (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-range-query),
// or now with a stretch added or taken off, now-15m.
func parseBound(s string, now time.Time) (bound, error) {
	if rest, found := strings.CutPrefix(s, "now"); found && !now.IsZero() {
		t, ok := shifted(now, rest)
		if !ok {
			return bound{}, fmt.Errorf("%q is no time: write now, or now-15m with one of the units s, m, h, d and w", s)
		}
		return bound{t, t.Add(1)}, nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout.form, s); err == nil {
			t = t.UTC()
			if layout.next == nil {
				return bound{t, t.Add(fraction(s))}, nil
			}
			return bound{t, layout.next(t)}, nil
		}
	}
	return bound{}, fmt.Errorf(`%q is no time: write "2026-11-22", "2026-11-22T10:00:00Z" or now-15m`, s)
}

func after(d time.Duration) func(time.Time) time.Time {
	return func(t time.Time) time.Time { return t.Add(d) }
}

// layouts are the forms of a date, and what follows a date of each form; nil:
// that depends on how many digits its seconds have, see [fraction].
//
//nolint:gochecknoglobals // a table, never changed
var layouts = []struct {
	form string
	next func(time.Time) time.Time
}{
	{"2006-01-02T15:04:05Z07:00", nil},
	{"2006-01-02T15:04:05", nil},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01-02T15:04Z07:00", after(time.Minute)},
	{"2006-01-02T15:04", after(time.Minute)},
	{"2006-01-02T15", after(time.Hour)},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
}

// fraction is the length of the last digit of the seconds.
func fraction(s string) time.Duration {
	_, digits, _ := strings.Cut(s, ".")
	length := time.Second
	for i := 0; i < len(digits) && '0' <= digits[i] && digits[i] <= '9' && length > 1; i++ {
		length /= 10
	}
	return length
}

// shifted adds -15m or +1d.
func shifted(t time.Time, by string) (time.Time, bool) {
	if by == "" {
		return t, true
	}
	n, err := strconv.ParseInt(by[:len(by)-1], 10, 32)
	if err != nil || (by[0] != '-' && by[0] != '+') {
		return t, false
	}
	unit, known := map[byte]time.Duration{
		's': time.Second, 'm': time.Minute, 'h': time.Hour, 'H': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
	}[by[len(by)-1]]
	return t.Add(time.Duration(n) * unit), known
}

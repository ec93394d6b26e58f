package loki

import (
	"cmp"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// entry is a line, its nanosecond, and how many lines of that nanosecond stand
// before it.
type entry struct {
	line  logs.Line
	nanos int64
	place int64
}

func (e entry) before() logs.Cursor {
	return logs.Cursor{Segment: uint64(e.nanos), Offset: e.place}
}

func (e entry) after() logs.Cursor {
	return logs.Cursor{Segment: uint64(e.nanos), Offset: e.place + 1}
}

// batch is an answer of Loki, oldest line first.
type batch struct {
	entries []entry
	full    bool // there may be more
}

func (b batch) first() int64 { return b.entries[0].nanos }
func (b batch) last() int64  { return b.entries[len(b.entries)-1].nanos }

// newBatch puts the streams of an answer in order, each of which is oldest
// first, and numbers the lines of one nanosecond.
func newBatch(streams []stream, backward, full bool) batch {
	b := batch{full: full}
	slices.SortStableFunc(streams, func(x, y stream) int { return cmp.Compare(x.key(), y.key()) })
	for _, s := range streams {
		if backward {
			slices.Reverse(s.Values)
		}
		for _, v := range s.Values {
			b.entries = append(b.entries, entry{line: s.line(v), nanos: v.nanos})
		}
	}
	slices.SortStableFunc(b.entries, func(x, y entry) int { return cmp.Compare(x.nanos, y.nanos) })
	for i := 1; i < len(b.entries); i++ {
		if b.entries[i].nanos == b.entries[i-1].nanos {
			b.entries[i].place = b.entries[i-1].place + 1
		}
	}
	return b
}

// ahead are the lines at the cursor and after it. Of a full batch the last
// nanosecond is left out, which may be cut; again is true where that leaves
// nothing, so that more must be asked for.
func (b batch) ahead(at logs.Cursor) (lines []entry, again bool) {
	for _, e := range b.entries {
		if e.nanos > position(at) || (e.nanos == position(at) && e.place >= at.Offset) {
			lines = append(lines, e)
		}
	}
	if !b.full {
		return lines, false
	}
	whole := slices.DeleteFunc(slices.Clone(lines), func(e entry) bool { return e.nanos == b.last() })
	if len(whole) == 0 {
		return lines, true
	}
	return whole, false
}

// behind are the lines before the cursor. Of a full batch the first nanosecond
// is left out, as in ahead.
func (b batch) behind(at logs.Cursor) (lines []entry, again bool) {
	for _, e := range b.entries {
		if e.nanos < position(at) || (e.nanos == position(at) && e.place < at.Offset) {
			lines = append(lines, e)
		}
	}
	if !b.full {
		return lines, false
	}
	whole := slices.DeleteFunc(slices.Clone(lines), func(e entry) bool { return e.nanos == b.first() })
	if len(whole) == 0 {
		return lines, true
	}
	return whole, false
}

// stream is lines of equal labels, in an answer.
type stream struct {
	Labels map[string]string `json:"stream"`
	Values []value           `json:"values"`
}

// key orders the streams of one nanosecond. Labels that a parser of the query
// makes of each line do not count.
func (s stream) key() string {
	const part = "\x00"
	return s.Labels["service"] + part + s.Labels["pod"] + part + s.Labels["container"]
}

func (s stream) line(v value) logs.Line {
	l := logs.Line{
		Time: time.Unix(0, v.nanos).UTC(), Stack: s.Labels["stack"], Service: s.Labels["service"],
		Pod: s.Labels["pod"], Container: s.Labels["container"], Level: logs.LevelNamed(s.Labels["level"]), Message: v.text,
	}
	for _, name := range []string{"service_name", "app"} {
		if value := s.Labels[name]; l.Service == "" && value != "unknown_service" {
			l.Service = value
		}
	}
	if l.Service == "" {
		l.Service = logs.ServiceOfPod(l.Pod)
	}
	if l.Level == logs.LevelUnknown {
		l.Level = logs.ParseLevel(v.text)
	}
	return l
}

package logs

import (
	"strings"
	"sync"
)

// Filter is a query made ready for many lines. It is safe for concurrent use.
type Filter struct {
	query Query
	match *matcher
}

// NewFilter makes a query ready for lines that come from elsewhere than a
// store.
func NewFilter(q Query) *Filter { return &Filter{query: q, match: newMatcher(q)} }

// Matches reports whether a line is wanted.
func (f *Filter) Matches(l Line) bool {
	m := f.match
	if m.services != nil && !m.services[l.Service] {
		return false
	}
	var message []byte
	if len(m.text) > 0 || f.query.Pattern != nil { // a copy is made for those alone
		message = []byte(l.Message)
	}
	return m.matches(l.Level, nanos(l.Time), message) && f.query.holds(l)
}

// Matches reports whether a line is wanted. A store asks its own records; this
// is for one line that comes from elsewhere, and [NewFilter] for many.
func (q Query) Matches(l Line) bool { return NewFilter(q).Matches(l) }

// holds reports whether a line fulfils the query's conditions on fields, and
// its [Condition]. The store has asked for all else already.
func (q Query) holds(l Line) bool {
	if len(q.Fields) == 0 && q.Where == nil {
		return true
	}
	for _, wanted := range q.Fields {
		if !wanted.possible(l) {
			return false
		}
	}
	fields := sync.OnceValue(func() Fields {
		f, _ := ParseFields(l.Message)
		return f
	})
	for _, wanted := range q.Fields {
		if wanted.holds(l, fields) == wanted.Not {
			return false
		}
	}
	return q.Where == nil || q.Where.Holds(l, fields)
}

// possible reports whether a line can hold the value at all: what is not in
// its text is in none of its fields, but for what is escaped there and for
// what is the line's own. It spares most lines from being taken apart.
func (f FieldFilter) possible(l Line) bool {
	return f.Not || f.Value == "" || ownKey(f.Key) || strings.Contains(l.Message, f.Value) ||
		strings.IndexByte(l.Message, '\\') >= 0
}

func (f FieldFilter) holds(l Line, fields func() Fields) bool {
	value, known := l.Field(f.Key, fields)
	return known && (value == f.Value ||
		(l.Level != LevelUnknown && value == l.Level.String() && levelKey(f.Key) && LevelNamed(f.Value) == l.Level))
}

// Field is the value of a field of the message or of the line itself, see
// [FieldFilter].
func (l Line) Field(key string, fields func() Fields) (string, bool) {
	f := fields()
	for _, field := range f.Rest {
		if field.Key == key {
			return field.Value, true
		}
	}
	return l.own(key, f)
}

func ownKey(key string) bool {
	switch key {
	case "stack", "service", "pod", "container":
		return true
	}
	return levelKey(key) || traceKey(key) || messageKey(key) || timeKey(key)
}

func (l Line) own(key string, f Fields) (string, bool) {
	switch {
	case key == "stack":
		return l.Stack, true
	case key == "service":
		return l.Service, true
	case key == "pod":
		return l.Pod, true
	case key == "container":
		return l.Container, true
	case levelKey(key):
		return l.Level.String(), l.Level != LevelUnknown
	case traceKey(key):
		return f.Trace, f.Trace != ""
	case messageKey(key):
		return f.Message, true
	case timeKey(key):
		return l.written(key)
	}
	return "", false
}

// written is the value of a member as the message writes it, which [Fields]
// do not keep of a time.
func (l Line) written(key string) (string, bool) {
	var room [roomForMembers]Member
	members, ok := AppendMembers(room[:0], l.Message)
	for _, m := range members {
		if ok && m.Key == key {
			return m.Value, true
		}
	}
	return "", false
}

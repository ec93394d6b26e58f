package logs

import "sync"

// Matches reports whether a line is wanted. A store asks its own records; this
// is for lines that come from elsewhere.
func (q Query) Matches(l Line) bool {
	m := newMatcher(q)
	return (m.services == nil || m.services[l.Service]) && m.matches(l.Level, nanos(l.Time), []byte(l.Message)) && q.holds(l)
}

// holds reports whether a line fulfils the query's conditions on fields, and
// its [Condition]. The store has asked for all else already.
func (q Query) holds(l Line) bool {
	if len(q.Fields) == 0 && q.Where == nil {
		return true
	}
	fields := sync.OnceValue(func() Fields {
		f, _ := ParseFields(l.Message)
		return f
	})
	for _, wanted := range q.Fields {
		value, known := l.Field(wanted.Key, fields)
		if (known && value == wanted.Value) == wanted.Not {
			return false
		}
	}
	return q.Where == nil || q.Where.Holds(l, fields)
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
	case key == "message" || key == "msg":
		return f.Message, true
	}
	return "", false
}

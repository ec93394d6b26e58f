package redis

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"github.com/diorama-dev/diorama/internal/queue"
)

// The fields of an entry that are a message's key and value.
const (
	fieldKey   = "key"
	fieldValue = "value"
)

// entry is an entry of a stream: its fields in order, which may repeat.
type entry struct {
	id     string
	fields []queue.Header
}

// entriesOf reads the reply of XRANGE: a list of IDs, each with a list of
// fields. What is of another form is left out.
func entriesOf(reply any) []entry {
	list, _ := reply.([]any)
	entries := make([]entry, 0, len(list))
	for _, item := range list {
		pair, _ := item.([]any)
		if len(pair) < 2 {
			continue
		}
		id, ok := pair[0].(string)
		if !ok {
			continue
		}
		e := entry{id: id}
		values, _ := pair[1].([]any)
		for i := 0; i+1 < len(values); i += 2 {
			name, okName := values[i].(string)
			value, okValue := values[i+1].(string)
			if okName && okValue {
				e.fields = append(e.fields, queue.Header{Name: name, Value: []byte(value)})
			}
		}
		entries = append(entries, e)
	}
	return entries
}

func (e entry) bytes() int {
	n := 0
	for _, f := range e.fields {
		n += len(f.Name) + len(f.Value)
	}
	return n
}

// message is an entry as it is shown. The headers are its fields as they are.
// The value is that of the field "value" beside a "key", or that of its only
// field; of other entries it is a JSON object of all fields but "key", in their
// order, in which a value that is no text is {"base64": "…"}.
func (e entry) message(mostBytes int) queue.Message {
	m := queue.Message{Position: e.id}
	m.Time, _ = idTime(e.id)
	rest := make([]queue.Header, 0, len(e.fields))
	for _, f := range e.fields {
		if f.Name == fieldKey && m.Key == nil && len(e.fields) > 1 {
			m.Key, m.KeyBytes = cut(f.Value, mostBytes), len(f.Value)
		} else {
			rest = append(rest, f)
		}
		m.Headers = append(m.Headers, queue.Header{Name: f.Name, Value: cut(f.Value, mostBytes)})
	}
	value := []byte(nil)
	switch {
	case len(rest) == 1 && (rest[0].Name == fieldValue || len(e.fields) == 1):
		value = rest[0].Value
	case len(rest) > 0:
		value = object(rest)
	}
	m.Value, m.ValueBytes = cut(value, mostBytes), len(value)
	return m
}

// object is fields as a JSON object.
func object(list []queue.Header) []byte {
	var b bytes.Buffer
	for i, f := range list {
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.Write(quote(f.Name))
		b.WriteByte(':')
		if utf8.Valid(f.Value) {
			b.Write(quote(string(f.Value)))
			continue
		}
		b.WriteString(`{"base64":"` + base64.StdEncoding.EncodeToString(f.Value) + `"}`)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func quote(text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil { // text always can be
		return []byte(`""`)
	}
	return quoted
}

// cut is a copy where it is shorter, so that the whole can be let go.
func cut(b []byte, most int) []byte {
	if most > 0 && len(b) > most {
		return bytes.Clone(b[:most])
	}
	return b
}

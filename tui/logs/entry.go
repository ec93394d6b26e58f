// Package logs owns the logs screen: the lines of all services in one pane,
// followed, filtered and read back. It reads a store by cursor; lines never
// pass through snapshots.
package logs

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

// longest is how much of a line is looked at, in bytes; the store keeps it
// whole.
const longest = 16 << 10

// Entry is a line ready to be drawn: everything in it is safe for a terminal.
type Entry struct {
	Time      time.Time
	Stack     string
	Service   string
	Pod       string
	Container string
	Level     store.Level
	// Message is what a person reads first: of a JSON line its message.
	Message string
	// Fields are what a JSON line says besides, in its order.
	Fields []Field
	// Raw is the line as it was written.
	Raw string
}

// Field is a name and a value of a structured line.
type Field struct{ Name, Value string }

// parse makes an entry of a line.
func parse(l store.Line) Entry {
	raw := strings.TrimRight(clipped(l.Message), "\r\n")
	e := Entry{
		Time: l.Time, Level: l.Level,
		Stack: layout.Safe(l.Stack), Service: layout.Safe(l.Service),
		Pod: layout.Safe(l.Pod), Container: layout.Safe(l.Container),
		Raw: layout.Safe(raw),
	}
	e.Message = e.Raw
	if fields, ok := object(raw); ok {
		e = e.structured(fields)
	}
	return e
}

// clipped cuts a line at a character's end.
func clipped(s string) string {
	if len(s) <= longest {
		return s
	}
	s = s[:longest]
	for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s[:max(len(s)-1, 0)] + "…"
}

// structured takes the well-known fields of a JSON line out.
func (e Entry) structured(fields []Field) Entry {
	message, found := "", false
	var rest []Field
	for _, f := range fields {
		switch strings.ToLower(f.Name) {
		case "msg", "message", "event":
			if !found {
				message, found = f.Value, true
				continue
			}
		case "level", "lvl", "severity", "loglevel", "log.level":
			if l := store.LevelNamed(f.Value); l != store.LevelUnknown {
				if e.Level == store.LevelUnknown {
					e.Level = l
				}
				continue
			}
		case "time", "ts", "timestamp", "@timestamp", "t":
			continue
		case "service":
			if f.Value == e.Service {
				continue // it stands before the message already
			}
		}
		rest = append(rest, f)
	}
	if !found && len(rest) == 0 {
		return e
	}
	e.Message, e.Fields = message, rest
	return e
}

// object reads a JSON object's fields in their order; false where the text is
// anything else.
func object(s string) ([]Field, bool) {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "{") || !strings.HasSuffix(s, "}") {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(s))
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	var out []Field
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false
		}
		key, _ := name.(string)
		out = append(out, Field{Name: layout.Safe(key), Value: layout.Safe(text(value))})
	}
	if _, err := d.Token(); err != nil || d.More() {
		return nil, false
	}
	return out, true
}

// text is a JSON value as a person writes it: a string without its quotes.
func text(value json.RawMessage) string {
	var s string
	if len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// line is the message and the fields after it, and how long the message is in
// bytes.
func (e Entry) line() (text string, message int) {
	if len(e.Fields) == 0 {
		return e.Message, len(e.Message)
	}
	var b strings.Builder
	b.WriteString(e.Message)
	for i, f := range e.Fields {
		switch {
		case i > 0:
			b.WriteByte(' ')
		case e.Message != "":
			b.WriteString("  ")
		}
		b.WriteString(f.Name)
		b.WriteByte('=')
		b.WriteString(f.Value)
	}
	return b.String(), len(e.Message)
}

// Details are all that is known of the line, one thing a line.
func (e Entry) Details() []Field {
	out := []Field{
		{"time", e.Time.Format("2006-01-02 15:04:05.000 MST")},
		{"service", e.Service},
		{"pod", e.Pod},
		{"container", e.Container},
		{"level", e.Level.String()},
		{"message", e.Message},
	}
	out = append(out, e.Fields...)
	if len(e.Fields) > 0 {
		out = append(out, Field{"line", e.Raw})
	}
	return out
}

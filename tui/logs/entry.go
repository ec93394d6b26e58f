// Package logs owns the logs screen: the lines of all services in one pane,
// followed, filtered and read back. It reads a store by cursor; lines never
// pass through snapshots.
package logs

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

const (
	// longest is how much of a line is looked at, in bytes; the store keeps it
	// whole.
	longest = 16 << 10
	// mostLines bounds the lines of one message.
	mostLines = 500
)

// Entry is a line ready to be drawn: everything in it is safe for a terminal.
type Entry struct {
	Time      time.Time
	Stack     string
	Service   string
	Pod       string
	Container string
	Level     store.Level
	// Message is what a person reads first: of a JSON line its message, of
	// several lines the first.
	Message string
	// More are the message's other lines.
	More []string
	// Fields are what a JSON line says besides, in its order.
	Fields []Field
	// Raw is the line as it was written, as one line.
	Raw string
	// Trace is the identifier of the trace that the line names; empty: none.
	Trace string
	line  store.Line // as it was read, what is longer cut off
	hit   bool       // it is searched for
}

// Field is a name and a value of a structured line.
type Field struct{ Name, Value string }

// parse makes an entry of a line.
func parse(l store.Line) Entry {
	raw := strings.TrimRight(clipped(l.Message, longest), "\r\n")
	e := Entry{
		Time: l.Time, Level: l.Level,
		Stack: layout.Safe(l.Stack), Service: layout.Safe(l.Service),
		Pod: layout.Safe(l.Pod), Container: layout.Safe(l.Container),
		Raw: layout.Safe(raw), line: clippedLine(l),
	}
	e.Trace = layout.Safe(traceOf(raw))
	fields, ok := object(raw)
	if !ok {
		return e.saying(raw)
	}
	e = e.structured(fields)
	if e.Message == "" && e.Fields == nil { // it says nothing but its time
		e = e.saying(raw)
	}
	return e
}

// saying is the entry with a message of one or several lines.
func (e Entry) saying(message string) Entry {
	lines := strings.SplitN(message, "\n", mostLines)
	if len(lines) == 1 {
		e.Message, e.More = layout.Safe(message), nil
		return e
	}
	for i, l := range lines {
		lines[i] = layout.Safe(strings.TrimRight(l, "\r"))
	}
	e.Message, e.More = lines[0], lines[1:]
	return e
}

// namedTrace is a trace's identifier as text says it: "trace=9f2c41".
var namedTrace = regexp.MustCompile(`(?i)\btrace[._-]?(?:id)?["']?\s?[=:]\s?["']?([0-9a-z-]{4,64})\b`)

// traceOf is the trace that a line names: in a field, or somewhere in its text
// as one would be written.
func traceOf(message string) string {
	if !strings.Contains(message, "race") { // most lines name none
		return ""
	}
	if f, _ := store.ParseFields(message); f.Trace != "" {
		return f.Trace
	}
	found := namedTrace.FindStringSubmatch(message)
	if found == nil {
		return ""
	}
	return found[1]
}

// clippedLine is a line of which no more is kept than is looked at.
func clippedLine(l store.Line) store.Line {
	if len(l.Message) > longest {
		l.Message = strings.Clone(l.Message[:longest])
	}
	return l
}

// clipped cuts a text at a character's end.
func clipped(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most]
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
			if f.Value == e.line.Service {
				continue // it stands before the message already
			}
		}
		rest = append(rest, Field{layout.Safe(f.Name), layout.Safe(f.Value)})
	}
	if !found && len(rest) == 0 {
		return e
	}
	e = e.saying(strings.TrimRight(message, "\r\n"))
	e.Fields = rest
	return e
}

// object reads a JSON object's fields in their order, as they are written;
// false where the text is anything else.
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
		out = append(out, Field{Name: key, Value: text(value)})
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

// text is the message's first line and the fields after it, and how long the
// former is in bytes.
func (e Entry) text() (text string, message int) {
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

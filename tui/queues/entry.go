package queues

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/content"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// entry is a message as it is drawn. Everything in it that came from elsewhere
// is safe, apart from the message itself.
type entry struct {
	message queue.Message
	place   string // partition and position
	key     string
	value   string // in one line
	format  content.Format
	trace   string // the identifier of the trace that it belongs to; empty: it names none
}

// inline is how many bytes of a key or value the list has room for.
const inline = 300

// mostTraced is how many bytes of a value are searched for a trace.
const mostTraced = 16 << 10

// mostHeaders is how many headers of a message are kept.
const mostHeaders = 200

// bounded returns the message with no more of it than a page keeps.
func bounded(m queue.Message, most int) queue.Message {
	cut := func(v []byte) []byte {
		if len(v) > most {
			return bytes.Clone(v[:most]) // so that the rest can go
		}
		return v
	}
	m.Key, m.Value = cut(m.Key), cut(m.Value)
	headers := make([]queue.Header, 0, min(len(m.Headers), mostHeaders))
	for _, h := range m.Headers[:min(len(m.Headers), mostHeaders)] {
		headers = append(headers, queue.Header{Name: h.Name, Value: cut(h.Value)})
	}
	m.Headers = headers
	return m
}

// entryOf makes an entry, outside the UI's own loop.
func entryOf(m queue.Message, most int) entry {
	m = bounded(m, most)
	e := entry{message: m, format: recognise(m.Value)}
	e.place = layout.Safe(m.Position)
	if m.Partition > 0 || isNumber(m.Position) {
		e.place = strconv.Itoa(int(m.Partition)) + ":" + e.place
	}
	e.key = oneLine(m.Key, recognise(m.Key))
	e.value = oneLine(m.Value, e.format)
	e.trace = layout.Safe(traceOf(m))
	return e
}

// traceOf is the trace that a message names: in its headers, or in a value that
// is written as log lines are.
func traceOf(m queue.Message) string {
	for _, h := range m.Headers {
		if line, err := json.Marshal(map[string]string{h.Name: string(h.Value)}); err == nil {
			if f, _ := logs.ParseFields(string(line)); f.Trace != "" {
				return f.Trace
			}
		}
	}
	f, _ := logs.ParseFields(string(m.Value[:min(len(m.Value), mostTraced)]))
	return f.Trace
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// recognise tells what bytes hold, of which a page keeps so many at most.
func recognise(v []byte) content.Format { return content.Recognise(v, len(v) >= mostBytes) }

// oneLine says a key or value in one line: JSON without its blanks, text as it
// is, bytes as what they are.
func oneLine(v []byte, f content.Format) string {
	switch {
	case v == nil:
		return "none"
	case len(v) == 0:
		return "empty"
	case f.Binary:
		return f.Name + ": " + fmt.Sprintf("% x", v[:min(len(v), 24)])
	}
	if f.JSON {
		var b bytes.Buffer
		if json.Compact(&b, v) == nil {
			v = b.Bytes()
		}
	}
	return layout.Safe(string(v[:min(len(v), inline)]))
}

// cut reports whether a part of the message was left out.
func (e entry) cut() bool {
	return e.message.ValueBytes > len(e.message.Value) || e.message.KeyBytes > len(e.message.Key)
}

func (e entry) facts() []string {
	m := e.message
	facts := []string{"at " + e.place}
	if !m.Time.IsZero() {
		facts = append(facts, m.Time.Format("2006-01-02 15:04:05.000"))
	}
	facts = append(facts, e.format.Name, layout.Bytes(int64(m.ValueBytes)))
	if m.Redelivered {
		facts = append(facts, "was handed out before")
	}
	return facts
}

// whole are the lines of a message's page: key, headers and value in full.
func (e entry) whole(t theme.Theme, width int) []string {
	w := writer{theme: t, width: width}
	m := e.message
	w.heading("key")
	w.bytes(m.Key, recognise(m.Key), m.KeyBytes)
	if len(m.Headers) > 0 {
		w.heading(layout.Plural(len(m.Headers), "header"))
		for _, h := range m.Headers {
			w.field(layout.Safe(h.Name), oneLine(h.Value, recognise(h.Value)))
		}
	}
	w.heading("value · " + e.format.Name)
	w.bytes(m.Value, e.format, m.ValueBytes)
	return w.lines
}

// mostLines bounds a message's page.
const mostLines = 20_000

// writer collects lines of a message's page.
type writer struct {
	theme theme.Theme
	width int
	lines []string
}

func (w *writer) heading(text string) {
	if len(w.lines) > 0 {
		w.lines = append(w.lines, "")
	}
	w.lines = append(w.lines, " "+w.theme.Accent.Paint(layout.Cut(text, w.width-2)))
}

func (w *writer) text(style theme.Style, text string) {
	for _, l := range layout.Wrap(layout.Safe(text), w.width-3) {
		if len(w.lines) < mostLines {
			w.lines = append(w.lines, "  "+style.Paint(l))
		}
	}
}

func (w *writer) field(name, value string) {
	lead := layout.Fit(name, layout.Clamp(w.width/4, 8, 24)) + " "
	w.lines = append(w.lines, "  "+w.theme.Muted.Paint(lead)+layout.Cut(value, w.width-3-layout.Width(lead)))
}

// bytes writes a key or value: JSON indented, text line by line, bytes as what
// they hold and as a dump. All is how many bytes it has.
func (w *writer) bytes(v []byte, f content.Format, all int) {
	switch {
	case v == nil:
		w.text(w.theme.Muted, "none")
		return
	case len(v) == 0:
		w.text(w.theme.Muted, "empty")
		return
	}
	for _, note := range f.Notes {
		w.text(w.theme.Muted, note)
	}
	switch {
	case f.Binary:
		w.lines = append(w.lines, dump(w.theme, v, w.width)...)
	case f.JSON:
		var b bytes.Buffer
		if json.Indent(&b, v, "", "  ") == nil {
			v = b.Bytes()
		}
		fallthrough
	default:
		for l := range strings.Lines(string(v)) {
			if len(w.lines) >= mostLines {
				w.lines = append(w.lines, "  "+w.theme.Working.Paint("… the rest is left out"))
				break
			}
			w.text(w.theme.Text, strings.TrimRight(l, "\r\n"))
		}
	}
	if all > len(v) && !f.JSON {
		w.text(w.theme.Working, fmt.Sprintf("… %s of %s are shown", layout.Bytes(int64(len(v))), layout.Bytes(int64(all))))
	}
}

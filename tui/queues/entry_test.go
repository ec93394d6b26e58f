package queues

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// TestMessagesAreBounded checks that a page of huge messages is not.
func TestMessagesAreBounded(t *testing.T) {
	huge := []byte(strings.Repeat("x", 4<<20))
	e := entryOf(queue.Message{Key: huge, Value: huge, ValueBytes: len(huge), Headers: []queue.Header{{Name: "h", Value: huge}}}, mostBytes)
	if n := cap(e.message.Key) + cap(e.message.Value) + cap(e.message.Headers[0].Value); n > 4*mostBytes {
		t.Errorf("%d bytes are kept", n)
	}
	lines := e.whole(theme.New(theme.Plain), 80)
	if len(lines) > mostLines+50 || !strings.Contains(lines[len(lines)-1], "64 KiB of 4 MiB are shown") {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestTimes(t *testing.T) {
	now := tuitest.Noon()
	for text, want := range map[string]time.Time{
		"-10m": now.Add(-10 * time.Minute), "09:30": now.Add(-150 * time.Minute), "09:30:15": now.Add(-150*time.Minute + 15*time.Second),
		"2026-03-13 12:00": now.Add(-24 * time.Hour), "2026-03-13T12:00:00Z": now.Add(-24 * time.Hour), "2026-03-14": now.Add(-12 * time.Hour),
	} {
		if got, err := timeOf(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "10m", "soon", "25:00"} {
		if got, err := timeOf(text, now); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	if r, err := placeFrom("1200", now); err != nil || r.Offset != 1200 || r.From != queue.FromOffset {
		t.Errorf("an offset is %+v, %v", r, err)
	}
	if _, err := headersOf("a"); err == nil {
		t.Error("a header without a value is one")
	}
}

// FuzzMessage draws whatever a broker may hand out: no panic, no control
// character, no line that is too wide.
func FuzzMessage(f *testing.F) {
	for _, m := range tuitest.Odd() {
		f.Add(m.Key, m.Value, m.Position, 80)
	}
	f.Add([]byte("k"), []byte(`{"a":{"b":[1,"支付"]}}`), "17", 40)
	f.Add([]byte("\x1b]0;x\x07"), []byte("\x00\x00\x00\x00\x01\x00\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "\x1b[2J", 12)
	f.Fuzz(func(t *testing.T, key, value []byte, position string, width int) {
		if width < 1 || width > 300 {
			return
		}
		e := entryOf(queue.Message{Position: position, Key: key, Value: value, KeyBytes: len(key), ValueBytes: len(value), Headers: []queue.Header{{Name: position, Value: key}}}, mostBytes)
		m := Model{theme: theme.New(theme.Dark), width: width, height: 20, now: tuitest.Noon()}
		for _, p := range []page{
			{kind: pageMessage, entry: e, lines: e.whole(m.theme, width)},
			{kind: pagePeek, peek: peek{entries: []entry{e}}},
		} {
			m.pages = []page{p}
			for _, l := range m.View() {
				plain := ansi.Strip(l)
				if w := ansi.StringWidth(plain); w != width {
					t.Fatalf("a line is %d cells wide, not %d: %q", w, width, plain)
				}
				for _, c := range plain {
					if unicode.IsControl(c) {
						t.Fatalf("a line holds the control character %U: %q", c, plain)
					}
				}
			}
		}
	})
}

func TestTraceOf(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for name, m := range map[string]queue.Message{
		"a member":     {Value: []byte(`{"user":"u","trace":"` + id + `"}`)},
		"a header":     {Headers: []queue.Header{{Name: "x", Value: []byte("y")}, {Name: "traceparent", Value: []byte("00-" + id + "-00f067aa0ba902b7-01")}}},
		"header first": {Value: []byte(`{"trace":"other"}`), Headers: []queue.Header{{Name: "trace_id", Value: []byte(id)}}},
	} {
		if got := entryOf(m, 1000).trace; got != id {
			t.Errorf("%s: the trace is %q", name, got)
		}
	}
	for _, value := range []string{"", "plain", "{", `{"user":"u"}`, "\xff\x00"} {
		if got := entryOf(queue.Message{Value: []byte(value)}, 1000).trace; got != "" {
			t.Errorf("%q names the trace %q", value, got)
		}
	}
}

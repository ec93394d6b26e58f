package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/wire"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// memory keeps batches as a store does: whole or not at all.
type memory struct {
	mu       sync.Mutex
	lines    []logs.Line
	marks    map[string]int64
	lost     int64
	refuse   error
	position logs.Position
}

func newMemory() *memory { return &memory{marks: make(map[string]int64)} }

func (m *memory) Put(b logs.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		return m.refuse
	}
	m.lines = append(m.lines, b.Lines...)
	for _, mark := range b.Read {
		m.marks[mark.File] = mark.Offset
	}
	m.lost += b.Lost
	return nil
}

func (m *memory) Mark(file string) (int64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	offset, known := m.marks[file]
	return offset, known
}

func (m *memory) Position(string, string) logs.Position { return m.position }

func (m *memory) messages() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]string, len(m.lines))
	for i, l := range m.lines {
		list[i] = l.Message
	}
	return list
}

// desk is an intake that is asked by hand.
type desk struct {
	t       *testing.T
	keeper  *memory
	in      *Intake
	s       *session
	now     time.Time
	offsets map[uint32]int64
}

func newDesk(t *testing.T, keeper *memory) *desk {
	t.Helper()
	d := &desk{t: t, keeper: keeper, now: noon.Add(time.Hour), offsets: make(map[uint32]int64)}
	d.in = New(keeper, Options{Now: func() time.Time { return d.now }})
	d.in.Set([]logs.Container{{Stack: "shop", Service: "web", Pod: "web-0", Container: "main", UID: "u"}})
	d.s = d.session()
	return d
}

func (d *desk) session() *session {
	s := &session{intake: d.in, files: make(map[uint32]*file), containers: make(map[string]*container), answer: make(chan struct{}, 1)}
	d.in.sessions[s] = true
	return s
}

func (d *desk) hear(frames ...wire.Frame) {
	d.t.Helper()
	for _, f := range frames {
		if err := d.s.hear(d.t.Context(), f); err != nil {
			d.t.Fatal(err)
		}
	}
}

func source(run int) wire.Source {
	return wire.Source{Pod: "web-0", UID: "u", Container: "main", Run: run, First: int64(run + 1)}
}

func (d *desk) announce(file uint32, s wire.Source) {
	d.t.Helper()
	d.hear(wire.Frame{Kind: wire.Announce, File: file, Data: s.Append(nil)})
	d.offsets[file], _ = d.keeper.Mark(s.FileID())
}

func (d *desk) listed() {
	d.t.Helper()
	d.hear(wire.Frame{Kind: wire.Listed, Data: source(0).Append(nil)})
}

func (d *desk) chunk(file uint32, text string) {
	d.t.Helper()
	d.hear(wire.Frame{Kind: wire.Chunk, File: file, Offset: d.offsets[file], Data: []byte(text)})
	d.offsets[file] += int64(len(text))
}

func (d *desk) flush() {
	d.t.Helper()
	for d.in.cycle(d.t.Context(), true) {
	}
}

// out is a record of standard output, so many milliseconds after noon.
func out(ms int, text string) string { return rec(ms, "stdout F", text) }

func rec(ms int, kind, text string) string {
	return noon.Add(time.Duration(ms)*time.Millisecond).Format(time.RFC3339Nano) + " " + kind + " " + text + "\n"
}

func (d *desk) want(messages ...string) {
	d.t.Helper()
	got := d.keeper.messages()
	if strings.Join(got, "\x00") != strings.Join(messages, "\x00") {
		d.t.Errorf("stored %d lines:\n%.500q\nwant %d:\n%.500q", len(got), got, len(messages), messages)
	}
}

func TestLines(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	d.chunk(1, out(0, "INFO hello")+rec(1, "stderr F", "ERROR no")+"no record at all\n"+rec(2, "stdout F:x", "tagged")+rec(3, "stdout F", "")+out(4, "cr\r"))
	d.chunk(1, out(5, "half")[:20])
	d.chunk(1, out(5, "half")[20:])
	d.flush()
	d.want("INFO hello", "ERROR no", "no record at all", "tagged", "", "cr", "half")
	first, odd := d.keeper.lines[0], d.keeper.lines[2]
	want := logs.Line{Time: noon, Stack: "shop", Service: "web", Pod: "web-0", Container: "main", Level: logs.LevelInfo, Message: "INFO hello"}
	if first != want || !odd.Time.Equal(noon.Add(time.Millisecond)) {
		t.Errorf("stored %+v, and what bears no time at %s", first, odd.Time)
	}
	if offset, _ := d.keeper.Mark(source(0).FileID()); offset != d.offsets[1] {
		t.Errorf("marked %d, want %d", offset, d.offsets[1])
	}
}

// The lines of files that are read one after the other come in the order of
// their times, those of one container in their own.
func TestOrder(t *testing.T) {
	d := newDesk(t, newMemory())
	other := wire.Source{Pod: "db-0", UID: "v", Container: "main", First: 9}
	d.announce(1, source(0))
	d.announce(2, other)
	d.announce(3, source(1))
	d.chunk(1, out(0, "a0")+out(30, "a30")+out(10, "a10, by a clock that was put back"))
	d.chunk(2, out(5, "b5")+out(20, "b20")+out(40, "b40"))
	d.chunk(3, out(25, "a25, of the next run"))
	d.flush()
	d.want("a0", "b5", "b20", "a30", "a10, by a clock that was put back", "a25, of the next run", "b40")
	if l := d.keeper.lines[1]; l.Service != "db-0" || l.Stack != "" {
		t.Errorf("an unknown Pod's line is of %s", l.Service)
	}
}

// Lines wait until all nodes are past their time, and not for ever.
func TestWindow(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	d.chunk(1, out(0, "a")+out(500, "b"))
	d.hear(wire.Frame{Kind: wire.Past, Past: noon.Add(time.Second).UnixNano()})
	slow := d.session()
	slow.past, slow.heard = noon.Add(100*time.Millisecond).UnixNano(), d.now
	d.in.tick()
	d.in.cycle(t.Context(), false)
	d.want("a")
	d.now = d.now.Add(2 * time.Second)
	d.in.tick()
	d.in.cycle(t.Context(), false)
	d.want("a", "b")
}

func TestPartialLines(t *testing.T) {
	piece := strings.Repeat("x", 16<<10)
	var whole strings.Builder
	for range 10 {
		whole.WriteString(rec(0, "stdout P", piece))
	}
	whole.WriteString(rec(1, "stdout F", "end"))
	for name, c := range map[string]struct {
		chunks []string
		want   []string
	}{
		"joined":      {[]string{rec(0, "stdout P", "a") + rec(1, "stdout P", "b"), rec(2, "stdout F", "c") + out(3, "d")}, []string{"abc", "d"}},
		"two streams": {[]string{rec(0, "stdout P", "a") + rec(1, "stderr F", "e") + rec(2, "stderr P", "f") + rec(3, "stdout F", "b") + rec(4, "stderr F", "g")}, []string{"e", "ab", "fg"}},
		"long": {[]string{whole.String()}, []string{
			strings.Repeat(piece, 4) + logs.CutMark, logs.CutMark + strings.Repeat(piece, 4) + logs.CutMark, logs.CutMark + strings.Repeat(piece, 2) + "end",
		}},
		"not of the form": {[]string{strings.Repeat("y", 70<<10), "z\n" + out(1, "next")}, []string{
			strings.Repeat("y", 64<<10) + logs.CutMark, logs.CutMark + strings.Repeat("y", 6<<10) + "z", "next",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, newMemory())
			d.announce(1, source(0))
			for _, text := range c.chunks {
				d.chunk(1, text)
				d.flush() // what may go goes
			}
			d.want(c.want...)
			if offset, _ := d.keeper.Mark(source(0).FileID()); offset != d.offsets[1] {
				t.Errorf("marked %d, want %d", offset, d.offsets[1])
			}
		})
	}
}

// Nothing is marked as read that is not stored, at whatever line a keeper ends.
func TestMarksCoverWhatIsStored(t *testing.T) {
	for text, want := range map[string]string{
		out(0, "a") + rec(1, "stdout P", "b") + rec(2, "stderr F", "e") + rec(3, "stdout F", "c") + out(4, "d") + out(5, "  at d"): "a|e|bc|d|  at d",
		// A line that is joined to one that could go, and waits now, has what was
		// before it wait too.
		rec(0, "stderr P", "a") + out(1, "b") + rec(2, "stderr F", "c") + rec(3, "stdout P", "d") + rec(4, "stderr F", "  at c") + rec(5, "stdout F", "e"): "b|ac|  at c|de",
	} {
		ends := []int{0}
		for i := range text {
			if text[i] == '\n' {
				ends = append(ends, i+1)
			}
		}
		for _, end := range ends {
			keeper := newMemory()
			for _, upTo := range []int{end, len(text)} {
				d := newDesk(t, keeper)
				d.announce(1, source(0))
				d.listed()
				d.chunk(1, text[d.offsets[1]:upTo])
				d.flush()
			}
			got := strings.ReplaceAll(strings.Join(keeper.messages(), "|"), "\n", "|")
			if got != want {
				t.Errorf("ended after %d bytes: %s, want %s", end, got, want)
			}
		}
	}
}

func TestTraces(t *testing.T) {
	java := "ERROR it failed\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: x\n\t... 12 more"
	py := "ERROR it failed\nTraceback (most recent call last):\n  File \"a.py\", line 1\n    f()\nValueError: no\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\"\nKeyError: 1"
	gone := "panic: no\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a/b.go:12 +0x1\nmain.main()\n\t/a/b.go:20\nexit status 2"
	want := []string{"INFO a", java, "INFO b", py, "c", gone, "d"}
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	var text strings.Builder
	for i, message := range want {
		for line := range strings.SplitSeq(message, "\n") {
			text.WriteString(out(i, line))
		}
	}
	d.chunk(1, text.String())
	d.flush()
	d.want(want...)
	for i, level := range map[int]logs.Level{1: logs.LevelError, 3: logs.LevelError, 4: logs.LevelUnknown, 5: logs.ParseLevel("panic: no")} {
		if got := d.keeper.lines[i].Level; got != level && got != logs.LevelError {
			t.Errorf("line %d is %s, want %s", i, got, level)
		}
	}
}

// A trace is bounded, and one that goes on after it was stored keeps its level.
func TestTraceIsBounded(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	d.chunk(1, out(0, "ERROR no"))
	d.flush()
	var text strings.Builder
	for range joinedLines + 10 {
		text.WriteString(out(1, "\tat x"))
	}
	d.chunk(1, text.String())
	d.flush()
	lines := 0
	for _, l := range d.keeper.lines {
		lines += strings.Count(l.Message, "\n") + 1
		if l.Level != logs.LevelError {
			t.Errorf("%.20q is %s", l.Message, l.Level)
		}
	}
	if lines != joinedLines+11 || len(d.keeper.lines) != 3 {
		t.Errorf("%d lines in %d", lines, len(d.keeper.lines))
	}
}

func TestLoss(t *testing.T) {
	keeper := newMemory()
	d := newDesk(t, keeper)
	d.announce(1, source(0))
	d.listed()
	d.chunk(1, out(0, "a"))
	d.flush()
	d = newDesk(t, keeper) // and the first file is gone meanwhile
	d.announce(1, source(1))
	d.listed()
	d.chunk(1, out(10, "b"))
	d.hear(wire.Frame{Kind: wire.Broken, File: 1, Offset: d.offsets[1], Data: []byte("disk")})
	d.flush()
	d.want("a", "output of this container was rotated away before it could be read", "b", "part of this container's output cannot be read: disk")
	if keeper.lost != 2 {
		t.Errorf("%d lost, want 2", keeper.lost)
	}
	d = newDesk(t, keeper) // it is not said again
	d.announce(1, source(1))
	d.listed()
	d.flush()
	if keeper.lost != 2 {
		t.Errorf("%d lost, want 2", keeper.lost)
	}
}

// A file that is found again before it is stored goes on where it ended.
func TestFoundAgain(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, source(0))
	d.listed()
	d.chunk(1, out(0, "a"))
	d.hear(wire.Frame{Kind: wire.End, File: 1, Offset: d.offsets[1]})
	d.announce(2, source(0))
	if last := d.s.answers[len(d.s.answers)-1]; last.File != 2 || last.Offset != d.offsets[1] {
		t.Errorf("answered %+v, want the offset %d", last, d.offsets[1])
	}
}

// What was read to its end may go without loss.
func TestNoLossAfterTheEnd(t *testing.T) {
	keeper := newMemory()
	d := newDesk(t, keeper)
	d.announce(1, source(0))
	d.listed()
	d.chunk(1, out(0, "a"))
	d.hear(wire.Frame{Kind: wire.End, File: 1, Offset: d.offsets[1]})
	d.flush()
	d = newDesk(t, keeper)
	d.announce(1, source(1))
	d.listed()
	d.chunk(1, out(1, "b"))
	d.flush()
	d.want("a", "b")
}

// Where somebody else stored lines before, or meanwhile, they are not stored
// again.
func TestSwitchOfSources(t *testing.T) {
	store, err := logs.Open(t.TempDir(), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	line := func(ms int, text string) logs.Line {
		return logs.Line{Time: noon.Add(time.Duration(ms) * time.Millisecond), Pod: "web-0", Container: "main", Message: text}
	}
	if _, err := store.Append([]logs.Line{line(0, "a"), line(1, "b")}); err != nil {
		t.Fatal(err)
	}
	keeper := newMemory()
	keeper.position = store.Position("web-0", "main")
	d := newDesk(t, keeper)
	d.announce(1, source(0))
	d.listed()
	d.chunk(1, out(0, "a")+out(1, "b")+out(2, "c"))
	d.flush()
	d.want("c")
	if err := d.in.Elsewhere(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Append([]logs.Line{line(2, "c"), line(3, "d")}); err != nil {
		t.Fatal(err)
	}
	keeper.position = store.Position("web-0", "main")
	for _, more := range []string{out(3, "d") + out(4, "e"), out(4, "f") + out(5, "g")} {
		d = newDesk(t, keeper)
		d.announce(1, source(0))
		d.listed()
		d.chunk(1, more)
		d.flush()
	}
	d.want("c", "e", "f", "g")
}

// A Pod's lines are left in their files until it is known, and not for long.
func TestUnknownPod(t *testing.T) {
	d := newDesk(t, newMemory())
	d.announce(1, wire.Source{Pod: "new-0", UID: "n", Container: "c", First: 1})
	d.announce(2, wire.Source{Pod: "old-0", UID: "o", Container: "c", First: 1})
	if len(d.s.answers) != 0 {
		t.Fatal("a file is read whose Pod is not known")
	}
	d.in.Set([]logs.Container{{Service: "new", UID: "n"}})
	if len(d.s.answers) != 1 || d.s.answers[0].File != 1 {
		t.Fatalf("answered %v", d.s.answers)
	}
	d.now = d.now.Add(time.Minute)
	d.in.tick()
	if len(d.s.answers) != 2 {
		t.Fatal("a file is never read whose Pod is never known")
	}
}

// Of a Pod with a mesh's proxy each container's lines are their own service's;
// what is not known yet is the Pod's own.
func TestServicesOfContainers(t *testing.T) {
	d := newDesk(t, newMemory())
	d.in.Set([]logs.Container{
		{Stack: "shop", Service: "web", Pod: "web-0", Container: "main", UID: "u"},
		{Stack: "shop", Service: "istio-proxy", Pod: "web-0", Container: "istio-proxy", UID: "u", Injected: true},
	})
	for number, name := range []string{"istio-proxy", "main", "new"} {
		d.announce(uint32(number+1), wire.Source{Pod: "web-0", UID: "u", Container: name, First: 1})
		d.chunk(uint32(number+1), out(number, name))
	}
	d.listed()
	d.flush()
	got := map[string]string{}
	for _, l := range d.keeper.lines {
		got[l.Container] = l.Stack + "/" + l.Service
	}
	want := map[string]string{"istio-proxy": "shop/istio-proxy", "main": "shop/web", "new": "shop/web"}
	if !maps.Equal(got, want) {
		t.Errorf("services of containers %v, want %v", got, want)
	}
}

// A store that refuses is asked again, and lines wait meanwhile.
func TestRefusal(t *testing.T) {
	keeper := newMemory()
	keeper.refuse = errors.New("the disk is full")
	d := newDesk(t, keeper)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	refused := make(chan error, 10)
	d.in.options.Report = func(err error) { refused <- err }
	d.announce(1, source(0))
	d.chunk(1, out(0, "a"))
	var running sync.WaitGroup
	running.Go(func() { d.in.Run(ctx) })
	<-refused
	keeper.mu.Lock()
	keeper.refuse = nil
	keeper.mu.Unlock()
	d.in.drain(ctx, d.s)
	cancel()
	running.Wait()
	d.want("a")
	if len(refused) != 0 {
		t.Error("the same reason was told twice")
	}
}

func FuzzTake(f *testing.F) {
	f.Add(out(0, "a")+rec(1, "stdout P", "b")+rec(2, "stderr F", "\tc")+rec(1, "stdout F", "d"), 10)
	f.Add(rec(0, "stdout P", strings.Repeat("é", 9000)), 3)
	f.Fuzz(func(t *testing.T, text string, at int) {
		d := newDesk(t, newMemory())
		d.announce(1, source(0))
		at = max(0, min(at, len(text)))
		d.chunk(1, text[:at])
		d.flush()
		d.chunk(1, text[at:])
		d.hear(wire.Frame{Kind: wire.End, File: 1, Offset: d.offsets[1]})
		d.flush()
		if offset, _ := d.keeper.Mark(source(0).FileID()); offset != int64(len(text)) {
			t.Errorf("marked %d of %d bytes", offset, len(text))
		}
		if d.in.bytes != 0 || d.in.items != 0 {
			t.Errorf("%d bytes of %d items are said to wait", d.in.bytes, d.in.items)
		}
	})
}

func TestParse(t *testing.T) {
	var stamps wire.Stamps
	for line, want := range map[string]string{
		"2026-11-27T12:00:00Z stdout F hello":    "0 false hello",
		"2026-11-27T12:00:00Z stderr P hello ":   "1 true hello ",
		"2026-11-27T12:00:00Z stdout F":          "0 false ",
		"2026-11-27T12:00:00Z stdout F ":         "0 false ",
		"2026-11-27T12:00:00Z stdout P:a:b hell": "0 true hell",
	} {
		r, ok := parse(&stamps, line)
		if got := fmt.Sprint(r.stream, r.partial, r.message); !ok || strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("%q is %q, %v", line, got, ok)
		}
	}
	for _, line := range []string{"", "x", "2026-11-27T12:00:00Z", "2026-11-27T12:00:00Z stdin F x", "2026-11-27T12:00:00Z stdout X x", "2026-11-27T12:00:00Z stdout Fx"} {
		if r, ok := parse(&stamps, line); ok || r.message != line {
			t.Errorf("%q is %v", line, r)
		}
	}
}

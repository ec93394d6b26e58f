package logs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// want is what a query means, said plainly.
func wanted(lines []Line, q Query) []Line {
	var out []Line
	for _, l := range lines {
		level := l.Level
		if level == LevelUnknown {
			level = LevelInfo
		}
		if (len(q.Services) > 0 && !slices.Contains(q.Services, l.Service)) || level < q.MinLevel ||
			(!q.Since.IsZero() && l.Time.Before(q.Since)) || (!q.Until.IsZero() && l.Time.After(q.Until)) ||
			!strings.Contains(strings.ToLower(l.Message), strings.ToLower(q.Text)) {
			continue
		}
		out = append(out, l)
	}
	return out
}

func TestQueries(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: 16 << 10, SyncEvery: -1})
	lines := numbered(0, 2000)
	for i := range lines {
		if i > 1500 {
			lines[i].Service, lines[i].Pod = "late", "late-0" // segments without the others
		}
		if i%97 == 0 {
			lines[i].Message = "连接被拒绝 ÄÖÜ ERROR " + fmt.Sprint(i)
		}
		if i < 300 {
			lines[i].Level = LevelDebug
		}
	}
	store(t, s, lines...)
	r := openReader(t, dir)
	for name, q := range map[string]Query{
		"all":             {},
		"one service":     {Services: []string{"redis"}},
		"two services":    {Services: []string{"redis", "late", "absent"}},
		"absent service":  {Services: []string{"absent"}},
		"errors":          {MinLevel: LevelError},
		"info":            {MinLevel: LevelInfo},
		"fatal":           {MinLevel: LevelFatal},
		"text":            {Text: "MESSAGE 19"},
		"absent text":     {Text: "messagf"},
		"wide text":       {Text: "被拒绝 äöü error"},
		"since":           {Since: noon.Add(1900 * time.Millisecond)},
		"until":           {Until: noon.Add(10 * time.Millisecond)},
		"nothing then":    {Since: noon.Add(time.Hour)},
		"between":         {Since: noon.Add(700 * time.Millisecond), Until: noon.Add(710 * time.Millisecond)},
		"all of it":       {Services: []string{"kafka"}, MinLevel: LevelWarn, Text: "E 1", Since: noon.Add(time.Millisecond)},
		"longer than all": {Text: strings.Repeat("x", 5000)},
	} {
		want := wanted(lines, q)
		for _, step := range []int{1, 17, 5000} {
			if step == 1 && len(want) > 200 {
				continue
			}
			if diff := cmp.Diff(want, readAll(t, r, q, step)); diff != "" {
				t.Fatalf("%s forward by %d (-want +got):\n%s", name, step, diff)
			}
			if diff := cmp.Diff(want, readBack(t, r, q, step)); diff != "" {
				t.Fatalf("%s backward by %d (-want +got):\n%s", name, step, diff)
			}
		}
	}
}

// TestCursorsMeet reads back and forth from every place of a small store.
func TestCursorsMeet(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: minSegment, SyncEvery: -1})
	lines := numbered(0, 200)
	store(t, s, lines...)
	r := openReader(t, dir)
	var at Cursor
	for i := range lines {
		back, err := r.Backward(t.Context(), at, Query{}, len(lines))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lines[:i], back.Lines, equateEmpty()); diff != "" {
			t.Fatalf("before line %d (-want +got):\n%s", i, diff)
		}
		next, err := r.Forward(t.Context(), at, Query{}, 1)
		if err != nil || len(next.Lines) != 1 {
			t.Fatalf("line %d: %v, %v", i, next.Lines, err)
		}
		at = next.End
	}
	end, err := r.End(t.Context())
	if err != nil || end != at {
		t.Errorf("End = %v, %v; want %v", end, err, at)
	}
}

func equateEmpty() cmp.Option {
	return cmp.Transformer("empty", func(l []Line) []Line { return append([]Line{}, l...) })
}

// TestAnyCursorIsSafe reads from places that were never handed out: whole
// lines come, or none.
func TestAnyCursorIsSafe(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: minSegment, SyncEvery: -1})
	lines := numbered(0, 200)
	store(t, s, lines...)
	known := make(map[string]bool)
	for _, l := range lines {
		known[l.Message] = true
	}
	r := openReader(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		at := Cursor{Segment: random.Uint64N(9), Offset: random.Int64N(6000) - 100}
		forward, err := r.Forward(t.Context(), at, Query{}, 3)
		if err != nil {
			t.Fatal(err)
		}
		backward, err := r.Backward(t.Context(), at, Query{}, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range append(forward.Lines, backward.Lines...) {
			if !known[l.Message] {
				t.Fatalf("%v: a line that was never stored: %q", at, l.Message)
			}
		}
	}
}

func TestReadingStopsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	store(t, s, numbered(0, 10)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := openReader(t, dir)
	if _, err := r.Forward(ctx, Cursor{}, Query{}, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("Forward = %v", err)
	}
	end, err := r.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Backward(ctx, end, Query{}, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("Backward = %v", err)
	}
}

// TestReadersBesideAWriter reads from several places while lines are stored
// and discarded: what comes is in order, whole, and without gaps that no
// discarding explains.
func TestReadersBesideAWriter(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: 16 << 10, MaxBytes: 1 << 30, SyncEvery: time.Millisecond})
	lines := numbered(0, 20000)
	r := openReader(t, dir)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			var got []Line
			for at := (Cursor{}); len(got) < len(lines); {
				page, err := r.Forward(t.Context(), at, Query{}, 500)
				if err != nil {
					t.Error(err)
					return
				}
				got, at = append(got, page.Lines...), page.End
			}
			if diff := cmp.Diff(lines, got); diff != "" {
				t.Errorf("read beside the writer (-want +got):\n%s", diff)
			}
		})
	}
	for i := 0; i < len(lines); i += 40 {
		store(t, s, lines[i:i+40]...)
	}
	group.Wait()
}

func TestAppendTakesAnything(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{SegmentBytes: minSegment, SyncEvery: -1})
	huge := strings.Repeat("x", 5<<20)
	store(t, s,
		Line{},
		Line{Message: "not \xff UTF-8", Pod: "\xfe"},
		Line{Message: huge, Service: huge, Pod: huge},
		Line{Message: "line\nend\x00\x1b[31m", Time: time.Unix(0, -5), Level: 99},
	)
	got := readAll(t, openReader(t, dir), Query{}, 10)
	if len(got) != 4 {
		t.Fatalf("%d lines, want 4: %.100q", len(got), got)
	}
	if !got[0].Time.IsZero() || got[1].Message != "not \uFFFD UTF-8" || got[1].Pod != "\uFFFD" ||
		len(got[2].Message) != 2*MaxMessage || got[3].Message != "line\nend\x00\x1b[31m" {
		t.Errorf("lines came back as %.200q", got)
	}
}

// groupsOf are the groups of one batch.
func groupsOf(write func(*groupWriter)) []byte {
	var g groupWriter
	g.reset(0)
	write(&g)
	return g.finish()
}

// FuzzSegment reads a segment of any bytes, as left by a broken disk.
func FuzzSegment(f *testing.F) {
	whole := header{ID: 1}.bytes()
	whole = append(whole, groupsOf(func(g *groupWriter) {
		g.buf = appendOrigin(g.buf, 0, origin{Service: "kafka", Pod: "kafka-0"})
		g.line(LevelInfo, 0, nanos(noon), "hello")
		g.buf = appendPosition(g.buf, place{"a", "b"}, &Position{moments: []moment{{5, 1}}})
		g.buf = appendFile(g.buf, 0, 5, "a")
		g.buf = appendMark(g.buf, 0, 7)
		g.buf = appendDropped(g.buf, 7)
	})...)
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(append(header{}.bytes(), groupsOf(func(g *groupWriter) { g.line(LevelInfo, 4711, 0, "no such origin") })...))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		writeFile(t, segmentPath(dir, 1), data)
		before := readAll(t, openReader(t, dir), Query{}, 3)
		s, err := Open(dir, Options{SyncEvery: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		store(t, s, Line{Message: "one more"})
		after := readAll(t, openReader(t, dir), Query{}, 3)
		if len(after) != len(before)+1 || after[len(after)-1].Message != "one more" {
			t.Fatalf("%d lines before, %d after one more", len(before), len(after))
		}
	})
}

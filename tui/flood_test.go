package tui

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// beat is how many lines come between two polls at 50,000 a second.
const beat = 6000

// floodLine is one of the lines that come without end: of every kind, and
// 50,000 of them a second.
func floodLine(i int64) logs.Line {
	story := tuitest.Story()
	l := story[int(i)%len(story)]
	l.Time = tuitest.Noon().Add(time.Duration(i) * 20 * time.Microsecond)
	if i%2 == 0 {
		l.Message = fmt.Sprintf(`{"time":"2026-03-14T12:00:00Z","level":"info","msg":"inference completed","model":"resnet50","latency_ms":%d,"trace":"%x"}`, i%1000, i)
	}
	return l
}

// flood is a reader of lines that are made when they are read.
type flood struct{ grown atomic.Int64 }

func (f *flood) Forward(_ context.Context, from logs.Cursor, _ logs.Query, limit int) (logs.Page, error) {
	end := min(from.Offset+int64(limit), f.grown.Load())
	return f.page(from.Offset, end, end < f.grown.Load()), nil
}

func (f *flood) Backward(_ context.Context, before logs.Cursor, _ logs.Query, limit int) (logs.Page, error) {
	start := max(before.Offset-int64(limit), 0)
	return f.page(start, before.Offset, start > 0), nil
}

func (f *flood) page(start, end int64, more bool) logs.Page {
	p := logs.Page{Start: logs.Cursor{Offset: start}, End: logs.Cursor{Offset: end}, More: more}
	for i := start; i < end; i++ {
		p.Lines, p.Places = append(p.Lines, floodLine(i)), append(p.Places, logs.Cursor{Offset: i})
	}
	return p
}

func (f *flood) End(context.Context) (logs.Cursor, error) {
	return logs.Cursor{Offset: f.grown.Load()}, nil
}

func (f *flood) At(_ context.Context, t time.Time) (logs.Cursor, error) {
	return logs.Cursor{Offset: max(min(int64(t.Sub(tuitest.Noon())/(20*time.Microsecond)), f.grown.Load()), 0)}, nil
}

func (f *flood) Count(_ context.Context, _ logs.Query, s logs.Span) ([]logs.LevelCounts, error) {
	counts := make([]logs.LevelCounts, s.Parts)
	for i := range counts {
		counts[i][logs.LevelInfo] = int64(1000 + i%7*300)
		counts[i][logs.LevelError] = int64(i % 3)
	}
	return counts, nil
}

// BenchmarkFlood follows 50,000 lines a second on a screen of 200×60, wrapped:
// how long the loop takes for a message and the frame after it, as a person
// feels it. Reading goes on beside the loop and is not measured. The bound is
// 16 ms for 99 of 100.
func BenchmarkFlood(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		f := &flood{}
		f.grown.Store(beat)
		benchmarkFlood(b, f, func() { f.grown.Add(beat) })
	})
	b.Run("store", func(b *testing.B) {
		dir := b.TempDir()
		s, err := logs.Open(dir, logs.Options{MaxBytes: 128 << 20, SyncEvery: -1})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		reader, err := logs.OpenReader(dir)
		if err != nil {
			b.Fatal(err)
		}
		next := int64(0)
		grow := func() {
			lines := make([]logs.Line, beat)
			for i := range lines {
				lines[i] = floodLine(next)
				next++
			}
			if _, err := s.Append(lines); err != nil {
				b.Fatal(err)
			}
		}
		grow()
		benchmarkFlood(b, reader, grow)
	})
}

// pollLike is how long the screen waits for its next look at new lines, at
// most; what waits longer counts the strip anew.
const pollLike = time.Second

func benchmarkFlood(b *testing.B, r logs.Reader, grow func()) {
	b.Helper()
	var polls, counts []tea.Cmd // what waits for its time
	after := func(d time.Duration, f func(time.Time) tea.Msg) tea.Cmd {
		cmd := func() tea.Msg { return f(time.Time{}) }
		if d < pollLike {
			polls = append(polls, cmd)
		} else {
			counts = append(counts, cmd)
		}
		return nil
	}
	f := newFake()
	m := newModel(deps{ctx: b.Context(), env: floodFake{f, r}, options: Options{Theme: theme.Dark}, after: after})
	m = m.resized(200, 60).at(tuitest.Noon()).received(tuitest.Running())
	m, _ = tuitest.Drive[tea.Model](b, m, tuitest.Keys("3", "z", "x")...).(Model)
	var took []time.Duration
	beats := 0
	for b.Loop() {
		b.StopTimer()
		grow()
		waiting := polls
		polls = nil
		if beats++; beats%17 == 0 { // two seconds
			waiting, counts = append(waiting, counts...), nil
		}
		if len(waiting) == 0 {
			b.Fatal("the screen looks for no new lines")
		}
		msgs := tuitest.Run(tea.Batch(waiting...))
		b.StartTimer()
		for len(msgs) > 0 {
			began := time.Now()
			next, cmd := m.Update(msgs[0])
			m, _ = next.(Model)
			_ = frame(m)
			took = append(took, time.Since(began))
			b.StopTimer()
			msgs = append(msgs[1:], tuitest.Run(cmd)...)
			b.StartTimer()
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	if !m.logs.Following() {
		b.Fatal("the screen does not follow any more")
	}
}

// floodFake is an environment whose lines are another reader's.
type floodFake struct {
	*fake
	reader logs.Reader
}

func (f floodFake) Sources() Sources { return Sources{Logs: f.reader} }

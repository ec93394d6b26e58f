package tuitest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// Lines is a store of log lines in memory; cursors count lines.
type Lines struct {
	mu    sync.Mutex
	lines []logs.Line
	reads int
}

// NewLines returns a store with these lines.
func NewLines(lines ...logs.Line) *Lines { return &Lines{lines: lines} }

// Add stores more lines.
func (s *Lines) Add(lines ...logs.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, lines...)
}

// Reads is how many pages were read so far.
func (s *Lines) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// Forward implements [logs.Reader].
func (s *Lines) Forward(ctx context.Context, from logs.Cursor, q logs.Query, limit int) (logs.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	p := logs.Page{Start: from, End: from}
	for i := from.Offset; i < int64(len(s.lines)); i++ {
		if len(p.Lines) == limit {
			p.More = true
			return p, ctx.Err()
		}
		if q.Matches(s.lines[i]) {
			p.Lines, p.Places = append(p.Lines, s.lines[i]), append(p.Places, logs.Cursor{Offset: i})
		}
		p.End.Offset = i + 1
	}
	return p, ctx.Err()
}

// Backward implements [logs.Reader].
func (s *Lines) Backward(ctx context.Context, before logs.Cursor, q logs.Query, limit int) (logs.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	p := logs.Page{Start: before, End: before}
	for i := before.Offset - 1; i >= 0; i-- {
		if len(p.Lines) == limit {
			p.More = true
			break
		}
		if q.Matches(s.lines[i]) {
			p.Lines, p.Places = append(p.Lines, s.lines[i]), append(p.Places, logs.Cursor{Offset: i})
		}
		p.Start.Offset = i
	}
	slices.Reverse(p.Lines)
	slices.Reverse(p.Places)
	return p, ctx.Err()
}

// End implements [logs.Reader].
func (s *Lines) End(ctx context.Context) (logs.Cursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return logs.Cursor{Offset: int64(len(s.lines))}, ctx.Err()
}

// At implements [logs.Reader].
func (s *Lines) At(ctx context.Context, t time.Time) (logs.Cursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.lines, func(l logs.Line) bool { return !l.Time.Before(t) })
	if i < 0 {
		i = len(s.lines)
	}
	return logs.Cursor{Offset: int64(i)}, ctx.Err()
}

// Count implements [logs.Reader].
func (s *Lines) Count(ctx context.Context, q logs.Query, span logs.Span) ([]logs.LevelCounts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make([]logs.LevelCounts, span.Parts)
	for _, l := range s.lines {
		if l.Time.Before(span.From) || !l.Time.Before(span.To) || !q.Matches(l) {
			continue
		}
		counts[int64(span.Parts)*int64(l.Time.Sub(span.From))/int64(span.To.Sub(span.From))][l.Level]++
	}
	return counts, ctx.Err()
}

// Numbered are n plain lines: "line 0", "line 1", …
func Numbered(from, n int) []logs.Line {
	out := make([]logs.Line, n)
	for i := range out {
		out[i] = logs.Line{
			Time: Noon().Add(time.Duration(from+i) * time.Millisecond), Service: "gateway", Pod: "gateway-0",
			Container: "gateway", Level: logs.LevelInfo, Message: fmt.Sprintf("line %d", from+i),
		}
	}
	return out
}

// Story are lines of every kind: plain, structured, wide, hostile, long, of several lines.
func Story() []logs.Line {
	at := func(ms int) time.Time { return Noon().Add(time.Duration(ms-30000) * time.Millisecond) }
	line := func(ms int, service string, l logs.Level, message string) logs.Line {
		return logs.Line{Time: at(ms), Stack: "demo", Service: service, Pod: service + "-0", Container: service, Level: l, Message: message}
	}
	return []logs.Line{
		line(204, "gateway", logs.LevelInfo, "listening on :8080"),
		line(871, "gateway", logs.LevelWarn, `{"time":"2026-03-14T11:59:30Z","level":"warn","msg":"inference completed","model":"resnet50","latency_ms":812,"trace":"9f2c41"}`),
		line(1206, "billing", logs.LevelError, "charge failed: 连接被拒绝 (postgres:5432) trace=77ab03"),
		line(1300, "支付", logs.LevelInfo, `{"level":"info","msg":"🚀 支付完成 paid","订单":"A-17","amount":12.5}`),
		line(1420, "kafka", logs.LevelUnknown, "\x1b[32m[2026-03-14] INFO\x1b[0m started\x1b]0;owned\x07 \x1b[2Jwith\tcolours \u202eevil"),
		line(1500, "postgres", logs.LevelDebug, "checkpoint complete: wrote 42 buffers (0.3%); 0 WAL file(s) added, 0 removed, 0 recycled; write=4.2 s, sync=0.01 s, total=4.3 s; distance=512 kB"),
		line(1550, "billing", logs.LevelError, "charge failed: no answer within 2 s, trace_id=9f2c41\n\tat billing.charge (charge.go:88)\n\tat billing.(*Worker).run (worker.go:31)\n\tat main.main (main.go:12)\r\n\x1b[31m\tcaused by 连接被拒绝\x1b[0m"),
		line(1600, "gateway", logs.LevelFatal, "panic: runtime error: index out of range [3] with length 3"),
		line(1700, "gateway", logs.LevelTrace, "\xff\xfe not UTF-8\r\n"),
	}
}

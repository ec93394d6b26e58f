package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

func TestQuery(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	got, err := (&logsOptions{services: []string{"redis"}, grep: "refused", level: "WARNING", since: time.Hour}).query(now)
	if err != nil {
		t.Fatal(err)
	}
	want := logs.Query{Services: []string{"redis"}, Text: "refused", MinLevel: logs.LevelWarn, Since: now.Add(-time.Hour)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if got, err := (&logsOptions{}).query(now); err != nil || !cmp.Equal(got, logs.Query{}) {
		t.Errorf("query of nothing is %v (%v), want all lines", got, err)
	}
	if _, err := (&logsOptions{level: "loud"}).query(now); codeOf(err) != ExitUsage {
		t.Errorf("level loud: %v, want a usage error", err)
	}
}

func TestLinePrinter(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 7e6, time.Local)
	lines := []logs.Line{
		{Time: at, Service: "db", Message: "plain"},
		{Time: at, Service: "gateway", Level: logs.LevelError, Message: "clear \x1b[2J and 数据库"},
		{Time: at, Service: "db", Message: "tab\there"},
	}
	var out bytes.Buffer
	if err := (&linePrinter{out: &out}).print(lines); err != nil {
		t.Fatal(err)
	}
	want := "12:00:00.007 db plain\n" +
		"12:00:00.007 gateway clear  and 数据库\n" +
		"12:00:00.007 db      tab    here\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}

	out.Reset()
	if err := (&linePrinter{out: &out, color: true}).print(lines[1:2]); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "\x1b[31mgateway\x1b[0m") || strings.Contains(out.String(), "\x1b[2J") {
		t.Errorf("in colour it is %q", out.String())
	}
}

func TestLinePrinterJSON(t *testing.T) {
	var out bytes.Buffer
	line := logs.Line{Time: time.Unix(1, 0).UTC(), Service: "db", Pod: "db-0", Container: "db", Level: logs.LevelWarn, Message: "a\x1b[2Jb"}
	if err := (&linePrinter{out: &out, json: true}).print([]logs.Line{line, line}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "\n") != 2 {
		t.Fatalf("JSON is %q, want two lines without control characters", out.String())
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	got := make(map[string]any)
	if err := json.Unmarshal([]byte(first), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"time": "1970-01-01T00:00:01Z", "service": "db", "pod": "db-0", "container": "db", "level": "warn", "message": line.Message,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a line as JSON (-want +got):\n%s", diff)
	}
}

// fakeReader holds lines; a line's place is its number.
type fakeReader struct{ lines []logs.Line }

func (r fakeReader) Forward(_ context.Context, from logs.Cursor, _ logs.Query, limit int) (logs.Page, error) {
	start := min(int(from.Offset), len(r.lines))
	end := min(start+limit, len(r.lines))
	return logs.Page{Lines: r.lines[start:end], Start: from, End: logs.Cursor{Offset: int64(end)}, More: end < len(r.lines)}, nil
}

func (r fakeReader) Backward(_ context.Context, before logs.Cursor, _ logs.Query, limit int) (logs.Page, error) {
	end := int(before.Offset)
	return logs.Page{Lines: r.lines[max(0, end-limit):end], End: before}, nil
}

func (r fakeReader) End(context.Context) (logs.Cursor, error) {
	return logs.Cursor{Offset: int64(len(r.lines))}, nil
}

func TestTail(t *testing.T) {
	reader := fakeReader{lines: make([]logs.Line, 2*pageSize+1)}
	for tail, want := range map[int]int{0: 0, 1: 1, 200: 200, -1: len(reader.lines)} {
		var out bytes.Buffer
		end, err := printStored(t.Context(), reader, logs.Query{}, tail, &linePrinter{out: &out})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "\n"); got != want || end.Offset != int64(len(reader.lines)) {
			t.Errorf("tail %d: %d lines up to %d, want %d up to the end", tail, got, end.Offset, want)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestTailEndsWhereNobodyReads(t *testing.T) {
	reader := fakeReader{lines: make([]logs.Line, 3)}
	if _, err := printStored(t.Context(), reader, logs.Query{}, -1, &linePrinter{out: brokenPipe{}}); err == nil {
		t.Error("no error of a pipe that is broken")
	}
}

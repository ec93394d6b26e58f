package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

func TestQuery(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	got, err := (&logsOptions{services: []string{"redis"}, grep: "refused", level: "WARNING", since: "1h", fields: []string{"model=resnet50"}}).query(now)
	if err != nil {
		t.Fatal(err)
	}
	want := logs.Query{Services: []string{"redis"}, Text: "refused", MinLevel: logs.LevelWarn, Since: now.Add(-time.Hour), Fields: []logs.FieldFilter{{Key: "model", Value: "resnet50"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if got, err := (&logsOptions{}).query(now); err != nil || !cmp.Equal(got, logs.Query{}) {
		t.Errorf("query of nothing is %v (%v), want all lines", got, err)
	}
	for _, bad := range []logsOptions{
		{level: "loud"}, {since: "soon"}, {until: "25:00"}, {pattern: "("}, {fields: []string{"x"}}, {around: around{before: -1}},
	} {
		if _, err := bad.query(now); codeOf(err) != ExitUsage {
			t.Errorf("%+v: %v, want a usage error", bad, err)
		}
	}
}

func TestLinePrinter(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 7e6, time.Local)
	lines := []logs.Line{
		{Time: at, Service: "db", Message: "plain"},
		{Time: at, Service: "gateway", Level: logs.LevelError, Message: "clear \x1b[2J and 数据库"},
		{Time: at, Service: "db", Message: "tab\there"},
		{Time: at, Service: "db", Message: "panic: no\n\tat main.go:3\n"},
	}
	var out bytes.Buffer
	if err := (&linePrinter{out: &out}).print(lines); err != nil {
		t.Fatal(err)
	}
	want := "12:00:00.007 db plain\n" +
		"12:00:00.007 gateway clear  and 数据库\n" +
		"12:00:00.007 db      tab    here\n" +
		"12:00:00.007 db      panic: no\n" +
		"                         at main.go:3\n" +
		"                     \n"
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
	line := logs.Line{Time: time.Unix(1, 0).UTC(), Service: "db", Pod: "db-0", Container: "db", Level: logs.LevelWarn, Message: "a\x1b[2J\u009b2J\u202e\x7fb"}
	if err := (&linePrinter{out: &out, json: true}).print([]logs.Line{line, line}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u009b\u202e\x7f") || strings.Count(out.String(), "\n") != 2 {
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

// stored is a store with so many numbered lines.
func stored(t *testing.T, n int) (*logs.Store, logs.Reader) {
	t.Helper()
	dir := t.TempDir()
	store, err := logs.Open(dir, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	add(t, store, 0, n)
	reader, err := logs.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	return store, reader
}

func add(t *testing.T, store *logs.Store, from, n int) {
	t.Helper()
	lines := make([]logs.Line, n)
	for i := range lines {
		lines[i] = logs.Line{Time: time.Unix(int64(from+i), 0), Service: "gateway", Pod: "p", Container: "c", Message: fmt.Sprintf("line %d", from+i)}
	}
	if _, err := store.Append(lines); err != nil {
		t.Fatal(err)
	}
}

// found shows what the options find among lines, from the first on where tail
// is below zero.
func found(t *testing.T, reader logs.Reader, o logsOptions, tail int) (string, logs.Cursor) {
	t.Helper()
	q, err := o.query(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	end, err := newShower(logSource{reader: reader, query: q, all: reader}, o.around, &linePrinter{out: &out, json: o.output == "json"}).stored(t.Context(), tail)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), end
}

func TestTail(t *testing.T) {
	_, reader := stored(t, 2*pageSize+1)
	for tail, want := range map[int]int{0: 0, 1: 1, 200: 200, -1: 2*pageSize + 1} {
		text, end := found(t, reader, logsOptions{}, tail)
		if last, err := reader.End(t.Context()); strings.Count(text, "\n") != want || end != last || err != nil {
			t.Errorf("tail %d: %d lines up to %v, want %d up to %v (%v)", tail, strings.Count(text, "\n"), end, want, last, err)
		}
	}
}

// TestAround looks around the lines whose number ends in 5 or is 36.
func TestAround(t *testing.T) {
	_, reader := stored(t, 50)
	for name, test := range map[string]struct {
		around around
		tail   int
		want   string
	}{
		"none":             {around{}, -1, "5 15 25 35 36 45"},
		"before":           {around{before: 2}, -1, "3- 4- 5 -- 13- 14- 15 -- 23- 24- 25 -- 33- 34- 35 36 -- 43- 44- 45"},
		"after":            {around{after: 1}, -1, "5 6- -- 15 16- -- 25 26- -- 35 36 37- -- 45 46-"},
		"both":             {around{both: 1}, 3, "34- 35 36 37- -- 44- 45 46-"},
		"they meet":        {around{before: 4, after: 5}, 3, "31- 32- 33- 34- 35 36 37- 38- 39- 40- 41- 42- 43- 44- 45 46- 47- 48- 49-"},
		"they touch":       {around{before: 4, after: 4}, 2, "32- 33- 34- 35 36 37- 38- 39- 40- 41- 42- 43- 44- 45 46- 47- 48- 49-"},
		"beyond both ends": {around{both: 100}, 1, strings.TrimSpace(strings.Repeat("x ", 50))},
	} {
		t.Run(name, func(t *testing.T) {
			text, _ := found(t, reader, logsOptions{pattern: "(5|36)$", around: test.around, output: "json"}, test.tail)
			var got []string
			for line := range strings.Lines(text) {
				var l jsonLine
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatal(err)
				}
				number := strings.TrimPrefix(l.Message, "line ")
				if l.Context {
					number += "-"
				}
				got = append(got, number)
			}
			want := strings.Fields(strings.ReplaceAll(test.want, " --", ""))
			if name == "beyond both ends" {
				if len(got) != len(want) {
					t.Errorf("%d lines, want all %d", len(got), len(want))
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			text, _ = found(t, reader, logsOptions{pattern: "(5|36)$", around: test.around}, test.tail)
			if gaps := strings.Count(text, "--\n"); gaps != strings.Count(test.want, "--") {
				t.Errorf("%d gaps in\n%s", gaps, text)
			}
		})
	}
}

// TestAroundWhatComes goes on after the end: what is owed to a line is printed
// once it is there.
func TestAroundWhatComes(t *testing.T) {
	store, reader := stored(t, 6)
	var out bytes.Buffer
	s := newShower(logSource{reader: reader, query: logs.Query{Text: "line 5"}, all: reader}, around{after: 3}, &linePrinter{out: &out})
	end, err := s.stored(t.Context(), -1)
	for i := range 3 {
		if err != nil {
			t.Fatal(err)
		}
		add(t, store, 6+2*i, 2)
		end, err = s.from(t.Context(), end)
	}
	if got := strings.Count(out.String(), "\n"); err != nil || got != 4 {
		t.Errorf("%d lines (%v), want the one and three after it:\n%s", got, err, out.String())
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestTailEndsWhereNobodyReads(t *testing.T) {
	_, reader := stored(t, 3)
	if _, err := newShower(logSource{reader: reader, all: reader}, around{}, &linePrinter{out: brokenPipe{}}).stored(t.Context(), -1); err == nil {
		t.Error("no error of a pipe that is broken")
	}
}

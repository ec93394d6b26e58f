package loki

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

// fake answers as Loki does, from lines of one stream.
func fake(t *testing.T, nanos ...int64) *Reader {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number := func(name string) int64 { n, _ := strconv.ParseInt(r.FormValue(name), 10, 64); return n }
		if strings.HasSuffix(r.URL.Path, "/series") {
			some := []map[string]string{}
			for _, n := range nanos {
				if n >= number("start") && n < number("end") {
					some = []map[string]string{{"service": "s"}}
				}
			}
			json.NewEncoder(w).Encode(map[string]any{"data": some})
			return
		}
		values := [][2]string{}
		for i := range nanos {
			if r.FormValue("direction") == "backward" {
				i = len(nanos) - 1 - i
			}
			if n := nanos[i]; n >= number("start") && n < number("end") && int64(len(values)) < number("limit") {
				values = append(values, [2]string{strconv.FormatInt(n, 10), "line " + strconv.Itoa(i)})
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"result": []any{
			map[string]any{"stream": map[string]string{"pod": "web-7d9c5b7f4d-x2x9k", "level": "WARN"}, "values": values},
		}}})
	}))
	t.Cleanup(server.Close)
	r := New(Options{URL: server.URL + "/"})
	r.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	return r
}

func TestLinesOfOneNanosecond(t *testing.T) {
	base := time.Unix(1_799_990_000, 0).UnixNano()
	var nanos []int64
	for i := range int64(300) {
		nanos = append(nanos, base+i/100) // a hundred at once
	}
	r := fake(t, nanos...)
	for _, step := range []int{1, 7, 150, 1000} {
		var forward, backward []string
		for at := (logs.Cursor{}); ; {
			page, err := r.Forward(t.Context(), at, logs.Query{}, step)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Lines {
				forward = append(forward, l.Message)
			}
			if at = page.End; !page.More {
				break
			}
		}
		at, err := r.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for {
			page, err := r.Backward(t.Context(), at, logs.Query{}, step)
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, l := range page.Lines {
				texts = append(texts, l.Message)
			}
			backward = append(texts, backward...)
			if at = page.Start; !page.More {
				break
			}
		}
		if len(forward) != len(nanos) || forward[299] != "line 299" {
			t.Errorf("by %d: %d lines forward", step, len(forward))
		}
		if diff := cmp.Diff(forward, backward); diff != "" {
			t.Errorf("by %d (-forward +backward):\n%s", step, diff)
		}
	}
	page, err := r.Forward(t.Context(), logs.Cursor{}, logs.Query{Levels: logs.Levels(logs.LevelWarn)}, 1)
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Service != "web" || page.Lines[0].Level != logs.LevelWarn {
		t.Errorf("%+v, %v", page.Lines, err)
	}
}

func TestExpression(t *testing.T) {
	r := New(Options{})
	for want, q := range map[string]logs.Query{
		`{service=~".+"}`:      {},
		`{service=~"a\\.b|c"}`: {Services: []string{"a.b", "c"}},
		`{service=~".+", level!~"(?i)trace|trc|finest|finer|debug5|debug4|debug3|debug|dbg|fine|debug1|debug2|verbose"}`: {MinLevel: logs.LevelInfo},
		`{service=~".+"} |~ "(?i)\"x\" \\(y\\)" |~ "a+"`:                                                                 {Text: `"x" (y)`, Pattern: regexp.MustCompile("a+")},
		`{service=~".+"} |~ "bert-1\\.0|\\\\"`: {Fields: []logs.FieldFilter{
			{Key: "model", Value: "bert-1.0"}, {Key: "level", Value: "warn"}, {Key: "x", Value: "y", Not: true},
		}},
	} {
		if got := r.expression(q); got != want {
			t.Errorf("%+v\n got %s\nwant %s", q, got, want)
		}
	}
	if got := New(Options{Expr: `{a="b"} # all`}).expression(logs.Query{Text: "x"}); got != "{a=\"b\"} # all\n |~ \"(?i)x\"" {
		t.Errorf("%q", got)
	}
	if got := selectorOf("{a=\"}\\\"\", b=`}`} |= \"}\""); got != "{a=\"}\\\"\", b=`}`}" {
		t.Errorf("%q", got)
	}
}

func TestErrorsOfTheServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "parse error at line 1, col 3: syntax error", http.StatusBadRequest)
	}))
	_, err := New(Options{URL: server.URL}).End(t.Context())
	if err == nil || err.Error() != "loki: 400 Bad Request: parse error at line 1, col 3: syntax error" {
		t.Errorf("%v", err)
	}
	server.Close()
	if _, err = New(Options{URL: server.URL}).End(t.Context()); err == nil || !strings.Contains(err.Error(), "does not answer: dial tcp") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = New(Options{URL: server.URL}).End(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

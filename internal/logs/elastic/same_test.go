//go:build e2e

package elastic_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/elastic"
	"github.com/diorama-dev/diorama/internal/logs/kql"
	"github.com/diorama-dev/diorama/internal/logs/logql"
	"github.com/diorama-dev/diorama/internal/logs/loki"
)

// corpus is lines as the demo writes them, and some that nobody should write.
// Every fiftieth has the time of the one before it.
func corpus(n int, from time.Time) []logs.Line {
	services := []string{"demo-gateway", "demo-worker", "redis", "kafka", "billing"}
	models := []string{"resnet50", "bert-base", "llama-3-8b", "模型-7b"}
	hostile := []string{
		"nul \x00 and bell \a and \x1b[31mred\x1b[0m %d", "bidi \u202egnirts\u202c and \u2066x\u2069 %d",
		`{"n":%d,"deep":` + strings.Repeat(`[`, 900) + strings.Repeat(`]`, 900) + `}`, `{"unfinished":%d,"latency_ms":700`,
		"long " + strings.Repeat("x", 20000) + " %d", `{"n":%d,"latency_ms":"fast","msg":"not a number"}`, "=\"=%d a=\"open", "\ttabs\tand  blanks   %d",
	}
	lines := make([]logs.Line, n)
	for i := range lines {
		service := services[i%len(services)]
		l := logs.Line{
			Time: from.Add(time.Duration(i)*250*time.Millisecond + time.Duration(i*7919%1000)), Stack: "demo", Service: service,
			Pod: fmt.Sprintf("%s-%d", service, i/5%4), Container: "app",
		}
		if i%50 == 49 {
			l.Time = lines[i-1].Time
		}
		level := []string{"debug", "info", "info", "info", "info", "warn", "error"}[i*31%7]
		switch model, latency := models[i*17%4], i*37%1000; {
		case i%97 == 0:
			l.Message = fmt.Sprintf(hostile[i/97%len(hostile)], i)
		case i%11 == 0:
			l.Message = fmt.Sprintf(`level=%s msg="inference completed" model=%s latency_ms=%d.5 n=%d`, level, model, latency, i)
		case i%13 == 0:
			l.Message = fmt.Sprintf("%s 推理失败：显存不足，模型 %s 第 %d 次", strings.ToUpper(level), model, i)
		case i%17 == 0:
			l.Message = fmt.Sprintf("[%s] connection refused by 10.0.0.%d:6379 after %d attempts", strings.ToUpper(level), i%250, i)
		default:
			msg := []string{"inference completed", "CUDA out of memory", "request timed out", "模型加载完成"}[i*13%4]
			l.Message = fmt.Sprintf(`{"level":"%s","msg":"%s","model":"%s","latency_ms":%d,"http":{"status":%d},"trace":"%016x","n":%d,"ok":%v}`,
				level, msg, model, latency, []int{200, 200, 404, 503}[i*7%4], i*104729, i, i%3 == 0)
		}
		l.Level = logs.ParseLevel(l.Message)
		lines[i] = l
	}
	return lines
}

// all reads every line that a query finds, in pages, forward and backward.
func all(t *testing.T, r logs.Reader, q logs.Query) []logs.Line {
	t.Helper()
	const step = 700
	var forward, backward []logs.Line
	for at := (logs.Cursor{}); ; {
		page, err := r.Forward(t.Context(), at, q, step)
		if err != nil {
			t.Fatalf("forward: %v", err)
		}
		forward = append(forward, page.Lines...)
		if at = page.End; !page.More {
			break
		}
	}
	at, err := r.End(t.Context())
	if err != nil {
		t.Fatalf("the end: %v", err)
	}
	for {
		page, err := r.Backward(t.Context(), at, q, step)
		if err != nil {
			t.Fatalf("backward: %v", err)
		}
		backward = append(slices.Clone(page.Lines), backward...)
		if at = page.Start; !page.More {
			break
		}
	}
	if diff := gocmp.Diff(texts(forward), texts(backward)); diff != "" {
		t.Errorf("backward differs from forward (-forward +backward):\n%.3000s", diff)
	}
	return forward
}

// texts are lines as they are compared: by time, and by text where that is the
// same, because systems order the lines of one moment by containers.
func texts(lines []logs.Line) []string {
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b logs.Line) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Message, b.Message))
	})
	out := make([]string, len(sorted))
	for i, l := range sorted {
		out[i] = fmt.Sprintf("%s %s/%s/%s/%s %s %.200q", l.Time.Format(time.RFC3339Nano), l.Stack, l.Service, l.Pod, l.Container, l.Level, l.Message)
	}
	return out
}

// TestThreeWaysToAsk puts the same 10,000 lines into the local store, Loki and
// Elasticsearch: each question finds the same lines, whichever language it is
// put in and whoever answers.
func TestThreeWaysToAsk(t *testing.T) {
	// From a whole minute, so that some lines come in the very nanosecond in which
	// a part of the span that is counted begins.
	lines := corpus(10_000, time.Now().UTC().Add(-time.Hour).Truncate(time.Minute))
	dir := t.TempDir()
	store, err := logs.Open(dir, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Append(lines); err != nil {
		t.Fatal(err)
	}
	if err := store.Sync(); err != nil {
		t.Fatal(err)
	}
	local, err := logs.OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	lokiURL, elasticURL := startLoki(t), startElasticsearch(t)
	push(t, lokiURL, lines)
	index(t, elasticURL, lines)
	plainElastic, err := elastic.New(elastic.Options{URL: elasticURL})
	if err != nil {
		t.Fatal(err)
	}
	plainLoki := loki.New(loki.Options{URL: lokiURL})

	for _, q := range questions(lines) {
		type answer struct {
			who   string
			texts []string
		}
		var answers []answer
		ask := func(who string, r logs.Reader, query logs.Query) {
			began := time.Now()
			found := all(t, r, query)
			answers = append(answers, answer{who, texts(found)})
			t.Logf("%-28s %5d lines in %4d ms", who, len(found), time.Since(began).Milliseconds())
		}
		t.Run(strings.TrimSpace(fmt.Sprint(q.logql, " ", q.kql)), func(t *testing.T) {
			if q.query != nil {
				ask("local store", local, *q.query)
				ask("Loki", plainLoki, *q.query)
				ask("Elasticsearch", plainElastic, *q.query)
			}
			if q.logql != "" {
				compiled, err := logql.Compile(q.logql)
				if err != nil {
					t.Fatal(err)
				}
				ask("LogQL in the local store", local, compiled)
				ask("LogQL in Loki", loki.New(loki.Options{URL: lokiURL, Expr: q.logql}), logs.Query{})
			}
			if q.kql != "" {
				compiled, err := kql.Compile(q.kql, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				ask("KQL in the local store", local, compiled)
				for who, index := range map[string]string{"KQL in Elasticsearch": "logs-*", "KQL of whole lines there": "whole-*"} {
					there, err := elastic.New(elastic.Options{URL: elasticURL, Index: index, KQL: q.kql})
					if err != nil {
						t.Fatal(err)
					}
					ask(who, there, logs.Query{})
				}
			}
			for _, a := range answers[1:] {
				if diff := gocmp.Diff(answers[0].texts, a.texts); diff != "" {
					t.Errorf("%s finds %d lines, %s %d (-first +second):\n%.3000s", answers[0].who, len(answers[0].texts), a.who, len(a.texts), diff)
				}
			}
		})
	}
	t.Run("counts", func(t *testing.T) {
		from := lines[0].Time.Truncate(time.Minute)
		for _, parts := range []int{1, 7, 40} {
			span := logs.Span{From: from, To: from.Add(40 * time.Minute), Parts: parts}
			for _, q := range []logs.Query{{}, {MinLevel: logs.LevelWarn}, {Services: []string{"redis"}, Text: "memory"}, {Fields: []logs.FieldFilter{{Key: "http.status", Value: "503"}}}} {
				want := plain(lines, q, span)
				for who, r := range map[string]logs.Reader{"local store": local, "Loki": plainLoki, "Elasticsearch": plainElastic} {
					got, err := r.Count(t.Context(), q, span)
					if err != nil {
						t.Fatalf("%s: %v", who, err)
					}
					if diff := gocmp.Diff(want, got); diff != "" {
						t.Errorf("%s counts %+v in %d parts otherwise (-want +got):\n%.2000s", who, q, parts, diff)
					}
				}
			}
		}
	})
	t.Run("places", func(t *testing.T) {
		places(t, lines, map[string]logs.Reader{"Loki": plainLoki, "Elasticsearch": plainElastic})
	})
}

// plain counts without any reader. What states no level has none in any
// system.
func plain(lines []logs.Line, q logs.Query, s logs.Span) []logs.LevelCounts {
	counts := make([]logs.LevelCounts, s.Parts)
	for _, l := range lines {
		for k := range counts {
			if q.Matches(l) && !l.Time.Before(s.Bound(k)) && l.Time.Before(s.Bound(k+1)) {
				counts[k][l.Level]++
			}
		}
	}
	return counts
}

// places reads from times, in pages that end within one nanosecond.
func places(t *testing.T, lines []logs.Line, readers map[string]logs.Reader) {
	for who, r := range readers {
		at, err := r.At(t.Context(), lines[45].Time)
		if err != nil {
			t.Fatal(err)
		}
		var got []logs.Line
		for range 10 {
			page, err := r.Forward(t.Context(), at, logs.Query{}, 1)
			if err != nil || len(page.Lines) != 1 {
				t.Fatalf("%s: %v, %v", who, page, err)
			}
			back, err := r.Backward(t.Context(), page.End, logs.Query{}, 1)
			if err != nil || len(back.Lines) != 1 || back.Lines[0].Message != page.Lines[0].Message {
				t.Fatalf("%s: %v before and %v after the same place, %v", who, back.Lines, page.Lines, err)
			}
			got, at = append(got, page.Lines...), page.End
		}
		if diff := gocmp.Diff(texts(lines[45:55]), texts(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who, diff)
		}
		if end, err := r.At(t.Context(), time.Now()); err != nil {
			t.Error(err)
		} else if page, err := r.Forward(t.Context(), end, logs.Query{}, 5); err != nil || len(page.Lines) != 0 {
			t.Errorf("%s: %d lines after the end, %v", who, len(page.Lines), err)
		}
	}
}

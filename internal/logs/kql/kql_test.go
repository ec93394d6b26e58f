package kql

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

var (
	now     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	gateway = logs.Line{
		Time: now.Add(-10 * time.Minute), Stack: "demo", Service: "demo-gateway", Pod: "demo-gateway-0", Container: "app", Level: logs.LevelError,
		Message: `{"level":"error","msg":"CUDA out of memory","http":{"status":503},"latency_ms":120.5,"ok":false,"tags":["Blue","green",7],"n":null,"q":"连接被拒绝 a:b"}`,
	}
)

func TestCompiledQueriesHold(t *testing.T) {
	for query, want := range map[string]bool{
		``: true, `*`: true, `*:*`: true,
		`level: ERROR`: true, `level: "error"`: true, `level: err`: true, `level: warn`: false, `LEVEL: ERROR`: false, `level: E*`: true, `level: (WARN or ERROR)`: true,
		`kubernetes.pod_name: "demo-gateway-0" AND level: "ERROR"`: true, `kubernetes.pod_name: demo-gateway`: false, `kubernetes.pod_name: demo-*`: true,
		`kubernetes.container_name: app`: true, `kubernetes.namespace_name: diorama`: true, `kubernetes.labels.app: demo-gateway`: true, `service: Demo-gateway`: false, `stack: demo`: true,
		// words of the message
		`message: memory`: true, `message: MEMORY`: true, `message: mem`: false, `message: mem*`: true, `message: *mor*`: true, `message: m*y`: true,
		`message: out of nothing`: true, `message: "out of memory"`: true, `message: "memory out"`: false, `message: "out of"`: true, `log: cuda`: true,
		`message: 拒绝`: true, `message: "被拒绝"`: true, `message: "绝拒"`: false, `message: latency_ms`: true, `message: latency`: false, `message: b`: false, `message: "a:b"`: true,
		`nothing or 503`: true, `503 and memory`: true, `memory`: true, `"of memory"`: true, `nothing`: false, `demo-gateway-0`: true, `demo-gateway-1 0`: false, `"gateway-0"`: false, `503`: true, `504`: false, `Blue`: true,
		// the line's own fields
		`latency_ms > 100`: true, `latency_ms >= 120.5 and latency_ms < 121`: true, `latency_ms < 100`: false, `latency_ms: 120.50`: true, `latency_ms > abc`: false, `absent > 1`: false,
		`http.status: 503`: true, `http.*: 503`: true, `http.status: (503 or 504)`: true, `http.status: (not 503)`: false, `msg: "CUDA out of memory"`: true, `msg: CUDA out of memory`: true, `msg: CUDA`: false, `msg: CUDA*`: true,
		`tags: blue`: false, `tags: Blue`: true, `tags: (Blue and green)`: true, `tags: 7`: true, `ok: false`: true, `n: *`: false, `msg: *`: true, `absent: *`: false, `not absent: *`: true,
		// joined
		`not level: error`: false, `NOT (level: warn OR level: info)`: true, `level: warn or level: error and service: demo-gateway`: true, `(level: warn or level: error) and service: other`: false,
		`service:demo-gateway and not message:"CPU"`: true,
		// times
		`@timestamp > "2026-11-22T11:49:59Z"`: true, `@timestamp >= "2026-11-22"`: true, `@timestamp > "2026-11-22"`: false, `@timestamp <= "2026-11-22"`: true, `@timestamp < 2026-11-22`: false,
		`@timestamp >= now-15m`: true, `@timestamp > now-5m`: false, `@timestamp: "2026-11-22"`: true, `@timestamp: "2026-11-22T11:50:00.000Z"`: true, `@timestamp: "2026-11-22T11:50:00.001Z"`: false, `@timestamp: *`: true,
		// escapes
		`message: \"CUDA`: true, `q: *a\:b`: true, `q: *a\:\*`: false, `msg: "CUDA out of memory" or \and`: true, `message: \u0043UDA`: true,
	} {
		q, err := Compile(query, now)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := q.Matches(gateway); got != want {
			t.Errorf("%s = %v", query, got)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for query, want := range map[string]string{
		`level:`:                 `kql: column 7: found the end, expected a field or a value; what holds an operator goes in quotes`,
		`level: "x`:              `kql: column 8: found a quote that is never closed, expected text in "…"`,
		`(level: x`:              `kql: column 10: found the end, expected ")", "and" or "or"`,
		`级别: x)`:                 `kql: column 6: found ")", expected "and", "or" or the end`,
		`a: b: c`:                `kql: column 5: found ":", expected "and", "or" or the end`,
		`> 5`:                    `kql: column 1: found ">", expected a field or a value; what holds an operator goes in quotes`,
		`a: { b: 1 }`:            `kql: column 4: the documents have no nested fields: write a.field: value in place of a: { field: value }`,
		`kubernetes.host: n1`:    `kql: column 1: the local store does not keep the field "kubernetes.host", only message, log, level, service, stack, kubernetes.pod_name, kubernetes.container_name, kubernetes.namespace_name, kubernetes.labels.app, kubernetes.labels.service, kubernetes.labels.stack, @timestamp and the fields of the lines themselves; install the stack efk`,
		`@timestamp > yesterday`: `kql: column 14: "yesterday" is no time: write "2026-11-22", "2026-11-22T10:00:00Z" or now-15m`,
		`@timestamp > now-5x`:    `kql: column 14: "now-5x" is no time: write now, or now-15m with one of the units s, m, h, d and w`,
	} {
		_, err := Compile(query, now)
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", query, err, want)
		}
		if strings.HasSuffix(want, "efk") != errors.Is(err, ErrNeedsElasticsearch) {
			t.Errorf("%s: what needs Elasticsearch is not told apart", query)
		}
	}
}

// forAll is a query for an index that has all its fields.
func forAll(query string) (json.RawMessage, logs.Condition, error) {
	q, err := Read(query)
	if err != nil {
		return nil, nil, err
	}
	return q.For(q.Fields(), now)
}

func TestDSL(t *testing.T) {
	for query, want := range map[string]string{
		``:                         `{"match_all":{}}`,
		`a: b and not c: "d e"`:    `{"bool":{"filter":[{"match":{"a":"b"}},{"bool":{"must_not":[{"match_phrase":{"c":"d e"}}]}}]}}`,
		`a: (b or 1)`:              `{"bool":{"minimum_should_match":1,"should":[{"match":{"a":"b"}},{"match":{"a":"1"}}]}}`,
		`latency_ms >= 100`:        `{"range":{"latency_ms":{"gte":"100"}}}`,
		`a: *`:                     `{"exists":{"field":"a"}}`,
		`a: x y*`:                  `{"query_string":{"fields":["a"],"lenient":true,"query":"x\\ y*"}}`,
		`message: x-y*`:            `{"query_string":{"fields":["message"],"lenient":true,"query":"x\\-y*"}}`,
		`disk full`:                `{"multi_match":{"lenient":true,"query":"disk full","type":"best_fields"}}`,
		`"disk full"`:              `{"multi_match":{"lenient":true,"query":"disk full","type":"phrase"}}`,
		`http.*: 5`:                `{"multi_match":{"fields":["http.*"],"lenient":true,"query":"5","type":"best_fields"}}`,
		`level: trace`:             `{"terms":{"level":["trace","trace","TRACE","Trace","trc","TRC","Trc","finest","FINEST","Finest","finer","FINER","Finer","debug5","DEBUG5","Debug5","debug4","DEBUG4","Debug4","debug3","DEBUG3","Debug3"]}}`,
		`@timestamp: "2026-11-22"`: `{"range":{"@timestamp":{"gte":"2026-11-22","lte":"2026-11-22"}}}`,
	} {
		got, _, err := forAll(query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		} else if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		`a:b a.b x.1 1.5 1,000 a_b it's latency_ms":12 msg=foo-bar /v1 10.0.0.1:8080 a;b 1;2 v1.2.3-rc_1`: `a:b a.b x 1 1.5 1,000 a_b it's latency_ms 12 msg foo bar v1 10.0.0.1 8080 a b 1;2 v1.2.3 rc_1`,
		`连接被拒绝 カタカナ ひらがな 한국어 é́ 😀 ab連c İ`:                                                                 `连 接 被 拒 绝 カタカナ ひ ら が な 한국어 é́ 😀 ab 連 c i`,
		"a\x00b\xff\x1b[31mred . ' :": `a b 31mred`,
		``:                            ``,
		strings.Repeat("x", 300):      strings.Repeat("x", 255) + " " + strings.Repeat("x", 45),
	} {
		if diff := cmp.Diff(want, strings.Join(wordsOf(text), " ")); diff != "" {
			t.Errorf("%.80q (-want +got):\n%s", text, diff)
		}
	}
}

func TestCompileHelpsTheStore(t *testing.T) {
	q, err := Compile(`service: a and message: "out of memory" and @timestamp >= "2026-11-22T10:00:00Z" and @timestamp < now`, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(q.Services) != 1 || q.Text != "memory" || !q.Since.Equal(now.Add(-2*time.Hour)) || q.Until.IsZero() {
		t.Errorf("%+v", q)
	}
	if q, err = Compile(`service: a or message: memory`, now); err != nil || q.Services != nil || q.Text != "" {
		t.Errorf("alternatives narrow nothing: %+v, %v", q, err)
	}
}

func FuzzKQL(f *testing.F) {
	for _, q := range []string{
		`kubernetes.pod_name: "x" AND level: "ERROR"`, `a: (b or not c*) and d >= 5`, `not \u0041 "x\"`, `((((`, `a: { b: 1 }`, `@timestamp: now-1d`, `*:*`,
	} {
		f.Add(q, `{"a":{"b":1},"c":["x",{"y":2}]} a=1 连接 1.5`)
	}
	f.Add(`message: "A \"B\"" and service: a and @timestamp <= now`, `{"msg":"a \"b\" \u0063"}`)
	f.Add(`message: c`, `{"msg":"\u0063"}`)
	f.Fuzz(func(t *testing.T, query, line string) {
		dsl, _, err := forAll(query)
		if err == nil && !json.Valid(dsl) {
			t.Fatalf("%s", dsl)
		}
		if q, err := Compile(query, now); err == nil {
			l := logs.Line{Time: now, Service: "a", Message: line}
			if found := q.Matches(l); !found && q.Where != nil && q.Where.Holds(l, nil) && !strings.ContainsAny(line, "İ\u212a") {
				t.Fatalf("%s: the store skips %q, for which it holds", query, line)
			}
		}
		if got := strings.Join(wordsOf(line), ""); len(got) > 4*len(line) {
			t.Fatalf("words of %q: %q", line, got)
		}
	})
}

func BenchmarkCondition(b *testing.B) {
	for name, query := range map[string]string{"fields": `level: error and latency_ms > 100`, "phrase": `message: "out of memory"`} {
		b.Run(name, func(b *testing.B) {
			q, err := Compile(query, now)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if !q.Where.Holds(gateway, nil) {
					b.Fatal("the line is not found")
				}
			}
		})
	}
}

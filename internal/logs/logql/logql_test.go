package logql

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

var gateway = logs.Line{
	Stack: "demo", Service: "gateway", Pod: "demo-gateway-0", Container: "app", Level: logs.LevelWarn,
	Message: `{"level":"warn","msg":"slow","http":{"status":503},"took":"1.5s","size":"20KB","latency_ms":120,"odd":"x","n":null,"list":[1],"service":"inner","2xx":1}`,
}

func TestCompiledQueriesHold(t *testing.T) {
	for query, want := range map[string]bool{
		`{app="demo-gateway"}`: true, `{service_name="gateway"}`: true, `{job="other"}`: false,
		`{service=~"gate.*"}`: true, `{service=~"demo"}`: false, `{service=~"gateway|other"}`: true,
		`{service!="other"}`:                 false, // fits the empty text: an error, see below
		`{stack="demo", service!="gateway"}`: false, `{stack="demo", pod!~".*-1"}`: true, `{namespace="diorama", container="app",}`: true,
		`{stack="demo", level="WARNING"}`: true, `{stack="demo", level=~"warn|error"}`: true, `{stack="demo", level=~"WARN|ERROR"}`: true,
		`{stack="demo", level!="warn"}`: false, `{detected_level="warn"}`: true,
		// lines
		`{app="demo-gateway"} |= "slow"`: true, `{app="demo-gateway"} |= "Slow"`: false, `{app="demo-gateway"} |~ "(?i)SLOW"`: true,
		`{app="demo-gateway"} != "slow"`: false, `{app="demo-gateway"} !~ "fast|quick"`: true, "{app=\"demo-gateway\"} |= `\"slow\"`": true,
		`{app="demo-gateway"} |= "none" or "slow"`: true, `{app="demo-gateway"} != "none" or "slow"`: false, `{app="demo-gateway"} |= "slow" != "none" # comment`: true,
		// fields
		`{app="demo-gateway"} | json | latency_ms > 100`: true, `{app="demo-gateway"} | json | latency_ms >= 121`: false,
		`{app="demo-gateway"} | json | latency_ms == 120`: true, `{app="demo-gateway"} | json | latency_ms = 120.0`: true, `{app="demo-gateway"} | json | latency_ms > -1e-3`: true,
		`{app="demo-gateway"} | json | http_status = "503"`: true, `{app="demo-gateway"} | json | http_status =~ "5.."`: true, `{app="demo-gateway"} | json | http_status =~ "5"`: false,
		`{app="demo-gateway"} | json | odd > 1`: true, `{app="demo-gateway"} | json | odd > 1 | __error__ = ""`: false, `{app="demo-gateway"} | json | odd > 1 | __error__ = "LabelFilterErr"`: true,
		`{app="demo-gateway"} | json | absent > 1`: false, `{app="demo-gateway"} | json | absent = ""`: true, `{app="demo-gateway"} | json | n = ""`: true, `{app="demo-gateway"} | json | list != ""`: false,
		`{app="demo-gateway"} | json | service = "inner"`: false, `{app="demo-gateway"} | json | service_extracted = "inner"`: true, `{app="demo-gateway"} | json | _2xx = 1`: true,
		`{app="demo-gateway"} | json | level = "ERROR"`: false, `{app="demo-gateway"} | json | level_extracted = "warn"`: true,
		`{app="demo-gateway"} | json | took > 1s`: true, `{app="demo-gateway"} | json | took > 1m30s`: false, `{app="demo-gateway"} | json | took < 1d`: true,
		`{app="demo-gateway"} | json | size >= 20KB`: true, `{app="demo-gateway"} | json | size > 20KB`: false, `{app="demo-gateway"} | json | size < 20KiB`: true,
		`{app="demo-gateway"} | json | latency_ms > 500 or http_status = 503 and msg = "slow"`: true, `{app="demo-gateway"} | json | (latency_ms > 500 or http_status = 503), msg = "fast"`: false,
		`{app="demo-gateway"} | json code="http.status", first="list[0]" | code = 503 | first = 1`: true, `{app="demo-gateway"} | json msg | msg = "slow" | latency_ms = ""`: true,
		`{app="demo-gateway"} | logfmt | msg = ""`: true, `{app="demo-gateway"} | regexp "\"msg\":\"(?P<word>\\w+)\"" | word = "slow"`: true,
		"{app=\"demo-gateway\"} | pattern `{\"level\":\"<one>\",\"msg\":\"<two>\",<_>` | one = \"warn\" | two = \"slow\"": true,
		`{app="demo-gateway"} | json | drop msg | msg = ""`:                                                               true, `{app="demo-gateway"} | json | drop msg="fast" | msg = "slow"`: true, `{app="demo-gateway"} | json | keep msg | latency_ms = "" | service = "" | msg = "slow"`: true,
	} {
		q, err := Compile(query)
		if query == `{service!="other"}` {
			if err == nil || !strings.Contains(err.Error(), "does not fit the empty text") {
				t.Errorf("%s: %v", query, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := q.Matches(gateway); got != want {
			t.Errorf("%s = %v", query, got)
		}
	}
}

func TestPlacesInArrays(t *testing.T) {
	for _, one := range []struct{ path, line, want string }{
		{`[1]`, `[1,2]`, "2"},
		{`[2]`, `[1,2]`, ""},
		{`["-1"]`, `[1,2]`, ""},
		{`["[-1]"]`, `[1,2]`, ""},
		{`["1"]`, `[1,2]`, ""},
		{`["1"]`, `{"1":"x"}`, "x"},
		{`["[1]"]`, `{"[1]":"x"}`, "x"},
		{`[99999999999999999999]`, `[1]`, ""},
	} {
		path, ok := parsePath(one.path)
		if got := valueAt(json.RawMessage(one.line), path); !ok || got != one.want {
			t.Errorf("%s of %s is %q, want %q", one.path, one.line, got, one.want)
		}
	}
}

func TestLogfmt(t *testing.T) {
	for line, want := range map[string][]label{
		`a=1 b="q \"w\"" c= d e=x`:   {{"a", "1"}, {"b", `q "w"`}, {"e", "x"}},
		`word level=warn http.s=2`:   {{"level_extracted", "warn"}, {"http_s", "2"}},
		`a=1=2 b="open`:              nil,
		`{"a":"b","c":1}`:            nil,
		`="x" k=v`:                   {{"k", "v"}},
		"模型=\"连接\" ok=\xff":          {{"__", "连接"}, {"ok", ""}},
		"\x00\x1b a=\u202e 2=b \t=":  {{"a", "\u202e"}, {"_2", "b"}},
		strings.Repeat("=", 100_000): nil,
	} {
		l := &labels{line: logs.Line{Level: logs.LevelInfo, Message: line}}
		logfmtParser{}.pass(l)
		if diff := cmp.Diff(want, l.extracted, cmp.AllowUnexported(label{})); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", line, diff)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for query, want := range map[string]string{
		``:                                 `logql: column 1: found the end, expected "{", with which a log query begins`,
		`error`:                            `logql: column 1: found "error", expected "{", with which a log query begins`,
		`{}`:                               `logql: column 1: found a selector that also wants lines without labels, expected one matcher at least that does not fit the empty text, such as {service=~".+"}`,
		`{app`:                             `logql: column 5: found the end, expected =, !=, =~ or !~`,
		`{app="x"`:                         `logql: column 9: found the end, expected "," or "}"`,
		`{app="x}`:                         "logql: column 6: found a string that is not closed or has a wrong escape, expected text in \"…\" or `…`",
		`{app=~"("}`:                       "logql: column 7: found \"(\", which is no regular expression (error parsing regexp: missing closing ): `^(?s:()$`), expected one of RE2's syntax",
		`{app="模型"} | foo`:                 `logql: column 17: found the end, expected a comparison (=, !=, =~, !~, ==, >, >=, <, <=)`,
		`{app="x"} | json | a > "1"`:       `logql: column 24: found "\"1\"", expected a number, a duration or a size, without quotes`,
		`{app="x"} | json | a > 1q`:        `logql: column 24: found "1q", expected a number, a duration (10ms) or a size (20KB)`,
		`{app="x"} "y"`:                    `logql: column 11: found "\"y\"", expected a line filter (|=, !=, |~, !~), | or the end`,
		`{app="x"} ? "y"`:                  `logql: column 11: found '?', expected a name, a string, a number or an operator`,
		`{app="x"} | regexp "a(b)"`:        `logql: column 20: found "a(b)", which names no group, expected a group with a name, (?P<name>…)`,
		`{ap="x"}`:                         `logql: column 2: no line has the label "ap"; the local store knows app, container, detected_level, job, level, namespace, pod, service, service_name, stack; did you mean "app"?`,
		`{hostname="x"}`:                   `logql: column 2: no line has the label "hostname"; the local store knows app, container, detected_level, job, level, namespace, pod, service, service_name, stack`,
		`rate({app="x"}[5m])`:              `logql: column 1: the local store cannot answer metric queries such as rate(…); install the stack loki`,
		`sum by (app) (rate({a="b"}))`:     `logql: column 1: the local store cannot answer metric queries such as sum(…); install the stack loki`,
		`{app="x"}[5m]`:                    `logql: column 10: the local store cannot answer metric queries; install the stack loki`,
		`{app="x"} |= ip("10.0.0.0/8")`:    `logql: column 14: the local store cannot answer ip(…); install the stack loki`,
		`{app="x"} | line_format "{{.a}}"`: `logql: column 13: the local store cannot answer | line_format; install the stack loki`,
	} {
		_, err := Compile(query)
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", query, err, want)
		}
		if err != nil && strings.HasSuffix(want, "install the stack loki") != errors.Is(err, ErrNeedsLoki) {
			t.Errorf("%s: what needs Loki is not told apart", query)
		}
	}
}

func TestCompileHelpsTheStore(t *testing.T) {
	q, err := Compile(`{service=~"a|b"} |= "first" |~ "sec[o]nd" != "third" |= "x" or "y"`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, q.Services); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"first", "second"}, q.Where.Literals()); diff != "" {
		t.Error(diff)
	}
	if q, err = Compile(`{service="a"}`); err != nil || q.Where != nil {
		t.Errorf("a service alone is left to the store: %+v, %v", q, err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, q := range []string{
		`{app="demo-gateway"} |= "error" | json | latency_ms > 100`, `{a=~"b", c!~"d"} != "x" or "y" | logfmt --strict | (a > 1h or b = 2KB) and c != "d"`,
		"{service=~\".+\"} | pattern `<a> - <_>` | regexp \"(?P<x>.)\" | drop a, b=\"c\" | keep d | json a=\"b[0].c\"", `rate({a="b"}[5m])`, `{a="`, "{a=`", `((((`,
	} {
		f.Add(q, `{"a":{"b":1},"c":"x"} a=1 b="2`)
	}
	f.Add(`{service=~".+"} | json x="[\"-1\"]"`, `[1,2]`)
	f.Add(`{app=~"a|b"} |~ "x(y|z)" |= "\"q\"" | json | m = "q" |~ "(?i)k"`, `{"m":"q","x":"xz"} K`)
	f.Fuzz(func(t *testing.T, query, line string) {
		q, err := Compile(query)
		if err != nil {
			return
		}
		l := logs.Line{Service: "a", Message: strings.ToValidUTF8(line, "")}
		found := q.Matches(l)
		if q.Where == nil || !q.Where.Holds(l, nil) {
			return
		}
		if !found {
			t.Fatalf("%s: the store skips %q, for which it holds", query, line)
		}
		for _, text := range q.Where.Literals() {
			if !strings.Contains(l.Message, text) {
				t.Fatalf("%s: %q is not in %q, for which it holds", query, text, line)
			}
		}
	})
}

func BenchmarkCondition(b *testing.B) {
	q, err := Compile(`{app="demo-gateway"} |= "slow" | json | latency_ms > 100 | http_status = "503"`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !q.Where.Holds(gateway, nil) {
			b.Fatal("the line is not found")
		}
	}
}

package logs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseFieldsOfManyForms(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000)
	for _, c := range []struct {
		line string
		want Fields
	}{
		{ // nested objects by dotted keys
			`{"http":{"status":200,"req":{"path":"/a"}},"empty":{},"list":[{"x":"}"}],"n":null,"b":true}`,
			Fields{Rest: []Field{
				{"http.status", "200"}, {"http.req.path", "/a"}, {"empty", "{}"}, {"list", `[{"x":"}"}]`}, {"n", "null"}, {"b", "true"},
			}},
		},
		{ // numbers as written, duplicates kept, escapes resolved
			`{"n":123456789012345678901234567890,"n":1e999,"s":"\u8fde\ud83d\ude00\ud83d \"q\" \x","msg":"a\tb"}`,
			Fields{Message: "a\tb", Rest: []Field{{"n", "123456789012345678901234567890"}, {"n", "1e999"}, {"s", "连😀\uFFFD \"q\" x"}}},
		},
		{
			`{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","level":"warn"}`,
			Fields{Level: LevelWarn, Trace: "4bf92f3577b34da6a3ce929d0e0e4736", Rest: []Field{
				{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
			}},
		},
		{`{"traceparent":"00-00000000000000000000000000000000-00f067aa0ba902b7-01"}`, Fields{Rest: []Field{
			{"traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
		}}},
		{
			`I1122 10:00:00.000000       1 leader.go:257] became leader`,
			Fields{Level: LevelInfo, Message: "became leader", Rest: []Field{{"source", "leader.go:257"}, {"thread", "1"}, {"time", "1122 10:00:00.000000"}}},
		},
		{
			`E1122 10:00:00.000000  12 x.go:1] "Pod \"a\" failed" pod="kube-system/a" code=3`,
			Fields{Level: LevelError, Message: `Pod "a" failed`, Rest: []Field{
				{"source", "x.go:1"}, {"thread", "12"}, {"time", "1122 10:00:00.000000"}, {"pod", "kube-system/a"}, {"code", "3"},
			}},
		},
		{"{\"a\":\"\x00\xff\x1b[31m\"}", Fields{Rest: []Field{{"a", "\x00\xff\x1b[31m"}}}},
		{`{"time":"9999-12-31T23:59:59Z","a":1}`, Fields{Time: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), Rest: []Field{{"a", "1"}}}},
		{deep, Fields{Rest: []Field{{"a" + strings.Repeat(".a", keyDepth-1), deep[5*keyDepth : len(deep)-keyDepth]}}}},
	} {
		got, ok := ParseFields(c.line)
		if diff := cmp.Diff(c.want, got); diff != "" || !ok {
			t.Errorf("ParseFields(%.200q) = %v (-want +got):\n%s", c.line, ok, diff)
		}
	}
}

func TestFieldFilters(t *testing.T) {
	l := Line{
		Stack: "demo", Service: "gateway", Pod: "gateway-0", Container: "app", Level: LevelWarn,
		Message: `{"level":"warn","msg":"slow","http":{"status":200},"q":"a\u0062c","trace_id":"9f2c","service":"inner","time":"2026-11-27T07:00:00Z","ts":1795762800}`,
	}
	for _, c := range []struct {
		filter FieldFilter
		want   bool
	}{
		{FieldFilter{Key: "http.status", Value: "200"}, true},
		{FieldFilter{Key: "http.status", Value: "20"}, false},
		{FieldFilter{Key: "http.status", Value: "201", Not: true}, true},
		{FieldFilter{Key: "absent", Value: "200"}, false},
		{FieldFilter{Key: "absent", Value: "200", Not: true}, true},
		{FieldFilter{Key: "q", Value: "abc"}, true},
		{FieldFilter{Key: "service", Value: "inner"}, true}, // what the message says comes first
		{FieldFilter{Key: "pod", Value: "gateway-0"}, true},
		{FieldFilter{Key: "stack", Value: "demo"}, true},
		{FieldFilter{Key: "container", Value: "app"}, true},
		{FieldFilter{Key: "level", Value: "warn"}, true},
		{FieldFilter{Key: "level", Value: "WARNING"}, true},
		{FieldFilter{Key: "severity", Value: "warn"}, true},
		{FieldFilter{Key: "level", Value: "error"}, false},
		{FieldFilter{Key: "trace", Value: "9f2c"}, true},
		{FieldFilter{Key: "message", Value: "slow"}, true},
		{FieldFilter{Key: "time", Value: "2026-11-27T07:00:00Z"}, true},
		{FieldFilter{Key: "time", Value: "2026-11-27T07:00:00Z", Not: true}, false},
		{FieldFilter{Key: "time", Value: "2026-11-27"}, false},
		{FieldFilter{Key: "ts", Value: "1795762800"}, true},
		{FieldFilter{Key: "timestamp", Value: "1795762800"}, false},
	} {
		if got := (Query{Fields: []FieldFilter{c.filter}}).Matches(l); got != c.want {
			t.Errorf("%+v = %v", c.filter, got)
		}
	}
	if (Query{Services: []string{"other"}}).Matches(l) || !(Query{Services: []string{"gateway"}, MinLevel: LevelWarn, Text: "SLOW"}).Matches(l) {
		t.Error("services, levels and texts are not asked")
	}
}

// TestKeysAreBounded takes a line apart whose members' keys would all hold a
// long one.
func TestKeysAreBounded(t *testing.T) {
	for _, long := range []int{maxKey - len(".a"), maxKey, maxKey + 1, 8 << 10} {
		line := `{"` + strings.Repeat("k", long) + `":{"a":{` + strings.Repeat(`"b":1,`, 9000) + `"b":1}}}`
		members, ok := AppendJSON(nil, line)
		size := 0
		for _, m := range members {
			size += len(m.Key)
		}
		if !ok || size > 300*len(line)/5 || (long > maxKey-len(".a")) != (len(members) == 1) {
			t.Errorf("a key of %d bytes: %d members with %d bytes of keys, %v", long, len(members), size, ok)
		}
	}
}

// FuzzJSON holds the scanner to encoding/json: whatever is an object there is
// one here, with the same outermost texts.
func FuzzJSON(f *testing.F) {
	f.Add(`{"a":"b\u00e4\ud83d\ude00","c":{"d":[1,{"e":null}]},"f":-1.5e3,"g":true}`)
	f.Add(`{"a":"b`)
	f.Add(`{"a":[[[[`)
	f.Add(strings.Repeat(`{"a":`, 100))
	f.Fuzz(func(t *testing.T, line string) {
		members, ok := AppendJSON(nil, line)
		ParseFields(line)
		var want map[string]any
		if json.Unmarshal([]byte(line), &want) != nil || want == nil {
			return
		}
		if !ok {
			t.Fatalf("AppendJSON(%q) takes it for no object", line)
		}
		got := make(map[string]string)
		for _, m := range members {
			if m.Kind == KindText {
				got[m.Key] = m.Value
			}
		}
		for key, value := range want {
			text, isText := value.(string)
			if isText && !strings.Contains(line, ".") && strings.Count(line, ":") == len(want) && strings.ToValidUTF8(got[key], "\uFFFD") != text && !strings.Contains(text+key, "\uFFFD") {
				t.Fatalf("%q of %q = %q, want %q", key, line, got[key], text)
			}
		}
	})
}

func BenchmarkParseFields(b *testing.B) {
	for name, line := range map[string]string{
		"json":   `{"time":"2026-11-22T10:00:00.5Z","level":"info","trace":"00000000000000000000000000001edf","msg":"inference completed","model":"resnet50","latency_ms":12,"path":"/v1/predict"}`,
		"nested": `{"level":"info","http":{"status":200,"method":"GET"},"msg":"done"}`,
		"logfmt": `ts=2026-11-22T10:00:00.5Z level=info msg="inference completed" model=resnet50 latency_ms=12`,
		"klog":   `I1122 10:00:00.000000       1 leader.go:257] "became leader" lease="kube-system/x"`,
		"plain":  `2026-11-22 10:00:00.000 UTC [1] LOG:  database system is ready to accept connections`,
		"deep":   strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseFields(line)
			}
		})
	}
	b.Run("filter", func(b *testing.B) {
		filter := NewFilter(Query{Fields: []FieldFilter{{Key: "model", Value: "bert"}}})
		line := Line{Message: fmt.Sprintf(`{"level":"info","msg":"inference completed","model":"%s"}`, "resnet50")}
		b.ReportAllocs()
		for b.Loop() {
			filter.Matches(line)
		}
	})
}

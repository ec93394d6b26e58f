package story_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func completed(t *testing.T) story.Completed {
	t.Helper()
	trace, err := story.ParseTraceparent(traceparent)
	if err != nil {
		t.Fatal(err)
	}
	return story.Completed{
		ID: "e1", Time: time.Date(2026, 11, 22, 14, 9, 31, 204_000_000, time.UTC),
		User: "用户-1", Item: "item-7", Model: "resnet50", Score: 0.25, LatencyMS: 40.5, Cached: true, Trace: trace,
	}
}

func TestEventSurvivesTheTopic(t *testing.T) {
	want := completed(t)
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := story.DecodeCompleted(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event changed (-want +got):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ event, want string }{
		"nothing":      {``, "decode"},
		"not JSON":     {`\xff`, "decode"},
		"other type":   {`[]`, "decode"},
		"no id":        {`{"user":"u","item":"i","model":"m"}`, "id is empty"},
		"no user":      {`{"id":"1","item":"i","model":"m"}`, "user is empty"},
		"control":      {`{"id":"1","user":"u\u001b[2J","item":"i","model":"m"}`, "control"},
		"long":         {`{"id":"1","user":"` + strings.Repeat("u", 200) + `","item":"i","model":"m"}`, "200 bytes"},
		"score":        {`{"id":"1","user":"u","item":"i","model":"m","score":2}`, "score is 2"},
		"latency":      {`{"id":"1","user":"u","item":"i","model":"m","latency_ms":-1}`, "latency_ms is -1"},
		"broken trace": {`{"id":"1","user":"u","item":"i","model":"m","trace":"00-1"}`, "traceparent"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := story.DecodeCompleted([]byte(c.event))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestParseTraceparent(t *testing.T) {
	for name, c := range map[string]struct {
		in string
		ok bool
	}{
		"as written":        {traceparent, true},
		"later version":     {"01" + traceparent[2:] + "-what-comes", true},
		"version 00 longer": {traceparent + "-x", false},
		"later, no dash":    {"01" + traceparent[2:] + "x", false},
		"version ff":        {"ff" + traceparent[2:], false},
		"empty":             {"", false},
		"short":             {traceparent[:54], false},
		"upper case":        {strings.ToUpper(traceparent), false},
		"not hex":           {strings.Replace(traceparent, "4b", "zz", 1), false},
		"zero trace":        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
		"zero span":         {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := story.ParseTraceparent(c.in)
			if (err == nil) != c.ok {
				t.Fatalf("error %v, want ok %v", err, c.ok)
			}
			if c.ok && got.String() != traceparent {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestChildKeepsTheTrace(t *testing.T) {
	parent := story.NewTrace()
	child := parent.Child()
	if child.ID != parent.ID || child.Span == parent.Span || !child.Valid() {
		t.Errorf("parent %s, child %s", parent, child)
	}
}

func TestChargeFor(t *testing.T) {
	for name, c := range map[string]struct {
		ms   float64
		want int64
	}{
		"no time":      {0, 150},
		"rounded up":   {40.1, 150 + 2*41},
		"beyond sense": {1e300, 150 + 2*3_600_000},
	} {
		t.Run(name, func(t *testing.T) {
			e := completed(t)
			e.LatencyMS = c.ms
			want := story.Charge{EventID: e.ID, User: e.User, Micros: c.want, Time: e.Time}
			if diff := cmp.Diff(want, story.ChargeFor(e)); diff != "" {
				t.Errorf("charge (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzDecodeCompleted(f *testing.F) {
	f.Add([]byte(`{"id":"1","time":"2026-11-22T14:09:31Z","user":"u","item":"i","model":"m","score":0.5,"trace":"` + traceparent + `"}`))
	f.Add([]byte(`{"id":"1","user":"u","item":"i","model":"m","time":"0000-01-01T00:00:00Z"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := story.DecodeCompleted(b)
		if err != nil {
			return
		}
		again, err := e.Encode()
		if err != nil {
			t.Fatalf("decoded, but cannot be encoded: %v", err)
		}
		back, err := story.DecodeCompleted(again)
		if err != nil || !back.Time.Equal(e.Time) || back.ID != e.ID || back.User != e.User || back.Trace != e.Trace {
			t.Fatalf("%+v came back as %+v, %v", e, back, err)
		}
		if story.ChargeFor(e).Micros < 0 {
			t.Fatal("a charge below zero")
		}
	})
}

func FuzzParseTraceparent(f *testing.F) {
	f.Add(traceparent)
	f.Add("01" + traceparent[2:] + "-x")
	f.Fuzz(func(t *testing.T, s string) {
		trace, err := story.ParseTraceparent(s)
		if err != nil {
			return
		}
		if !trace.Valid() || trace.String()[3:52] != s[3:52] {
			t.Fatalf("%q was read as %s", s, trace)
		}
	})
}

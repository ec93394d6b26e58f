package kql

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

// TestFor: an index is asked what it has fields for, and lines the rest.
func TestFor(t *testing.T) {
	has := []string{"@timestamp", "message", "level", "service", "stream", "kubernetes.pod_name"}
	for query, want := range map[string]struct {
		dsl, finds, passes string // lines that the condition finds and passes over
		literals           string
	}{
		`service: a`: {dsl: `{"match":{"service":"a"}}`},
		`503`:        {dsl: `{"multi_match":{"lenient":true,"query":"503","type":"best_fields"}}`},
		`latency_ms > 100`: {
			dsl: `{"match_all":{}}`, finds: `{"latency_ms":101}`, passes: `{"latency_ms":99}`, literals: "latency_ms",
		},
		`http.status: 503`:    {dsl: `{"match_all":{}}`, finds: `{"http":{"status":503}}`, passes: `{"http":{"status":200}}`, literals: "status"},
		`模型: x`:               {dsl: `{"match_all":{}}`, finds: `{"\u6a21\u578b":"x"}`, passes: `{"a":"x"}`},
		`http.*: 503`:         {dsl: `{"match_all":{}}`, finds: `{"http":{"status":503}}`, passes: `{"status":503}`},
		`kubernetes.*: x`:     {dsl: `{"multi_match":{"fields":["kubernetes.*"],"lenient":true,"query":"x","type":"best_fields"}}`},
		`stream: stderr`:      {dsl: `{"match":{"stream":"stderr"}}`},
		`kubernetes.host: n1`: {dsl: `{"match":{"kubernetes.host":"n1"}}`}, // nobody has it
		`kubernetes.labels.app: gateway`: {
			dsl: `{"match_all":{}}`, finds: `x`,
		},
		`service: a and (b: 1 and stream: stderr) and not c: *`: {
			dsl:   `{"bool":{"filter":[{"match":{"service":"a"}},{"match":{"stream":"stderr"}}]}}`,
			finds: `{"b":1}`, passes: `{"b":1,"c":2}`, literals: "b",
		},
		`thread: 1`: {
			dsl: `{"match_all":{}}`, finds: `I1122 15:04:05.000000 1 leader.go:257] became it`, passes: `I1122 15:04:05.000000 2 leader.go:257] became it`,
		},
		`kubernetes.host: n1 or b: 1`: {dsl: `{"match_all":{}}`, finds: `{"b":1}`, passes: `{"b":2}`},
		`not kubernetes.host: n1 and not (kubernetes.host: n1 or b: 1)`: {
			dsl: `{"bool":{"must_not":[{"match":{"kubernetes.host":"n1"}}]}}`, finds: `{"b":2}`, passes: `{"b":1}`,
		},
		`b: 1 or level: error`: {dsl: `{"match_all":{}}`, finds: `{"b":1}`, passes: `{"b":2}`},
		`not (b: 1 or c > 2)`:  {dsl: `{"match_all":{}}`, finds: `{"b":2,"c":2}`, passes: `{"c":3}`},
	} {
		q, err := Read(query)
		if err != nil {
			t.Fatal(err)
		}
		dsl, rest, err := q.For(has, now)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if diff := cmp.Diff(want.dsl, string(dsl)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
		if (rest == nil) != (want.finds == "") {
			t.Errorf("%s leaves %v to the lines", query, rest)
		}
		if rest == nil {
			continue
		}
		for text, finds := range map[string]bool{want.finds: true, want.passes: false} {
			if text != "" && rest.Holds(logs.Line{Service: "gateway", Level: logs.LevelInfo, Message: text}, nil) != finds {
				t.Errorf("%s: finds %s: want %v", query, text, finds)
			}
		}
		if got := strings.Join(rest.Literals(), " "); got != want.literals {
			t.Errorf("%s: every line has %q, want %q", query, got, want.literals)
		}
	}
	q, err := Read(`a: 1 and (stream: stderr or latency_ms > 5)`)
	if err != nil {
		t.Fatal(err)
	}
	const want = `kql: column 11: Elasticsearch alone has the field "stream", and lacks others that stand beside it: ask for one after the other, or join them by "and"`
	if _, _, err := q.For(has, now); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if diff := cmp.Diff([]string{"a", "latency_ms", "stream"}, q.Fields()); diff != "" {
		t.Error(diff)
	}
}

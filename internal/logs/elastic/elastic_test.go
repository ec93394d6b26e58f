package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

func TestDocuments(t *testing.T) {
	const nanos = 1795762800123000000
	for document, want := range map[string]logs.Line{
		`{"@timestamp":"2026-11-27T07:00:00.123456789Z","message":"m","level":"ERROR","service":"s","stack":"k","kubernetes":{"pod_name":"p-0","container_name":"c"}}`: {
			Time: time.Unix(0, nanos+456789).UTC(), Stack: "k", Service: "s", Pod: "p-0", Container: "c", Level: logs.LevelError, Message: "m",
		},
		`{"log":"[warn] m","kubernetes":{"pod_name":"p-0","labels":{"app.kubernetes.io/name":"named","stack":"k"}}}`: {
			Time: time.Unix(0, nanos).UTC(), Stack: "k", Service: "named", Pod: "p-0", Level: logs.LevelWarn, Message: "[warn] m",
		},
		`{"message":"m","kubernetes":{"pod":{"name":"web-7d9c5b7f4d-x2x9k"},"container":{"name":"c"}},"log.level":"info","service":{"name":1}}`: {
			Time: time.Unix(0, nanos).UTC(), Service: "web", Pod: "web-7d9c5b7f4d-x2x9k", Container: "c", Level: logs.LevelInfo, Message: "m",
		},
		`{}`: {Time: time.Unix(0, nanos).UTC()},
	} {
		var h hit
		if err := json.Unmarshal([]byte(`{"_source":`+document+`,"sort":[1795762800123000000,7]}`), &h); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, h.line()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", document, diff)
		}
	}
}

func TestErrorsOfTheServer(t *testing.T) {
	const answer = `{"error":{"root_cause":[],"type":"search_phase_execution_exception","reason":"","caused_by":{"type":"too_many_buckets_exception","reason":"Trying to create too many buckets"}},"status":400}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(answer))
	}))
	r, err := New(Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.End(t.Context()); err == nil || err.Error() != "elasticsearch: 400 Bad Request: Trying to create too many buckets" {
		t.Errorf("%v", err)
	}
	server.Close()
	if _, err := r.End(t.Context()); err == nil || !strings.Contains(err.Error(), "does not answer: dial tcp") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.End(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := New(Options{KQL: `a: {`}); err == nil {
		t.Error("a wrong query is taken")
	}
}

func TestParts(t *testing.T) {
	if diff := cmp.Diff([]string{"out", "of", "显", "存", "mem"}, parts("OUT of_显存 é.mem")); diff != "" {
		t.Error(diff)
	}
}

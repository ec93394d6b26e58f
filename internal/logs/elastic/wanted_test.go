package elastic

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// TestFieldsThatTheIndexLacks: what only the lines themselves have is asked of
// those that the index finds, for counts as well.
func TestFieldsThatTheIndexLacks(t *testing.T) {
	at := time.Unix(1_700_000_000, 0).UTC()
	stamp, _, _ := strings.Cut(at.Format(time.RFC3339Nano), "Z")
	var searched []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if strings.HasSuffix(r.URL.Path, "/_field_caps") {
			if got := r.FormValue("fields"); got != "latency_ms,level" {
				t.Errorf("it is asked about the fields %q", got)
			}
			io.WriteString(w, `{"indices":["logs-1"],"fields":{"level":{"keyword":{"type":"keyword"}}}}`)
			return
		}
		searched = body
		hit := `{"_source":{"@timestamp":"` + stamp + `Z","level":"ERROR","message":"{\"latency_ms\":LATENCY}"},"sort":[1700000000000000000,SEQ]}`
		io.WriteString(w, `{"hits":{"hits":[`+strings.NewReplacer("LATENCY", "99", "SEQ", "1").Replace(hit)+
			`,`+strings.NewReplacer("LATENCY", "101", "SEQ", "2").Replace(hit)+`]}}`)
	}))
	t.Cleanup(server.Close)
	r, err := New(Options{URL: server.URL, KQL: `level: ERROR and latency_ms > 100`})
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.Forward(t.Context(), logs.Cursor{}, logs.Query{}, 10)
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Message != `{"latency_ms":101}` {
		t.Errorf("%+v, %v", page.Lines, err)
	}
	for _, part := range []string{`{"terms":{"level":`, `{"wildcard":{"message":{"case_insensitive":true,"value":"*latency*"}}}`} {
		if !bytes.Contains(searched, []byte(part)) {
			t.Errorf("the index is not asked for %s: %s", part, searched)
		}
	}
	counts, err := r.Count(t.Context(), logs.Query{}, logs.Span{From: at.Add(-time.Second), To: at.Add(time.Second), Parts: 1})
	if err != nil || counts[0] != (logs.LevelCounts{logs.LevelError: 1}) {
		t.Errorf("counts %v, %v", counts, err)
	}
}

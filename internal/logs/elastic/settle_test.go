package elastic

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

// asked is what the tests' server looks at of a search.
type asked struct {
	Size  int `json:"size"`
	Query struct {
		Bool struct {
			Filter []struct {
				Range map[string]map[string]string `json:"range"`
			} `json:"filter"`
		} `json:"bool"`
	} `json:"query"`
	Sort  []map[string]map[string]string `json:"sort"`
	After [2]int64                       `json:"search_after"`
}

// until is the last nanosecond that is asked for.
func (a asked) until(t *testing.T) int64 {
	last := int64(1<<63 - 1)
	for _, f := range a.Query.Bool.Filter {
		if lte := f.Range["@timestamp"]["lte"]; lte != "" {
			at, err := time.Parse(time.RFC3339Nano, lte)
			if err != nil {
				t.Error(err)
			}
			last = at.UnixNano()
		}
	}
	return last
}

// fake answers as Elasticsearch does, from documents at those nanoseconds. It
// is not ready when it is asked first.
func fake(t *testing.T, now time.Time, nanos ...int64) *Reader {
	t.Helper()
	ready := make(chan bool, 1)
	ready <- false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if was := <-ready; !was {
			ready <- true
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		ready <- true
		if r.FormValue("allow_partial_search_results") != "false" {
			t.Error("an answer may lack lines")
		}
		var a asked
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			t.Error(err)
		}
		hits := []any{}
		ordered := slices.Sorted(slices.Values(nanos))
		ascending := a.Sort[0]["@timestamp"]["order"] == "asc"
		if !ascending {
			slices.Reverse(ordered)
		}
		for _, n := range ordered {
			beyond := slices.Compare([]int64{n, 0}, a.After[:])
			if n <= a.until(t) && beyond != 0 && (beyond > 0) == ascending && len(hits) < a.Size {
				hits = append(hits, map[string]any{"_source": map[string]string{"message": "m"}, "sort": []int64{n, 0}})
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"hits": map[string]any{"hits": hits}})
	}))
	t.Cleanup(server.Close)
	r, err := New(Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	r.now = func() time.Time { return now }
	return r
}

// TestLateLinesAreFollowed reads on after a line has come that is older than
// the newest: it is not missed, and one with a time to come stops nothing.
func TestLateLinesAreFollowed(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixNano() }
	times := func(p logs.Page, err error) (out []int64) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range p.Lines {
			out = append(out, l.Time.UnixNano())
		}
		return out
	}
	r := fake(t, now, ago(10*time.Second), ago(time.Second), ago(-time.Minute))
	end, err := r.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.Backward(t.Context(), end, logs.Query{}, 200)
	if diff := cmp.Diff([]int64{ago(10 * time.Second), ago(time.Second)}, times(page, err)); diff != "" {
		t.Errorf("the newest lines (-want +got):\n%s", diff)
	}
	if page, err = r.Forward(t.Context(), end, logs.Query{}, 200); len(times(page, err)) > 0 || page.End != end || page.More {
		t.Errorf("after the end: %+v", page)
	}
	if at, err := r.At(t.Context(), now); err != nil || at != end {
		t.Errorf("the place of now is %v (%v), want %v", at, err, end)
	}
	page, err = r.Forward(t.Context(), logs.Cursor{}, logs.Query{Until: now}, 200)
	if len(times(page, err)) != 2 {
		t.Errorf("a query that ends by now finds %v", page.Lines)
	}
	page, err = r.Forward(t.Context(), logs.Cursor{}, logs.Query{}, 200)
	if diff := cmp.Diff([]int64{ago(10 * time.Second)}, times(page, err)); diff != "" {
		t.Errorf("settled lines (-want +got):\n%s", diff)
	}

	r = fake(t, now.Add(6*time.Second), ago(10*time.Second), ago(3*time.Second), ago(time.Second), ago(-time.Minute))
	page, err = r.Forward(t.Context(), page.End, logs.Query{}, 200)
	if diff := cmp.Diff([]int64{ago(3 * time.Second), ago(time.Second)}, times(page, err)); diff != "" {
		t.Errorf("what came meanwhile (-want +got):\n%s", diff)
	}
}

func TestTextsOfOtherFields(t *testing.T) {
	const want = `{"bool":{"filter":[` +
		`{"range":{"@timestamp":{"gte":"1970-01-01T00:00:00Z"}}},` +
		`{"bool":{"must_not":{"terms":{"level":["trace","TRACE","Trace","trc","TRC","Trc","finest","FINEST","Finest","finer","FINER","Finer",` +
		`"debug5","DEBUG5","Debug5","debug4","DEBUG4","Debug4","debug3","DEBUG3","Debug3"]}}}},` +
		`{"bool":{"minimum_should_match":1,"should":[` +
		`{"bool":{"filter":[{"wildcard":{"message":{"case_insensitive":true,"value":"*disk*"}}}]}},` +
		`{"bool":{"must_not":{"exists":{"field":"message"}}}}]}}]}}`
	got, err := json.Marshal(wanted{Query: logs.Query{Text: "Disk", MinLevel: logs.LevelDebug}}.filter())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

package loki

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/logs"
)

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
	r := fake(t, ago(10*time.Second), ago(time.Second), ago(-time.Minute))
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

	r = fake(t, ago(10*time.Second), ago(3*time.Second), ago(time.Second), ago(-time.Minute))
	r.now = func() time.Time { return now.Add(6 * time.Second) }
	page, err = r.Forward(t.Context(), page.End, logs.Query{}, 200)
	if diff := cmp.Diff([]int64{ago(3 * time.Second), ago(time.Second)}, times(page, err)); diff != "" {
		t.Errorf("what came meanwhile (-want +got):\n%s", diff)
	}
}

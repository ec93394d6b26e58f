// Package loki reads log lines from Loki over its HTTP API,
// https://grafana.com/docs/loki/latest/reference/loki-http-api/.
//
// Lines carry the labels that the stack loki gives them: namespace, pod,
// container, service, stack and level. A place between two lines is the
// nanosecond, and how many lines of that nanosecond stand before it. Lines of
// one nanosecond are in the order of their streams; where a query leaves some
// of them out, places within that nanosecond are those of its own lines.
//
// Lines become findable out of the order of their times. So reading forward
// ends five seconds ago, unless the query itself ends by now: whoever follows
// sees each line once and in order, that much later. Backward finds the newest
// lines too. What comes late and is older than the end from which somebody
// begins to follow is not followed.
package loki

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// Bounds of what is asked at once.
const (
	// reach is how far back lines are looked for: a little less than the 30 days
	// and one hour that Loki's max_query_length allows by default.
	reach = 30 * 24 * time.Hour
	// ahead is how far in the future lines may be: Loki's creation_grace_period.
	ahead = 10 * time.Minute
	// fetch is how many lines are asked for, and most the number that Loki's
	// max_entries_limit_per_query allows by default.
	fetch, most = 1000, 5000
	// maxAnswer is how many bytes an answer may have.
	maxAnswer = 64 << 20
)

// Options says where Loki is and what is read of it.
type Options struct {
	URL  string       // of the server: http://127.0.0.1:3100
	HTTP *http.Client // nil: one without a time limit
	// Expr is a log query in LogQL that Loki answers; what a [logs.Query] wants
	// comes on top of it. Empty: all lines that have the label service.
	Expr string
}

// Reader reads the lines of a Loki. It is safe for concurrent use.
type Reader struct {
	base string
	http *http.Client
	expr string
	now  func() time.Time

	mu     sync.Mutex
	oldest map[string]oldest // by selector
}

var _ logs.Reader = (*Reader)(nil)

// New makes a reader. It does not connect.
func New(o Options) *Reader {
	r := &Reader{base: strings.TrimRight(o.URL, "/"), http: o.HTTP, expr: o.Expr, now: time.Now, oldest: make(map[string]oldest)}
	if r.http == nil {
		r.http = &http.Client{}
	}
	return r
}

// Forward returns up to limit matching lines from the cursor on, of those that
// have settled, see [logs.Query.Settled]. From a cursor after those it returns
// none, and the cursor as the end.
func (r *Reader) Forward(ctx context.Context, from logs.Cursor, q logs.Query, limit int) (logs.Page, error) {
	return r.forward(ctx, from, q.Settled(r.now()), limit)
}

func (r *Reader) forward(ctx context.Context, from logs.Cursor, q logs.Query, limit int) (logs.Page, error) {
	page := logs.Page{Start: from, End: from}
	w, err := r.begin(ctx, r.window(q))
	if err != nil {
		return page, err
	}
	want, at := logs.NewFilter(q), from
	for size := r.first(q, limit); ; {
		w.from = max(w.from, position(at))
		batch, err := r.read(ctx, w, size, "forward")
		if err != nil {
			return page, err
		}
		lines, again := batch.ahead(at)
		if again && size < most {
			size = min(2*size, most)
			continue
		}
		for _, e := range lines {
			if want.Matches(e.line) {
				if len(page.Lines) >= limit {
					page.More = true
					return page, nil
				}
				page.Lines, page.Places = append(page.Lines, e.line), append(page.Places, e.before())
			}
			page.End = e.after()
		}
		if !batch.full {
			return page, nil
		}
		if at = page.End; again { // more of one nanosecond than can be asked for
			at = logs.Cursor{Segment: uint64(batch.last() + 1)}
		}
		size = fetch
	}
}

// Backward returns the last matching lines, limit at most, that stand before
// the cursor, oldest first.
func (r *Reader) Backward(ctx context.Context, before logs.Cursor, q logs.Query, limit int) (logs.Page, error) {
	page := logs.Page{Start: before, End: before}
	w, err := r.begin(ctx, r.window(q))
	if err != nil {
		return page, err
	}
	want, at, latest := logs.NewFilter(q), before, w.to
	defer func() { slices.Reverse(page.Lines); slices.Reverse(page.Places) }()
	for size := r.first(q, limit); ; {
		w.to = min(w.to, position(at))
		if at.Offset > 0 && position(at) < math.MaxInt64 {
			w.to = min(latest, position(at)+1)
		}
		batch, err := r.read(ctx, w, size, "backward")
		if err != nil {
			return page, err
		}
		lines, again := batch.behind(at)
		if again && size < most {
			size = min(2*size, most)
			continue
		}
		for i := len(lines) - 1; i >= 0; i-- {
			if e := lines[i]; want.Matches(e.line) {
				if len(page.Lines) >= limit {
					page.More = true
					return page, nil
				}
				page.Lines, page.Places = append(page.Lines, e.line), append(page.Places, e.before())
			}
			page.Start = lines[i].before()
		}
		if !batch.full {
			return page, nil
		}
		if at = page.Start; again {
			at = logs.Cursor{Segment: uint64(batch.first())}
		}
		size = fetch
	}
}

// first is how many lines are asked for at first: a few more than are wanted,
// where Loki does all the choosing.
func (r *Reader) first(q logs.Query, limit int) int {
	if len(q.Fields) > 0 || q.Where != nil || limit >= fetch {
		return fetch
	}
	return min(fetch, limit+16)
}

// End returns the place after the newest line. A line with a time to come does
// not count before then: there would be nothing to follow until that time.
func (r *Reader) End(ctx context.Context) (logs.Cursor, error) {
	w, err := r.begin(ctx, r.window(logs.Query{Until: r.now()}))
	if err != nil {
		return logs.Cursor{}, err
	}
	for size := 16; ; size = min(2*size, most) {
		batch, err := r.read(ctx, w, size, "backward")
		if err != nil || len(batch.entries) == 0 {
			return logs.Cursor{}, err
		}
		if batch.full && size < most && batch.first() == batch.last() {
			continue
		}
		return batch.entries[len(batch.entries)-1].after(), nil
	}
}

// At returns the place before the first line of that time or later.
func (r *Reader) At(ctx context.Context, t time.Time) (logs.Cursor, error) {
	page, err := r.forward(ctx, logs.Cursor{}, logs.Query{Since: t, Until: r.now()}, 1)
	if err != nil {
		return logs.Cursor{}, err
	}
	if len(page.Lines) == 0 {
		return r.End(ctx)
	}
	return logs.Cursor{Segment: uint64(page.Lines[0].Time.UnixNano())}, nil
}

// window is what is asked for: lines from one nanosecond up to another, which
// is not in it.
type window struct {
	expr     string
	from, to int64
}

func (r *Reader) window(q logs.Query) window {
	now := r.now()
	w := window{expr: r.expression(q), from: now.Add(-reach).UnixNano(), to: now.Add(ahead).UnixNano()}
	if q.Since.After(now.Add(-reach)) {
		w.from = min(q.Since.UnixNano(), w.to)
	}
	if !q.Until.IsZero() && q.Until.Before(now.Add(ahead)) {
		w.to = max(q.Until.UnixNano()+1, w.from)
	}
	return w
}

func position(c logs.Cursor) int64 { return int64(min(c.Segment, math.MaxInt64)) }

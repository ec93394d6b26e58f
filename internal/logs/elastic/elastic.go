// Package elastic reads log lines from Elasticsearch 8 and later over its
// REST API, https://www.elastic.co/docs/api/doc/elasticsearch/.
//
// Lines are documents of the form that the stacks efk and elk store: message,
// level, service, stack, @timestamp and kubernetes.*; a field that is missing
// is derived from the others. A place between two lines is the nanosecond of
// @timestamp, and _seq_no, which grows with each document that an index takes
// in; so lines of one nanosecond are in the order in which they were sent.
//
// Lines become findable out of the order of their times. So reading forward
// ends five seconds ago, unless the query itself ends by now: whoever follows
// sees each line once and in order, that much later. Backward finds the newest
// lines too. What comes late and is older than the end from which somebody
// begins to follow is not followed.
package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/kql"
)

// Bounds of what is asked at once.
const (
	fetch     = 1000     // lines
	maxAnswer = 64 << 20 // bytes
)

// Options says where Elasticsearch is and what is read of it.
type Options struct {
	URL   string       // of the server: http://127.0.0.1:9200
	Index string       // pattern of the indexes; empty: logs-*
	HTTP  *http.Client // nil: one without a time limit
	// KQL is a query in Kibana's language that Elasticsearch answers; what a
	// [logs.Query] wants comes on top of it. Empty: all lines.
	KQL string
}

// Reader reads the lines of an Elasticsearch. It is safe for concurrent use.
type Reader struct {
	base  string
	http  *http.Client
	query *kql.Query // nil: all
	now   func() time.Time
}

var _ logs.Reader = (*Reader)(nil)

// New makes a reader. It does not connect. The error says what is wrong with
// the KQL.
func New(o Options) (*Reader, error) {
	index := o.Index
	if index == "" {
		index = "logs-*"
	}
	r := &Reader{base: strings.TrimRight(o.URL, "/") + "/" + index, http: o.HTTP, now: time.Now}
	if r.http == nil {
		r.http = &http.Client{}
	}
	if o.KQL != "" {
		query, err := kql.Read(o.KQL)
		if err != nil {
			return nil, err
		}
		r.query = query
	}
	return r, nil
}

// Forward returns up to limit matching lines from the cursor on, of those that
// have settled, see [logs.Query.Settled]. From a cursor after those it returns
// none, and the cursor as the end.
func (r *Reader) Forward(ctx context.Context, from logs.Cursor, q logs.Query, limit int) (logs.Page, error) {
	page := logs.Page{Start: from, End: from}
	w, err := r.wanted(ctx, q.Settled(r.now()))
	if err != nil {
		return page, err
	}
	want, size := logs.NewFilter(w.Query), first(w.Query, limit)
	for {
		hits, full, err := r.read(ctx, w, after(page.End), size, "asc")
		if err != nil {
			return page, err
		}
		for _, h := range hits {
			if l := h.line(); want.Matches(l) {
				if len(page.Lines) >= limit {
					page.More = true
					return page, nil
				}
				page.Lines, page.Places = append(page.Lines, l), append(page.Places, h.before())
			}
			page.End = h.after()
		}
		if !full {
			return page, nil
		}
		size = fetch
	}
}

// Backward returns the last matching lines, limit at most, that stand before
// the cursor, oldest first.
func (r *Reader) Backward(ctx context.Context, before logs.Cursor, q logs.Query, limit int) (logs.Page, error) {
	page := logs.Page{Start: before, End: before}
	w, err := r.wanted(ctx, q)
	if err != nil {
		return page, err
	}
	want, size := logs.NewFilter(w.Query), first(w.Query, limit)
	defer func() { slices.Reverse(page.Lines); slices.Reverse(page.Places) }()
	for {
		hits, full, err := r.read(ctx, w, place{position(page.Start), page.Start.Offset}, size, "desc")
		if err != nil {
			return page, err
		}
		for _, h := range hits {
			if l := h.line(); want.Matches(l) {
				if len(page.Lines) >= limit {
					page.More = true
					return page, nil
				}
				page.Lines, page.Places = append(page.Lines, l), append(page.Places, h.before())
			}
			page.Start = h.before()
		}
		if !full {
			return page, nil
		}
		size = fetch
	}
}

// first is how many lines are asked for at first: those that are wanted and
// one more, where Elasticsearch does nearly all the choosing.
func first(q logs.Query, limit int) int {
	if len(q.Fields) > 0 || q.Where != nil || q.Pattern != nil || limit >= fetch {
		return fetch
	}
	return limit + 1
}

// End returns the place after the newest line. A line with a time to come does
// not count before then: there would be nothing to follow until that time.
func (r *Reader) End(ctx context.Context) (logs.Cursor, error) {
	hits, err := r.one(ctx, place{math.MaxInt64, math.MaxInt64}, "desc")
	if err != nil || len(hits) == 0 {
		return logs.Cursor{}, err
	}
	return hits[0].after(), nil
}

// At returns the place before the first line of that time or later.
func (r *Reader) At(ctx context.Context, t time.Time) (logs.Cursor, error) {
	at := logs.Cursor{Segment: uint64(max(0, t.UnixNano()))}
	hits, err := r.one(ctx, after(at), "asc")
	if err != nil {
		return logs.Cursor{}, err
	}
	if len(hits) == 0 {
		return r.End(ctx)
	}
	return hits[0].before(), nil
}

// place is a document's in the order of all.
type place struct{ nanos, sequence int64 }

func (p place) before() logs.Cursor {
	return logs.Cursor{Segment: uint64(p.nanos), Offset: p.sequence}
}

func (p place) after() logs.Cursor {
	return logs.Cursor{Segment: uint64(p.nanos), Offset: p.sequence + 1}
}

// after is the place just before the first document that the cursor stands
// before.
func after(c logs.Cursor) place { return place{position(c), c.Offset - 1} }

func position(c logs.Cursor) int64 { return int64(min(c.Segment, math.MaxInt64)) }

// one asks for the document that follows a place and whose time has come.
func (r *Reader) one(ctx context.Context, from place, order string) ([]hit, error) {
	w, err := r.wanted(ctx, logs.Query{Until: r.now()})
	if err != nil {
		return nil, err
	}
	hits, _, err := r.read(ctx, w, from, 1, order)
	return hits, err
}

// read asks for the documents that follow a place, in that direction. An
// answer that is too large is asked for in smaller ones.
func (r *Reader) read(ctx context.Context, w wanted, from place, size int, order string) (hits []hit, full bool, err error) {
	sort := func(field string, with object) object {
		with["order"] = order
		return object{field: with}
	}
	for {
		var answer struct {
			Hits struct {
				Hits []hit `json:"hits"`
			} `json:"hits"`
		}
		err := r.search(ctx, object{
			"size": size, "track_total_hits": false, "query": w.filter(),
			"sort": []object{
				sort("@timestamp", object{"numeric_type": "date_nanos", "unmapped_type": "date_nanos"}),
				sort("_seq_no", object{}),
			},
			"search_after": []int64{from.nanos, from.sequence},
		}, &answer)
		if isTooLarge(err) && size > 1 {
			size /= 2
			continue
		}
		if err != nil {
			return nil, false, err
		}
		return answer.Hits.Hits, len(answer.Hits.Hits) >= size, nil
	}
}

// hit is a document and its place.
type hit struct {
	place
	source map[string]any
}

// UnmarshalJSON reads one of the hits of a search.
func (h *hit) UnmarshalJSON(data []byte) error {
	var raw struct {
		Source map[string]any `json:"_source"`
		Sort   []int64        `json:"sort"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	if len(raw.Sort) != 2 {
		return fmt.Errorf("a document with %d places", len(raw.Sort))
	}
	h.source, h.place = raw.Source, place{raw.Sort[0], raw.Sort[1]}
	return nil
}

package loki

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Loki looks at a stretch of time hour by hour, so that a month in which there
// is nothing takes seconds. Where lines begin is found by halves and kept for
// a while.
const (
	closely = 6 * time.Hour
	keepFor = time.Minute
)

// begin narrows a window down to where the lines of its streams begin.
func (r *Reader) begin(ctx context.Context, w window) (window, error) {
	if w.to-w.from <= int64(closely) {
		return w, nil
	}
	selector, now := selectorOf(w.expr), r.now()
	r.mu.Lock()
	known, ok := r.oldest[selector]
	r.mu.Unlock()
	if !ok || now.Sub(known.at) > keepFor {
		from, to := now.Add(-reach).UnixNano(), now.Add(ahead).UnixNano()
		for to-from > int64(closely) {
			middle := from + (to-from)/2
			some, err := r.some(ctx, selector, from, middle)
			if err != nil {
				return w, err
			}
			if some {
				to = middle
			} else {
				from = middle
			}
		}
		known = oldest{from: from, at: now}
		r.mu.Lock()
		if len(r.oldest) > 100 {
			clear(r.oldest)
		}
		r.oldest[selector] = known
		r.mu.Unlock()
	}
	w.from = min(max(w.from, known.from), w.to)
	return w, nil
}

// oldest is a time before which there is no line, and when that was so.
type oldest struct {
	from int64
	at   time.Time
}

// some reports whether a stream has lines in a stretch of time.
func (r *Reader) some(ctx context.Context, selector string, from, to int64) (bool, error) {
	var answer struct {
		Data []map[string]string `json:"data"`
	}
	err := r.ask(ctx, "series", url.Values{
		"match[]": {selector}, "start": {strconv.FormatInt(from, 10)}, "end": {strconv.FormatInt(to, 10)},
	}, &answer)
	return len(answer.Data) > 0, err
}

// selectorOf is the stream selector that a query begins with; all of the query
// where it has none, for Loki to say what is wrong.
func selectorOf(expr string) string {
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; c {
		case '}':
			return strings.TrimSpace(expr[:i+1])
		case '"', '`':
			for i++; i < len(expr) && expr[i] != c; i++ {
				if expr[i] == '\\' && c == '"' {
					i++
				}
			}
		}
	}
	return expr
}

package logs

import (
	"context"
	"time"
)

// At returns a place before the first line of that time or later.
func (f *Files) At(ctx context.Context, t time.Time) (Cursor, error) {
	page, err := f.Forward(ctx, Cursor{}, Query{Since: t}, 1)
	if err != nil || len(page.Lines) == 0 {
		return page.End, err
	}
	back, err := f.Backward(ctx, page.End, Query{}, 1)
	return back.Start, err
}

// Count counts the matching lines of each part of a span.
func (f *Files) Count(ctx context.Context, q Query, s Span) ([]LevelCounts, error) {
	counts := make([]LevelCounts, max(0, s.Parts))
	length := s.To.Sub(s.From)
	if len(counts) == 0 || length <= 0 {
		return counts, nil
	}
	q.Since, q.Until = latest(q.Since, s.From), earliest(q.Until, s.To.Add(-1))
	for from := (Cursor{}); ; {
		page, err := f.Forward(ctx, from, q, 1000)
		for _, l := range page.Lines {
			part := int(int64(len(counts)) * int64(l.Time.Sub(s.From)/time.Microsecond) / max(1, int64(length/time.Microsecond)))
			counts[min(part, len(counts)-1)][min(l.Level, LevelFatal)]++
		}
		if err != nil || !page.More {
			return counts, err
		}
		from = page.End
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

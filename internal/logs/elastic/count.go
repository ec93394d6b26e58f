package elastic

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// maxParts is how many parts Elasticsearch counts at once.
const maxParts = 500

// Count counts the matching lines of each part of a span. Elasticsearch counts
// by itself where it understands all that is wanted and its field level is a
// keyword; otherwise the lines are read. A document without a level counts as
// one of unknown level where Elasticsearch counts, also where its text states
// one, by which it is listed.
func (r *Reader) Count(ctx context.Context, q logs.Query, s logs.Span) ([]logs.LevelCounts, error) {
	counts := make([]logs.LevelCounts, max(0, s.Parts))
	if len(counts) == 0 || !s.To.After(s.From) {
		return counts, nil
	}
	w, err := r.wanted(ctx, q)
	if err != nil {
		return counts, err
	}
	if len(q.Fields) > 0 || w.Where != nil || q.Text != "" || q.Pattern != nil || s.Parts > maxParts {
		return logs.Tally(ctx, r, q, s)
	}
	err = r.aggregate(ctx, w, s, counts)
	var refused *statusError
	if errors.As(err, &refused) && refused.status == http.StatusBadRequest {
		return logs.Tally(ctx, r, q, s)
	}
	return counts, err
}

func (r *Reader) aggregate(ctx context.Context, w wanted, s logs.Span, counts []logs.LevelCounts) error {
	filters := make([]any, s.Parts)
	for i := range filters {
		filters[i] = between(s.Bound(i), s.Bound(i+1).Add(-time.Nanosecond))
	}
	type level struct {
		Key   string `json:"key"`
		Count int64  `json:"doc_count"`
	}
	var answer struct {
		Aggregations struct {
			Parts struct {
				Buckets []struct {
					Levels struct {
						Buckets []level `json:"buckets"`
					} `json:"levels"`
				} `json:"buckets"`
			} `json:"parts"`
		} `json:"aggregations"`
	}
	const spellings = 100
	err := r.search(ctx, object{
		"size": 0, "track_total_hits": false,
		"query": object{"bool": object{"filter": []any{w.filter(), between(s.From, s.To.Add(-time.Nanosecond))}}},
		"aggs": object{"parts": object{
			"filters": object{"filters": filters},
			"aggs":    object{"levels": object{"terms": object{"field": "level", "missing": "", "size": spellings}}},
		}},
	}, &answer)
	if err != nil {
		return err
	}
	for i, part := range answer.Aggregations.Parts.Buckets[:min(len(counts), len(answer.Aggregations.Parts.Buckets))] {
		for _, l := range part.Levels.Buckets {
			if named := logs.LevelNamed(l.Key); named.Counted() >= w.MinLevel && w.Levels.Has(named) {
				counts[i][named] += l.Count
			}
		}
	}
	return nil
}

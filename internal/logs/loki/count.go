package loki

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// Count counts the matching lines of each part of a span. Loki counts by
// itself where it understands all that is wanted, by the labels level of its
// streams; otherwise the lines are read.
func (r *Reader) Count(ctx context.Context, q logs.Query, s logs.Span) ([]logs.LevelCounts, error) {
	length := s.To.Sub(s.From)
	if s.Parts <= 0 || length <= 0 {
		return make([]logs.LevelCounts, max(0, s.Parts)), nil
	}
	step := length / time.Duration(s.Parts)
	// Loki counts in milliseconds.
	if len(q.Fields) > 0 || q.Where != nil || r.expr != "" || !q.Since.IsZero() || !q.Until.IsZero() ||
		step*time.Duration(s.Parts) != length || step%time.Millisecond != 0 || s.From.UnixNano()%int64(time.Millisecond) != 0 {
		return logs.Tally(ctx, r, q, s)
	}
	return r.countOverTime(ctx, q, s, step)
}

func (r *Reader) countOverTime(ctx context.Context, q logs.Query, s logs.Span, step time.Duration) ([]logs.LevelCounts, error) {
	counts := make([]logs.LevelCounts, s.Parts)
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string    `json:"metric"`
				Values [][2]json.RawMessage `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	// A value at a time counts what came since the step before, that time
	// included: a nanosecond less makes it the first of the next part.
	const offset = time.Nanosecond
	first := s.From.Add(step - offset)
	err := r.ask(ctx, "query_range", url.Values{
		"query": {fmt.Sprintf("sum by (level) (count_over_time(%s[%dms]))", r.expression(q), step.Milliseconds())},
		"start": {strconv.FormatInt(first.UnixNano(), 10)}, "end": {strconv.FormatInt(s.To.Add(-offset).UnixNano(), 10)},
		"step": {strconv.FormatFloat(step.Seconds(), 'f', 3, 64)},
	}, &answer)
	if err != nil {
		return counts, err
	}
	for _, result := range answer.Data.Result {
		level := logs.LevelNamed(result.Metric["level"])
		if level.Counted() < q.MinLevel || !q.Levels.Has(level) {
			continue
		}
		for _, v := range result.Values {
			part, n, err := sample(v, first, step)
			if err != nil {
				return counts, fmt.Errorf("loki: read a count: %w", err)
			}
			if part >= 0 && part < len(counts) {
				counts[part][level] += n
			}
		}
	}
	return counts, nil
}

// sample reads [seconds, "number"].
func sample(v [2]json.RawMessage, first time.Time, step time.Duration) (part int, n int64, err error) {
	seconds, err := strconv.ParseFloat(string(v[0]), 64)
	if err != nil {
		return 0, 0, err
	}
	var text string
	if err := json.Unmarshal(v[1], &text); err != nil {
		return 0, 0, err
	}
	n, err = strconv.ParseInt(text, 10, 64)
	since := seconds - float64(first.UnixNano())/float64(time.Second)
	return int(math.Round(since / step.Seconds())), n, err
}

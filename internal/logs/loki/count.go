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
// streams; otherwise the lines are read. A line without the label counts as
// one of unknown level where Loki counts, also where its text states one, by
// which it is listed.
func (r *Reader) Count(ctx context.Context, q logs.Query, s logs.Span) ([]logs.LevelCounts, error) {
	length := s.To.Sub(s.From)
	if s.Parts <= 0 || length <= 0 {
		return make([]logs.LevelCounts, max(0, s.Parts)), nil
	}
	step, tick := length/time.Duration(s.Parts), time.Duration(0)
	if step*time.Duration(s.Parts) == length {
		tick = time.Duration(divisor(int64(step), s.From.UnixNano()))
	}
	if len(q.Fields) > 0 || q.Where != nil || r.expr != "" || !q.Since.IsZero() || !q.Until.IsZero() ||
		tick < time.Second || length/tick > maxTicks {
		return logs.Tally(ctx, r, q, s)
	}
	return r.countOverTime(ctx, q, s, tick)
}

// maxTicks is how many values of a series Loki gives at most.
const maxTicks = 10_000

// divisor is the greatest common one.
func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// countOverTime asks for counts at each tick: Loki counts at times that are
// multiples of the step, so that the parts begin and end at some of them.
func (r *Reader) countOverTime(ctx context.Context, q logs.Query, s logs.Span, tick time.Duration) ([]logs.LevelCounts, error) {
	counts := make([]logs.LevelCounts, s.Parts)
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string    `json:"metric"`
				Values [][2]json.RawMessage `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	// Loki's range ends with the time of its value and leaves out its own
	// beginning; a part has its beginning and not its end. So each value looks
	// ahead, by its range less a nanosecond. (Looking back by a nanosecond would
	// do too, but Loki then misses its own values, which it joins by milliseconds.)
	err := r.ask(ctx, "query_range", url.Values{
		"query": {fmt.Sprintf("sum by (level) (count_over_time(%s[%dms] offset -%dns))", r.expression(q), tick.Milliseconds(), tick-time.Nanosecond)},
		"start": {strconv.FormatInt(s.From.UnixNano(), 10)}, "end": {strconv.FormatInt(s.To.Add(-tick).UnixNano(), 10)},
		"step": {strconv.FormatFloat(tick.Seconds(), 'f', 3, 64)},
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
			at, n, err := sample(v)
			if err != nil {
				return counts, fmt.Errorf("loki: read a count: %w", err)
			}
			if !at.Before(s.From) && at.Before(s.To) {
				counts[int(at.Sub(s.From)/(s.To.Sub(s.From)/time.Duration(s.Parts)))][level] += n
			}
		}
	}
	return counts, nil
}

// sample reads [seconds, "number"].
func sample(v [2]json.RawMessage) (at time.Time, n int64, err error) {
	seconds, err := strconv.ParseFloat(string(v[0]), 64)
	if err != nil {
		return at, 0, err
	}
	var text string
	if err := json.Unmarshal(v[1], &text); err != nil {
		return at, 0, err
	}
	n, err = strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(int64(math.Round(seconds * 1000))), n, err
}

package logs

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseMoment reads an instant as people type it, in the zone of now: how long
// ago ("10m", "-10m", "2h30m", "1d", "1d12h"; a day is 24 hours), a time of day that is over ("14:05",
// "14:05:30"), a day and a time ("2026-11-27 14:05"), or RFC 3339.
func ParseMoment(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if ago, ok := parseAgo(strings.TrimPrefix(strings.ReplaceAll(text, " ", ""), "-")); ok {
		return now.Add(-ago), nil
	}
	for _, layout := range [...]string{"15:04:05.999999999", "15:04"} {
		t, err := time.ParseInLocation(layout, text, now.Location())
		if err != nil {
			continue
		}
		t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), now.Location())
		if t.After(now) {
			t = t.AddDate(0, 0, -1)
		}
		return t, nil
	}
	for _, layout := range [...]string{
		time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02",
	} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: use how long ago (10m, 2d), a time of day (14:05), a day and a time (%s), or RFC 3339",
		text, now.Format("2006-01-02 15:04"))
}

// maxDays is how many days ago a moment may be.
const maxDays = 10_000

// parseAgo reads a length of time, days first where there are any.
func parseAgo(text string) (time.Duration, bool) {
	days := 0
	if n, rest, found := strings.Cut(text, "d"); found {
		var err error
		if days, err = strconv.Atoi(n); err != nil || !digits(n) || days > maxDays {
			return 0, false
		}
		if text = rest; rest == "" {
			text = "0s"
		}
	}
	d, err := time.ParseDuration(text)
	return time.Duration(days)*24*time.Hour + d, err == nil && d >= 0
}

// ParseFieldFilter reads "key=value", or "key!=value" for the opposite.
func ParseFieldFilter(text string) (FieldFilter, error) {
	key, value, found := strings.Cut(text, "=")
	f := FieldFilter{Key: key, Value: value}
	if rest, ok := strings.CutSuffix(key, "!"); ok {
		f.Key, f.Not = rest, true
	}
	if !found || f.Key == "" {
		return f, fmt.Errorf("%q is no filter of a field: use key=value, or key!=value for the opposite", text)
	}
	return f, nil
}

package logs

import (
	"testing"
	"time"
)

func TestParseMoment(t *testing.T) {
	zone := time.FixedZone("here", 2*60*60)
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, zone)
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2026, 5, day, hour, minute, second, 0, zone)
	}
	for text, want := range map[string]time.Time{
		"10m": at(4, 11, 50, 0), "-10m": at(4, 11, 50, 0), " 1h30m ": at(4, 10, 30, 0),
		"1d": at(3, 12, 0, 0), "-2d": at(2, 12, 0, 0), "- 1d 12h": at(3, 0, 0, 0), "0d": now,
		"11:59": at(4, 11, 59, 0), "12:00": at(4, 12, 0, 0), "12:01": at(3, 12, 1, 0), "9:05:07": at(4, 9, 5, 7),
		"2026-05-02": at(2, 0, 0, 0), "2026-05-02 07:08": at(2, 7, 8, 0), "2026-05-02T07:08:09": at(2, 7, 8, 9),
		"2026-05-02T05:00:00Z": at(2, 7, 0, 0),
	} {
		if got, err := ParseMoment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "25:00", "10", "d", "-d", "1.5d", "1d-2h", "--1h", "+1d", "10001d", "2h1d", "1d2d", "9999999h9999999h"} {
		if got, err := ParseMoment(text, now); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}

func TestParseFieldFilter(t *testing.T) {
	for text, want := range map[string]FieldFilter{
		"a=b": {Key: "a", Value: "b"}, "a!=b=c": {Key: "a", Value: "b=c", Not: true}, "http.status=": {Key: "http.status"},
	} {
		if got, err := ParseFieldFilter(text); err != nil || got != want {
			t.Errorf("%q is %+v (%v), want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "a", "=b", "!=b"} {
		if got, err := ParseFieldFilter(text); err == nil {
			t.Errorf("%q is %+v, want an error", text, got)
		}
	}
}

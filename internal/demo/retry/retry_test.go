package retry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo/retry"
)

func never() float64 { return 0 }

func TestDelay(t *testing.T) {
	b := retry.Backoff{First: 200 * time.Millisecond, Most: time.Second, Random: never}
	var got []time.Duration
	for _, attempt := range []int{1, 2, 3, 4, 1000} {
		got = append(got, b.Delay(attempt))
	}
	want := []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, time.Second, time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delays (-want +got):\n%s", diff)
	}
	b.Random = func() float64 { return 1 }
	if d := b.Delay(1); d != 160*time.Millisecond {
		t.Errorf("shortened at most: %s, want 160ms", d)
	}
}

func TestUntilItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		var seen []string
		log := retry.Log{Logger: slog.New(slog.NewTextHandler(&lines, nil)), Observe: func(what string, err error) {
			seen = append(seen, what+": "+errorText(err))
		}}
		start, attempts := time.Now(), 0
		b := retry.Backoff{First: time.Second, Most: time.Minute, Random: never}
		err := b.Until(t.Context(), log, "Redis", func(context.Context) error {
			if attempts++; attempts < 4 {
				return errors.New("refused")
			}
			return nil
		})
		if err != nil || time.Since(start) != 7*time.Second {
			t.Errorf("error %v after %s, want none after 1+2+4 s", err, time.Since(start))
		}
		want := []string{"Redis: refused", "Redis: refused", "Redis: refused", "Redis: fine"}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("observed (-want +got):\n%s", diff)
		}
		if n := strings.Count(lines.String(), "waiting for Redis"); n != 3 {
			t.Errorf("%d lines about waiting, want 3:\n%s", n, &lines)
		}
		if !strings.Contains(lines.String(), "Redis answers") {
			t.Errorf("no line about the end of the wait:\n%s", &lines)
		}
	})
}

func TestUntilTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := errors.New("told to stop")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 90*time.Second, stop)
		defer cancel()
		start := time.Now()
		refused := errors.New("refused")
		log := retry.Log{Logger: slog.New(slog.DiscardHandler)}
		err := retry.Standard().Until(ctx, log, "Kafka", func(context.Context) error { return refused })
		if !errors.Is(err, stop) || !errors.Is(err, refused) {
			t.Errorf("error %v, want the reason for the end and the last failure", err)
		}
		if time.Since(start) != 90*time.Second {
			t.Errorf("ended after %s, want at once", time.Since(start))
		}
	})
}

func errorText(err error) string {
	if err == nil {
		return "fine"
	}
	return err.Error()
}

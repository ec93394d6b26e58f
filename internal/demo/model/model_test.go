package model_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

func TestDraw(t *testing.T) {
	usual := model.Latency{Median: 40 * time.Millisecond, Spread: 0.5, Stragglers: 0.01}
	for name, c := range map[string]struct {
		latency         model.Latency
		normal, uniform float64
		want            time.Duration
	}{
		"the median":       {usual, 0, 0.5, 40 * time.Millisecond},
		"a straggler":      {usual, 0, 0.005, 320 * time.Millisecond},
		"two deviations":   {usual, 2, 0.5, 108731273 * time.Nanosecond},
		"bounded":          {usual, 1e9, 0.5, 295562243 * time.Nanosecond},
		"no spread at all": {model.Latency{Median: time.Second}, 3, 0, time.Second},
		"no time":          {model.Latency{Spread: 1, Stragglers: 1}, 3, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.latency.Draw(c.normal, c.uniform)
			if (got - c.want).Abs() > time.Microsecond {
				t.Errorf("drew %s, want %s", got, c.want)
			}
		})
	}
}

func TestPredictTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := model.Model{Latency: model.Latency{Median: 40 * time.Millisecond}}
		q := story.Question{
			Request:      story.Request{User: "user-1", Item: "item-1"},
			UserFeatures: story.Features{Weight: 0.5}, ItemFeatures: story.Features{Segment: "image"},
		}
		first, err := m.Predict(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if first.Took != 40*time.Millisecond || first.Model != "resnet50" || first.Score < 0 || first.Score > 1 {
			t.Errorf("%+v", first)
		}
		second, err := m.Predict(t.Context(), q)
		if err != nil || second.Score != first.Score {
			t.Errorf("the same question got %v after %v (%v)", second.Score, first.Score, err)
		}
		m.Next = true
		next, err := m.Predict(t.Context(), q)
		if err != nil || next.Took != 32*time.Millisecond || next.Model != "efficientnet-b0" || next.Score != first.Score {
			t.Errorf("the next generation: %+v, %v", next, err)
		}
	})
}

func TestPredictFails(t *testing.T) {
	m := model.Model{Failures: 1}
	if _, err := m.Predict(t.Context(), story.Question{}); !errors.Is(err, model.ErrDevice) {
		t.Errorf("error %v, want %v", err, model.ErrDevice)
	}
}

func TestPredictStopsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		m := model.Model{Latency: model.Latency{Median: time.Hour}}
		_, err := m.Predict(ctx, story.Question{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("error %v after %s", err, time.Since(start))
		}
	})
}

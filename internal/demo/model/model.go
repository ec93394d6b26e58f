// Package model owns the pretend model: how long it takes, how often it fails
// and what it answers. It computes nothing; what matters is that it behaves
// like something that does.
package model

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/retry"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// ErrDevice is what a model's rare failure looks like.
var ErrDevice = errors.New("device out of memory")

// Latency is how long the model takes: log-normal around the median, as most
// services are, with a few stragglers.
type Latency struct {
	Median time.Duration
	// Spread is the standard deviation of the logarithm; 0 is always the median.
	Spread float64
	// Stragglers is the share, from 0 to 1, that takes eight times as long.
	Stragglers float64
}

// stragglerFactor is how much longer a straggler takes.
const stragglerFactor = 8

// Draw picks a duration. normal is a standard normal number, uniform one from
// 0 to 1.
func (l Latency) Draw(normal, uniform float64) time.Duration {
	// Four deviations hold all but one in 30,000: nobody waits for an hour.
	d := float64(l.Median) * math.Exp(l.Spread*min(max(normal, -4), 4))
	if uniform < l.Stragglers {
		d *= stragglerFactor
	}
	return time.Duration(d)
}

// Model is the pretend model. It is safe for concurrent use.
type Model struct {
	Latency Latency
	// Failures is the share, from 0 to 1, of predictions that fail.
	Failures float64
	// Next is the model's next generation: other networks, a fifth faster.
	Next bool
}

// faster is the next generation's time as a share of the first's.
const faster = 0.8

// Prediction is the model's answer.
type Prediction struct {
	Model string
	Score float64 // from 0 to 1
	Took  time.Duration
	story.About
}

// Predict takes its time and answers. The same question gets the same score.
func (m Model) Predict(ctx context.Context, q story.Question) (Prediction, error) {
	start := time.Now()
	name := Choose(q.ItemFeatures)
	if m.Next {
		name, m.Latency.Median = ChooseNext(q.ItemFeatures), time.Duration(float64(m.Latency.Median)*faster)
	}
	if err := retry.Wait(ctx, m.Latency.Draw(rand.NormFloat64(), rand.Float64())); err != nil {
		return Prediction{}, fmt.Errorf("run model %s: %w", name, err)
	}
	if rand.Float64() < m.Failures {
		return Prediction{}, fmt.Errorf("run model %s: %w", name, ErrDevice)
	}
	return Prediction{Model: name, Score: Score(q.Request, q.UserFeatures, q.ItemFeatures), Took: time.Since(start)}, nil
}

// Choose names the model for a segment of items.
func Choose(item story.Features) string {
	switch item.Segment {
	case "image":
		return "resnet50"
	case "text":
		return "bert-base"
	case "video":
		return "x3d-small"
	default:
		return "two-tower"
	}
}

// ChooseNext names the model of the next generation.
func ChooseNext(item story.Features) string {
	switch item.Segment {
	case "image":
		return "efficientnet-b0"
	case "text":
		return "minilm"
	case "video":
		return "movinet-a0"
	default:
		return "two-tower-lite"
	}
}

// Score mixes what is known of both with a number that the pair alone decides.
func Score(r story.Request, user, item story.Features) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.User + "\x00" + r.Item))
	taste := float64(h.Sum32()) / math.MaxUint32
	score := 0.4*taste + 0.3*user.Weight + 0.3*item.Weight
	return math.Round(min(max(score, 0), 1)*1000) / 1000
}

package services

import (
	"maps"
	"math"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// kept is how many samples a sparkline can show.
const kept = 6

// sampleEvery is the shortest time between two samples; snapshots come more
// often, for other reasons.
const sampleEvery = time.Second

// history is what the services have used lately. Its map is never changed
// once made, so that copies of the model stay values.
type history struct {
	at      time.Time
	samples map[Key]samples
}

// samples are the latest values of one service, oldest first; NaN is unknown.
type samples struct {
	cpu    []float64 // thousandths of a core
	memory []float64 // share of the limit
}

// with returns the history with the snapshot's usage.
func (h history) with(s env.Snapshot) history {
	if s.Updated.Sub(h.at) < sampleEvery && h.samples != nil {
		return h
	}
	next := make(map[Key]samples, len(s.Services))
	for _, svc := range s.Services {
		old := h.samples[keyOf(svc)]
		next[keyOf(svc)] = samples{
			cpu:    push(old.cpu, number(svc.Usage.CPU)),
			memory: push(old.memory, number(svc.Usage.Memory)/number(svc.Usage.MemoryLimit)),
		}
	}
	return history{at: s.Updated, samples: next}
}

// top is the scale of the CPU column: the highest value in it, and never less
// than a tenth of a core, so that idling does not look like work.
func (h history) top() float64 {
	top := 100.0
	for s := range maps.Values(h.samples) {
		for _, v := range s.cpu {
			if v > top {
				top = v
			}
		}
	}
	return top
}

func push(values []float64, v float64) []float64 {
	next := append([]float64(nil), values...)
	next = append(next, v)
	return next[max(0, len(next)-kept):]
}

func number(v *int64) float64 {
	if v == nil {
		return math.NaN()
	}
	return float64(*v)
}

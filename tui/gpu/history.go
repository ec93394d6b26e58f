package gpu

import (
	"math"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// kept is how many readings a sparkline can show.
const kept = 6

// history is what the devices did lately. Its map is never changed once made,
// so that copies of the model stay values.
type history struct {
	at    time.Time
	trail map[string]trail
}

// trail are the latest readings of one device, the oldest first; NaN is
// unknown.
type trail struct{ used, memory []float64 } // per cent; share of all

// with returns the history with a state's readings.
func (h history) with(s gpu.State) history {
	if h.trail != nil && !s.Time.After(h.at) {
		return h
	}
	next := make(map[string]trail, len(s.Slots))
	for _, slot := range s.Slots {
		next[keyOf(slot)] = h.trail[keyOf(slot)].with(slot.Reading, slot.Memory)
	}
	return history{at: s.Time, trail: next}
}

func (t trail) with(r gpu.Reading, memory int64) trail {
	used, share := math.NaN(), math.NaN()
	if r.Utilisation != nil {
		used = float64(*r.Utilisation)
	}
	if r.MemoryUsed != nil && memory > 0 {
		share = float64(*r.MemoryUsed) / float64(memory)
	}
	return trail{used: push(t.used, used), memory: push(t.memory, share)}
}

func push(values []float64, v float64) []float64 {
	next := append(append([]float64(nil), values...), v)
	return next[max(0, len(next)-kept):]
}

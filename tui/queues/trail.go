package queues

import (
	"math"

	"github.com/diorama-dev/diorama/internal/queue"
)

// kept is how many samples a sparkline can show.
const kept = 12

// point is what a sample brought: how far behind the readers are, and how many
// messages a second go by. NaN is unknown.
type point struct {
	tick      uint32 // of the broker's clock: it beats once a sample
	lag, pace float32
}

// trail is the latest changes of one row, oldest first. A sample that changed
// nothing leaves none: the point before it holds until the next, so that rows
// which stand still cost nothing.
type trail struct {
	points [kept]point
	n      int
}

// with returns the trail with what the sample of that tick brought.
func (t trail) with(p point) trail {
	switch {
	case t.n > 0 && t.points[t.n-1].tick == p.tick:
		t.points[t.n-1] = p
		return t
	case t.n == kept:
		copy(t.points[:], t.points[1:])
		t.n--
	}
	t.points[t.n] = p
	t.n++
	return t
}

// clock is a broker's count of samples, and since when they follow one another.
type clock struct{ tick, since uint32 }

// series are the last w values, oldest first: as many as the clock has seen.
func (t trail) series(c clock, w int, of func(point) float32) []float64 {
	w = min(w, kept, int(c.tick-c.since)+1)
	out := make([]float64, 0, w)
	i := 0
	for tick := c.tick - uint32(w) + 1; len(out) < w; tick++ { //nolint:gosec // w is small
		for i < t.n && t.points[i].tick <= tick {
			i++
		}
		if i == 0 {
			out = append(out, math.NaN())
			continue
		}
		out = append(out, float64(of(t.points[i-1])))
	}
	return out
}

// peak is the highest value that a sparkline of the last samples would show.
func (t trail) peak(c clock, of func(point) float32) float64 {
	top := 0.0
	for i := range t.n {
		over := i+1 < t.n && int64(t.points[i+1].tick) <= int64(c.tick)-kept
		if v := float64(of(t.points[i])); v > top && !over {
			top = v
		}
	}
	return top
}

func lagOf(p point) float32  { return p.lag }
func paceOf(p point) float32 { return p.pace }

// single is a number for a sparkline.
func single[T int64 | float64](m queue.Measure[T]) float32 {
	v, ok := m.Get()
	if !ok {
		return float32(math.NaN())
	}
	return float32(v)
}

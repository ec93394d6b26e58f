package queues

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// next is the broker's state a second later: a hundredth of its queues and
// groups have changed, the others are the same pointers.
func next(r *rand.Rand, b *queue.Broker) *queue.Broker {
	n := *b
	n.Sampled.At = b.Sampled.At.Add(time.Second)
	n.Queues, n.Groups = slices.Clone(b.Queues), slices.Clone(b.Groups)
	for range len(n.Queues) / 100 {
		i := r.IntN(len(n.Queues))
		q := *n.Queues[i]
		q.In, q.Lag.Lag, q.Lag.Trend = queue.Known(r.Float64()*1e4), queue.Known(r.Int64N(1e6)), queue.Known(r.Float64()*100-50)
		n.Queues[i] = &q
	}
	for range len(n.Groups) / 100 {
		i := r.IntN(len(n.Groups))
		g := *n.Groups[i]
		g.Queues = slices.Clone(g.Queues)
		g.Queues[0].Lag, g.Queues[0].Trend = queue.Known(r.Int64N(1e6)), queue.Known(r.Float64()*100-50)
		n.Groups[i] = &g
	}
	return &n
}

// percentile is the value that 99 of 100 do not exceed.
func percentile(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[max(len(times)*99/100-1, 0)]
}

// BenchmarkFrame streams states of 1,000 topics and 10,000 groups at 200×60,
// of which a hundredth changes, moves the cursor between them, and draws after
// each. The bound of p99 is 16 ms.
func BenchmarkFrame(b *testing.B) {
	for _, view := range []struct {
		name string
		keys []string
	}{{"topics by name", nil}, {"topics by trend", []string{"t"}}, {"groups by lag", []string{"g", ">"}}, {"groups filtered", []string{"g"}}, {"partitions", []string{"enter"}}} {
		b.Run(view.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			state := tuitest.Crowd(1000, 10_000)
			m := press(b, screen(b, &tuitest.Brokers{}, 200, 60, []*queue.Broker{state}), view.keys...)
			if view.name == "groups filtered" {
				m = m.WithFilter("00")
			}
			var states, moves []time.Duration
			for b.Loop() {
				state = next(r, state)
				msg := stateMsg{epoch: m.watch.epoch, brokers: []*queue.Broker{state}}
				begin := time.Now()
				m, _ = m.Update(msg)
				_ = m.View()
				states = append(states, time.Since(begin))
				begin = time.Now()
				m, _ = m.Handle(intent.Down)
				_ = m.View()
				moves = append(moves, time.Since(begin))
			}
			b.ReportMetric(float64(percentile(states).Microseconds())/1000, "p99-ms/state")
			b.ReportMetric(float64(percentile(moves).Microseconds())/1000, "p99-ms/move")
		})
	}
}

// BenchmarkFirstPaint takes the first state of 1,000 topics and 10,000 groups
// in and draws it. The bound is 200 ms, of which the broker needs the most.
func BenchmarkFirstPaint(b *testing.B) {
	state := []*queue.Broker{tuitest.Crowd(1000, 10_000)}
	empty := screen(b, &tuitest.Brokers{}, 200, 60)
	for b.Loop() {
		_ = empty.WithBrokers(state).View()
	}
}

// BenchmarkSort sorts and filters the same anew, as a key does.
func BenchmarkSort(b *testing.B) {
	m := press(b, screen(b, &tuitest.Brokers{}, 200, 60, []*queue.Broker{tuitest.Crowd(1000, 10_000)}), "g")
	for _, o := range []order{byName, byLag, byTrend} {
		b.Run(fmt.Sprintf("sort by %s", o), func(b *testing.B) {
			for b.Loop() {
				_ = m.sorted(o).View()
			}
		})
	}
	b.Run("filter", func(b *testing.B) {
		for b.Loop() {
			_ = m.WithFilter("9").View()
		}
	})
}

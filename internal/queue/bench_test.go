package queue

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// large is a sample of a thousand topics with eight partitions and ten thousand
// groups, each at some place of one topic.
func large() *Sample {
	s := &Sample{At: noon()}
	ends := make([]int64, 8)
	for i := range ends {
		ends[i] = 1000
	}
	for i := range 1000 {
		s.Queues = append(s.Queues, topic(fmt.Sprintf("topic-%05d", i), ends...))
	}
	for i := range 10_000 {
		s.Groups = append(s.Groups, reader(fmt.Sprintf("group-%05d", i), s.Queues[i%1000].Name, ends, 1, 2, 3, 4, 5, 6, 7, 8))
	}
	return s
}

// moved is the sample a second later: every so many-th topic was written to,
// every so many-th group has read.
func moved(s *Sample, each, round int) *Sample {
	next := &Sample{At: s.At.Add(time.Second), Queues: append([]*Queue{}, s.Queues...), Groups: append([]*Group{}, s.Groups...)}
	for i := round % each; i < len(next.Queues); i += each {
		q := *next.Queues[i]
		q.Partitions = append([]Partition{}, q.Partitions...)
		q.Partitions[0].End = q.Partitions[0].End.Plus(Known(int64(500_000)))
		next.Queues[i] = &q
	}
	for i := round % each; i < len(next.Groups); i += each {
		g := *next.Groups[i]
		g.Offsets = append([]Offset{}, g.Offsets...)
		g.Offsets[0].Committed = g.Offsets[0].Committed.Plus(Known(int64(1)))
		next.Groups[i] = &g
	}
	return next
}

// BenchmarkFold is what a sample costs the keeper beside the asking: folding it,
// finding what has changed, and writing that as JSON.
func BenchmarkFold(b *testing.B) {
	for name, each := range map[string]int{"hundredth": 100, "all": 1} {
		b.Run(name, func(b *testing.B) {
			s := large()
			h := History{}.With(s)
			before := h.broker
			bytes := 0
			for round := 0; b.Loop(); round++ {
				s = moved(s, each, round)
				h = h.With(s)
				data, err := json.Marshal(h.broker.ChangesSince(&before))
				if err != nil {
					b.Fatal(err)
				}
				bytes += len(data)
				before = h.broker
			}
			b.ReportMetric(float64(bytes)/float64(b.N)/1024, "KiB/update")
		})
	}
}

package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/queue"
)

// A group's oldest unread message is that at its committed offset.
func TestDate(t *testing.T) {
	f := startFake(t, 1)
	if err := f.source.Create(t.Context(), queue.CreateRequest{Name: "orders", Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for i := range 10 {
		r := &kgo.Record{Topic: "orders", Partition: int32(i % 2), Value: []byte("x"), Timestamp: noon.Add(time.Duration(i) * time.Minute)}
		if err := f.client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	f.commit(t, "billing", "orders", 2, 5) // the second partition is read to its end
	sample, err := f.source.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := *sample.Groups[0]
	g, err := f.source.Date(t.Context(), sample.Groups[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, want := g.Offsets[0].Waiting, noon.Add(4*time.Minute); !got.Equal(want) {
		t.Errorf("the oldest unread message is of %v, want %v", got, want)
	}
	if !g.Offsets[1].Waiting.IsZero() {
		t.Errorf("nothing is unread, and it waits since %v", g.Offsets[1].Waiting)
	}
	if !before.Offsets[0].Waiting.IsZero() {
		t.Error("the sample itself was changed")
	}
}

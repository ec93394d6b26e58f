//go:build e2e

package kafka

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// A broker whose disk is full ends itself: who writes to it and who samples it
// are told within their time, and nobody hangs.
func TestFullDisk(t *testing.T) {
	broker := startRealOn(t, map[string]string{"KAFKA_LOG_DIRS": "/small/log"}, map[string]string{"/small": "64m"})
	c := broker.source(t)
	if err := c.Create(t.Context(), queue.CreateRequest{Name: "big", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	sampleOf(t, c)
	value := make([]byte, 900_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(value) // what can be compressed fills no disk
	var full error
	for range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, full = c.Produce(ctx, queue.ProduceRequest{Queue: "big", Value: value})
		cancel()
		if full != nil {
			break
		}
	}
	if full == nil {
		t.Fatal("180 MB went onto a disk of 64")
	}
	t.Logf("writing ended with: %v", full)
	eventually(t, func() error { // it shuts down
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		sample, err := c.Sample(ctx)
		if err != nil {
			t.Logf("sampling ended with: %v", err)
			return nil
		}
		for _, q := range sample.Queues {
			if q.Name == "big" && q.Trouble != "" {
				t.Logf("the topic says: %s", q.Trouble)
				return nil
			}
		}
		return errors.New("the broker is sampled as if nothing were wrong")
	})
}

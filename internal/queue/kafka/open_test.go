package kafka

import (
	"context"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// open is the adapter under test, of a broker on a port of this machine.
func open(tb testing.TB, port int) *Client {
	tb.Helper()
	source, err := Open(queue.Access{"broker": {Host: "127.0.0.1", Port: port}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(source.Close)
	return source.(*Client)
}

// sampleOf takes a sample that has to succeed.
func sampleOf(tb testing.TB, c *Client) *queue.Sample {
	tb.Helper()
	sample, err := c.Sample(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return sample
}

func queueOf(tb testing.TB, s *queue.Sample, name string) *queue.Queue {
	tb.Helper()
	for _, q := range s.Queues {
		if q.Name == name {
			return q
		}
	}
	tb.Fatalf("the sample has no topic %s", name)
	return nil
}

func groupIn(tb testing.TB, s *queue.Sample, name string) *queue.Group {
	tb.Helper()
	for _, g := range s.Groups {
		if g.Name == name {
			return g
		}
	}
	tb.Fatalf("the sample has no group %s", name)
	return nil
}

// catchesUp bounds how long something may take that has to come: it ends a hang.
const catchesUp = 5 * time.Minute

// eventually runs a check again and again until it holds.
func eventually(tb testing.TB, check func() error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), catchesUp)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			tb.Fatalf("after %v: %v", catchesUp, err)
		case <-ticker.C:
		}
	}
}

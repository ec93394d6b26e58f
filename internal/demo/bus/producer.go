package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Producer publishes events. It is safe for concurrent use.
type Producer struct{ client *kgo.Client }

// NewProducer returns a producer that waits for all of a partition's in-sync
// replicas and gives an event up after ten seconds.
func NewProducer(o Options) (*Producer, error) {
	client, err := kgo.NewClient(o.kgo(
		kgo.DefaultProduceTopic(story.Topic),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.MaxBufferedRecords(2000),
		kgo.RecordDeliveryTimeout(10*time.Second),
	)...)
	if err != nil {
		return nil, fmt.Errorf("connect to Kafka: %w", err)
	}
	return &Producer{client: client}, nil
}

// Publish sends the event, keyed by its user, without waiting. done is told
// what came of it, from another goroutine, and must not block.
func (p *Producer) Publish(ctx context.Context, c story.Completed, done func(error)) {
	value, err := c.Encode()
	if err != nil {
		done(err)
		return
	}
	record := &kgo.Record{
		Key:     []byte(c.User),
		Value:   value,
		Headers: []kgo.RecordHeader{{Key: story.TraceHeader, Value: []byte(c.Trace.String())}},
	}
	// Whoever asked may hang up; the event goes out all the same.
	p.client.TryProduce(context.WithoutCancel(ctx), record, func(_ *kgo.Record, err error) {
		if err != nil {
			err = fmt.Errorf("publish event %s: %w", c.ID, err)
		}
		done(err)
	})
}

// Flush waits until all events are sent or given up.
func (p *Producer) Flush(ctx context.Context) error {
	if err := p.client.Flush(ctx); err != nil {
		return fmt.Errorf("flush events to Kafka: %w", err)
	}
	return nil
}

// Close drops what was not flushed.
func (p *Producer) Close() { p.client.Close() }

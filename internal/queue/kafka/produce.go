package kafka

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/queue"
)

// Produce writes a record and returns once all replicas in sync have it. With no
// partition given, the key decides as it does for Kafka's own clients. The topic
// is not created by it.
func (c *Client) Produce(ctx context.Context, r queue.ProduceRequest) (queue.Written, error) {
	written, err := c.produce(ctx, r)
	if err != nil {
		return written, fmt.Errorf("write to topic %s: %w", r.Queue, err)
	}
	return written, nil
}

func (c *Client) produce(ctx context.Context, r queue.ProduceRequest) (queue.Written, error) {
	t, err := c.find(ctx, r.Queue)
	if err != nil {
		return queue.Written{}, err
	}
	opts := []kgo.Opt{kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0)}
	record := &kgo.Record{Topic: r.Queue, Key: r.Key, Value: r.Value}
	if partition, ok := r.Partition.Get(); ok {
		if partition < 0 || partition >= int64(len(t.parts)) {
			return queue.Written{}, fmt.Errorf("it has partitions 0 to %d, and no %d", len(t.parts)-1, partition)
		}
		record.Partition = int32(partition)
		opts = append(opts, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	for _, h := range r.Headers {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: h.Name, Value: h.Value})
	}
	// A client of its own remembers no topic that was deleted since.
	client, err := c.dialer(opts...)
	if err != nil {
		return queue.Written{}, err
	}
	defer client.Close()
	// A record that is on its way is given up by nothing else.
	stop := context.AfterFunc(ctx, client.Close)
	defer stop()
	if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return queue.Written{}, err
	}
	return queue.Written{Partition: record.Partition, Position: strconv.FormatInt(record.Offset, 10)}, nil
}

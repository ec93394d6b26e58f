package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Reader reads the topic as one member of a group. Its partitions cannot be
// given to another member between Poll and Release, so that a message is
// handled and committed by the member that owns it.
type Reader struct{ client *kgo.Client }

// ReaderOptions say as which group to read.
type ReaderOptions struct {
	Options
	Group string
	// Session is how long a member that fell silent keeps its partitions.
	Session time.Duration
}

// NewReader joins the group. A new group starts with the oldest event, so that
// a consumer that joins later sees the whole story.
func NewReader(o ReaderOptions) (*Reader, error) {
	client, err := kgo.NewClient(o.kgo(
		kgo.ConsumerGroup(o.Group),
		kgo.ConsumeTopics(story.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(o.Session),
		kgo.HeartbeatInterval(o.Session/4),
		kgo.FetchMaxWait(time.Second),
		// A small container has room for a few megabytes, not for the usual fifty.
		kgo.FetchMaxBytes(2<<20),
		// Buffered partitions are emptied one after the other: with little in
		// each, a slow consumer goes through all of them in turn.
		kgo.FetchMaxPartitionBytes(32<<10),
		kgo.MaxConcurrentFetches(1),
	)...)
	if err != nil {
		return nil, fmt.Errorf("join group %s: %w", o.Group, err)
	}
	return &Reader{client: client}, nil
}

// Poll waits for messages and returns up to limit of them, those of one
// partition in order. Messages may come along with an error.
func (r *Reader) Poll(ctx context.Context, limit int) ([]Message, error) {
	fetches := r.client.PollRecords(ctx, limit)
	var errs []error
	fetches.EachError(func(topic string, partition int32, err error) {
		if !errors.Is(err, context.Canceled) {
			errs = append(errs, fmt.Errorf("read partition %d of %s: %w", partition, topic, err))
		}
	})
	messages := make([]Message, 0, fetches.NumRecords())
	fetches.EachRecord(func(rec *kgo.Record) { messages = append(messages, fromRecord(rec)) })
	return messages, errors.Join(errs...)
}

func fromRecord(rec *kgo.Record) Message {
	m := Message{
		Key: rec.Key, Value: rec.Value,
		Partition: rec.Partition, Offset: rec.Offset, Time: rec.Timestamp,
		record: rec,
	}
	for _, h := range rec.Headers {
		if h.Key == story.TraceHeader {
			m.Traceparent = string(h.Value)
		}
	}
	return m
}

// Commit says that these messages, which Poll returned, and all before them
// are handled.
func (r *Reader) Commit(ctx context.Context, handled []Message) error {
	records := make([]*kgo.Record, 0, len(handled))
	for _, m := range handled {
		records = append(records, m.record)
	}
	if err := r.client.CommitRecords(ctx, records...); err != nil {
		return fmt.Errorf("commit %d messages: %w", len(handled), err)
	}
	return nil
}

// Release lets partitions move to other members until the next Poll.
func (r *Reader) Release() { r.client.AllowRebalance() }

// Leave gives the partitions to the other members at once, and disconnects.
func (r *Reader) Leave(ctx context.Context) error {
	r.client.AllowRebalance()
	err := r.client.LeaveGroupContext(ctx)
	r.client.CloseAllowingRebalance()
	if err != nil {
		return fmt.Errorf("leave the group: %w", err)
	}
	return nil
}

// Package bus owns the demo's side of Kafka: its topic, publishing events and
// reading them back as a member of a group, at least once.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Partitions is how many the topic is made with: enough for three members of
// a group to share the work.
const Partitions = 3

// Message is an event on the topic, undecoded: anybody may have put it there.
type Message struct {
	Key, Value  []byte
	Traceparent string // as found in the header; empty where there is none
	Partition   int32
	Offset      int64
	Time        time.Time

	record *kgo.Record
}

// Options say which broker, and who asks.
type Options struct {
	Servers []string // host:port
	Client  string   // names this program to the broker
	Log     *slog.Logger
}

func (o Options) kgo(more ...kgo.Opt) []kgo.Opt {
	return append([]kgo.Opt{
		kgo.SeedBrokers(o.Servers...),
		kgo.ClientID(o.Client),
		kgo.WithLogger(logger{o.Log}),
		kgo.DialTimeout(3 * time.Second),
		kgo.RetryTimeout(20 * time.Second),
		kgo.RequestTimeoutOverhead(5 * time.Second),
	}, more...)
}

// EnsureTopic makes the story's topic where it is not there, and returns once
// every partition of it has a leader. Roles may call it all at once.
func EnsureTopic(ctx context.Context, o Options) error {
	// Whoever waits for the broker says so; the client need not say it too.
	o.Log = slog.New(slog.DiscardHandler)
	client, err := kgo.NewClient(o.kgo(kgo.RetryTimeout(2 * time.Second))...)
	if err != nil {
		return fmt.Errorf("connect to Kafka: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	_, err = admin.CreateTopic(ctx, Partitions, -1, topicConfig(), story.Topic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("create topic %s: %w", story.Topic, err)
	}
	topics, err := admin.ListTopics(ctx, story.Topic)
	if err != nil {
		return fmt.Errorf("describe topic %s: %w", story.Topic, err)
	}
	return led(topics[story.Topic])
}

// topicConfig keeps a laptop's disk small: six hours, at most 64 MiB a partition.
func topicConfig() map[string]*string {
	return map[string]*string{
		"retention.ms":    kadm.StringPtr("21600000"),
		"retention.bytes": kadm.StringPtr("67108864"),
		"segment.bytes":   kadm.StringPtr("16777216"),
	}
}

// led reports why a topic cannot be used yet.
func led(t kadm.TopicDetail) error {
	if t.Err != nil {
		return fmt.Errorf("describe topic %s: %w", story.Topic, t.Err)
	}
	if len(t.Partitions) == 0 {
		return fmt.Errorf("topic %s has no partitions yet", story.Topic)
	}
	for _, p := range t.Partitions.Sorted() {
		if p.Leader < 0 {
			return fmt.Errorf("partition %d of topic %s has no leader yet", p.Partition, story.Topic)
		}
	}
	return nil
}

// logger hands the client's own messages on.
type logger struct{ log *slog.Logger }

func (logger) Level() kgo.LogLevel { return kgo.LogLevelWarn }

func (l logger) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	if level == kgo.LogLevelError {
		l.log.Error("kafka client: "+msg, printable(keyvals)...)
		return
	}
	l.log.Warn("kafka client: "+msg, printable(keyvals)...)
}

// printable turns errors and other values into what JSON can hold.
func printable(keyvals []any) []any {
	out := make([]any, 0, len(keyvals))
	for i, v := range keyvals {
		if i%2 == 1 {
			v = fmt.Sprint(v)
		}
		out = append(out, v)
	}
	return out
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	manyTopics     = 1000
	manyPartitions = 8
	manyGroups     = 10_000
)

// BenchmarkImitation takes samples of an imitation of Kafka, which has no topic
// to tell of changes: all groups are asked for each time.
func BenchmarkImitation(b *testing.B) {
	f := startFake(b, 1)
	client, err := kgo.NewClient(append(benchmarkClient(), kgo.SeedBrokers(f.ListenAddrs()...))...)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	benchmark(b, f.source, client, 1, nil)
}

func benchmarkClient() []kgo.Opt {
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(int16(kmsg.OffsetCommit), 9) // the next names topics by ID
	return []kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MaxVersions(versions), kgo.UnknownTopicRetries(50)}
}

// benchmark takes samples where all is asked for, where a hundredth of the
// groups have committed since the last, and where nothing has happened. Load is
// the processor time that the broker has used so far; nil: it is in this process.
func benchmark(b *testing.B, source *Client, client *kgo.Client, warm int, load func() time.Duration) {
	fill(b, source, client)
	for range warm { // the broker's own machine compiles what is used often
		forget(source)
		sampleOf(b, source)
	}
	b.Run("all", func(b *testing.B) {
		measure(b, source, func(int) { forget(source) }, load)
	})
	b.Run("hundredth", func(b *testing.B) {
		measure(b, source, func(n int) {
			for i := range manyGroups / 100 {
				if err := commitGroup(b.Context(), client, (n*manyGroups/100+i)%manyGroups, rand.Int64N(3)); err != nil {
					b.Fatal(err)
				}
			}
		}, nil) // the commits are its work too
	})
	b.Run("nothing", func(b *testing.B) {
		measure(b, source, func(int) {}, load)
	})
}

// forget makes the next sample ask for all.
func forget(c *Client) {
	m := <-c.turn
	c.turn <- &memory{layout: m.layout, version: m.version, topics: make(map[string]*topic), groups: make(map[string]*group), tail: newTail()}
}

// measure reports percentiles, the requests of a sample, and what is held.
func measure(b *testing.B, source *Client, before func(n int), load func() time.Duration) {
	var took []time.Duration
	var last *queue.Sample
	n := 0
	var used time.Duration
	if load != nil {
		used = load()
	}
	for b.Loop() {
		b.StopTimer()
		before(n)
		n++
		b.StartTimer()
		begin := time.Now()
		last = sampleOf(b, source)
		took = append(took, time.Since(begin))
	}
	if len(last.Queues) < manyTopics || len(last.Groups) != manyGroups {
		b.Fatalf("%d topics and %d groups", len(last.Queues), len(last.Groups))
	}
	if load != nil {
		b.ReportMetric(float64((load()-used).Milliseconds())/float64(len(took)), "broker-cpu-ms")
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(last.Requests), "requests")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "process-MiB")
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "held-MiB")
}

func fill(tb testing.TB, source *Client, client *kgo.Client) {
	tb.Helper()
	ctx := tb.Context()
	for first := 0; first < manyTopics; first += 100 {
		var names []string
		for i := range 100 {
			names = append(names, topicNumber(first+i))
		}
		if _, err := source.admin.CreateTopics(ctx, manyPartitions, 1, nil, names...); err != nil {
			tb.Fatal(err)
		}
	}
	eventually(tb, func() error { // the topics are led
		queues := sampleOf(tb, source).Queues
		if len(queues) < manyTopics {
			return fmt.Errorf("%d topics", len(queues))
		}
		for _, q := range queues {
			if q.Trouble != "" {
				return fmt.Errorf("topic %s: %s", q.Name, q.Trouble)
			}
		}
		return nil
	})
	var failed atomic.Pointer[error]
	for i := range manyTopics {
		for partition := range int32(manyPartitions) {
			for range 3 {
				client.Produce(ctx, &kgo.Record{Topic: topicNumber(i), Partition: partition, Value: []byte("value")}, func(_ *kgo.Record, err error) {
					if err != nil {
						failed.Store(&err)
					}
				})
			}
		}
	}
	if err := client.Flush(ctx); err != nil {
		tb.Fatal(err)
	}
	if err := failed.Load(); err != nil {
		tb.Fatal(*err)
	}
	// The first look for a coordinator makes its topic.
	eventually(tb, func() error {
		if _, err := source.admin.FetchOffsets(ctx, "nobody"); !errors.Is(err, kerr.GroupIDNotFound) {
			return err
		}
		return nil
	})
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for n := worker; n < manyGroups; n += 4 {
				if err := commitGroup(ctx, client, n, 1); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func topicNumber(n int) string { return fmt.Sprintf("topic-%04d", n) }

// commitGroup commits for the eight partitions that the group reads.
func commitGroup(ctx context.Context, client *kgo.Client, n int, at int64) error {
	request := kmsg.NewPtrOffsetCommitRequest()
	request.Group = fmt.Sprintf("group-%05d", n)
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = topicNumber(n % manyTopics)
	for id := range int32(manyPartitions) {
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition, partition.Offset = id, at
		topic.Partitions = append(topic.Partitions, partition)
	}
	request.Topics = append(request.Topics, topic)
	for {
		answer, err := request.RequestWith(ctx, client.SeedBrokers()[0])
		if err != nil {
			return err
		}
		err = why(answer.Topics[0].Partitions[0].ErrorCode)
		if err == nil || !kerr.IsRetriable(err) || ctx.Err() != nil {
			return err
		}
	}
}

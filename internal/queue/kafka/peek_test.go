package kafka

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/queue"
)

// peeked are the messages of a look as "partition/offset=value".
func peeked(t *testing.T, c *Client, r queue.PeekRequest) []string {
	t.Helper()
	var list []string
	err := c.Peek(t.Context(), r, func(m queue.Message) error {
		list = append(list, fmt.Sprintf("%d/%s=%s", m.Partition, m.Position, m.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPeek(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(2, "orders"), kfake.SeedTopics(1, "empty"))
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i := range 6 { // a to f, by turns, a minute apart
		record := &kgo.Record{
			Topic: "orders", Partition: int32(i % 2), Value: []byte{byte('a' + i)}, Timestamp: begin.Add(time.Duration(i) * time.Minute),
		}
		if err := f.client.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	f.write(t, "orders", 1, "g") // now
	for name, c := range map[string]struct {
		request queue.PeekRequest
		want    string
	}{
		"newest":                  {queue.PeekRequest{From: queue.FromNewest, Limit: 3}, "0/2=e 1/2=f 1/3=g"},
		"newest, more than is":    {queue.PeekRequest{From: queue.FromNewest, Limit: 30}, "0/0=a 0/1=c 0/2=e 1/0=b 1/1=d 1/2=f 1/3=g"},
		"newest of one partition": {queue.PeekRequest{From: queue.FromNewest, Partition: queue.Known[int64](0), Limit: 2}, "0/1=c 0/2=e"},
		"oldest":                  {queue.PeekRequest{From: queue.FromOldest, Limit: 3}, "0/0=a 0/1=c 1/0=b"},
		"oldest, one has less":    {queue.PeekRequest{From: queue.FromOldest, Limit: 7}, "0/0=a 0/1=c 0/2=e 1/0=b 1/1=d 1/2=f 1/3=g"},
		"offset":                  {queue.PeekRequest{From: queue.FromOffset, Offset: 2, Limit: 9}, "0/2=e 1/2=f 1/3=g"},
		"offset before the start": {queue.PeekRequest{From: queue.FromOffset, Offset: -5, Limit: 1}, "0/0=a"},
		"offset past the end":     {queue.PeekRequest{From: queue.FromOffset, Offset: 50, Limit: 9}, ""},
		"time":                    {queue.PeekRequest{From: queue.FromTime, Time: begin.Add(3 * time.Minute), Limit: 9}, "0/2=e 1/1=d 1/2=f 1/3=g"},
		"time to come":            {queue.PeekRequest{From: queue.FromTime, Time: begin.Add(48 * time.Hour), Limit: 9}, ""},
		"none":                    {queue.PeekRequest{From: queue.FromOldest}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.request.Queue = "orders"
			if got := strings.Join(peeked(t, f.source, c.request), " "); got != c.want {
				t.Errorf("peeked %q, want %q", got, c.want)
			}
		})
	}
	if got := peeked(t, f.source, queue.PeekRequest{Queue: "empty", From: queue.FromNewest, Limit: 5}); len(got) != 0 {
		t.Errorf("peeked %q into an empty topic", got)
	}
	if err := f.source.Peek(t.Context(), queue.PeekRequest{Queue: "nothing", Limit: 1}, nil); !isNotFound(err) {
		t.Errorf("peeked into what is not there: %v", err)
	}
	if err := f.source.Peek(t.Context(), queue.PeekRequest{Queue: "orders", Partition: queue.Known[int64](7), Limit: 1}, nil); err == nil {
		t.Error("peeked into a partition that is not there")
	}
	enough := errors.New("enough")
	err := f.source.Peek(t.Context(), queue.PeekRequest{Queue: "orders", From: queue.FromOldest, Limit: 5}, func(queue.Message) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("an error of the reader's became %v", err)
	}
}

// TestPeekOverGaps: what compaction and transactions leave out neither hangs a
// look nor makes it show less than there is.
func TestPeekOverGaps(t *testing.T) {
	f := startFake(t, 1)
	err := f.source.Create(t.Context(), queue.CreateRequest{Name: "bank", Partitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(f.ListenAddrs()...), kgo.TransactionalID("teller"), kgo.DefaultProduceTopic("bank"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i := range 4 { // each is followed by a marker
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), kgo.StringRecord(strconv.Itoa(i))).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(t.Context(), i%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"0/2=1", "0/4=2", "0/6=3"}
	if got := peeked(t, f.source, queue.PeekRequest{Queue: "bank", From: queue.FromNewest, Limit: 3}); !cmp.Equal(got, want) {
		t.Errorf("the newest are %q, want %q", got, want)
	}
	want = []string{"0/0=0", "0/2=1", "0/4=2", "0/6=3"}
	if got := peeked(t, f.source, queue.PeekRequest{Queue: "bank", From: queue.FromOldest, Limit: 10}); !cmp.Equal(got, want) {
		t.Errorf("the oldest are %q, want %q", got, want)
	}
}

// TestPeekCuts: keys and values are cut, null is not empty, and lengths are the
// whole ones.
func TestPeekCuts(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(1, "orders"))
	for _, r := range []queue.ProduceRequest{
		{Queue: "orders", Key: []byte("long key"), Value: []byte("\x00\xff\x1b[31m long value"), Headers: []queue.Header{{Name: "trace", Value: []byte("1")}}},
		{Queue: "orders", Key: []byte{}, Value: nil, Partition: queue.Known[int64](0)},
	} {
		if w, err := f.source.Produce(t.Context(), r); err != nil || w.Partition != 0 {
			t.Fatalf("produced to %+v, %v", w, err)
		}
	}
	var got []queue.Message
	err := f.source.Peek(t.Context(), queue.PeekRequest{Queue: "orders", From: queue.FromOldest, Limit: 9, MostBytes: 4}, func(m queue.Message) error {
		m.Time = time.Time{}
		got = append(got, m)
		return nil
	})
	want := []queue.Message{
		{Position: "0", Key: []byte("long"), Value: []byte("\x00\xff\x1b["), KeyBytes: 8, ValueBytes: 18, Headers: []queue.Header{{Name: "trace", Value: []byte("1")}}},
		{Position: "1", Key: []byte{}, Value: nil},
	}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v, -want +got:\n%s", err, cmp.Diff(want, got))
	}
	if _, err := f.source.Produce(t.Context(), queue.ProduceRequest{Queue: "orders", Partition: queue.Known[int64](3)}); err == nil {
		t.Error("wrote to a partition that is not there")
	}
	if _, err := f.source.Produce(t.Context(), queue.ProduceRequest{Queue: "nothing"}); !isNotFound(err) {
		t.Errorf("wrote to what is not there: %v", err)
	}
}

// TestPeekHoldsLittle: however much there is, little of it is held.
func TestPeekHoldsLittle(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(2, "big"))
	random := rand.NewChaCha8([32]byte{})
	const count, size = 60, 900_000
	value := make([]byte, size)
	for i := range count {
		_, _ = random.Read(value)
		if err := f.client.ProduceSync(t.Context(), &kgo.Record{Topic: "big", Partition: int32(i % 2), Key: []byte("k"), Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for _, most := range []int{0, 100} {
		for _, from := range []queue.From{queue.FromNewest, queue.FromOldest} {
			seen, peak, before := 0, uint64(0), heap()
			err := f.source.Peek(t.Context(), queue.PeekRequest{Queue: "big", From: from, Limit: 10_000, MostBytes: most}, func(m queue.Message) error {
				if seen++; seen%15 == 0 {
					peak = max(peak, heap())
				}
				if m.ValueBytes != size {
					return fmt.Errorf("a value of %d bytes", m.ValueBytes)
				}
				return nil
			})
			if err != nil || seen != count {
				t.Errorf("%s, cut at %d: saw %d, %v", from, most, seen, err)
			}
			if grown := int64(peak) - int64(before); grown > 24<<20 {
				t.Errorf("%s, cut at %d: %d MiB more are held", from, most, grown>>20)
			}
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

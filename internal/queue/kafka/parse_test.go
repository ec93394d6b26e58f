package kafka

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

func TestGroupOf(t *testing.T) {
	commit := kmsg.OffsetCommitKey{Version: 1, Group: "billing", Topic: "orders", Partition: 3}
	metadata := kmsg.GroupMetadataKey{Version: 2, Group: "billing"}
	member := append([]byte("\x00\x05\x00\x07billing"), "\x00\x02m1"...)
	for name, key := range map[string][]byte{
		"commit": commit.AppendTo(nil), "metadata": metadata.AppendTo(nil), "member of a consumer group": member,
	} {
		if got, ok := groupOf(key); !ok || got != "billing" {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	for name, key := range map[string][]byte{"none": nil, "a version alone": {0, 1}, "half a name": {0, 1, 0, 9, 'b'}, "no name": {0, 1, 0xff, 0xff}} {
		if got, ok := groupOf(key); ok {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func FuzzGroupOf(f *testing.F) {
	commit := kmsg.OffsetCommitKey{Version: 1, Group: "billing", Topic: "orders", Partition: 3}
	f.Add(commit.AppendTo(nil))
	f.Add([]byte{0, 1, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, key []byte) {
		name, ok := groupOf(key)
		var want kmsg.OffsetCommitKey
		if want.ReadFrom(key) == nil && (!ok || want.Group != name) {
			t.Errorf("a commit of %q is told to be one of %q, %v", want.Group, name, ok)
		}
	})
}

func FuzzBatches(f *testing.F) {
	batch := kmsg.NewRecordBatch()
	batch.Length, batch.Magic, batch.Records = 52, 2, []byte("abc")
	two := batch.AppendTo(batch.AppendTo(nil))
	f.Add(two)
	f.Add(two[:70])
	f.Add(bytes.Repeat([]byte{0xff}, 30))
	f.Fuzz(func(t *testing.T, data []byte) {
		var together []byte
		for one := range batches(data) {
			if len(one) <= batchHead || int(binary.BigEndian.Uint32(one[8:])) != len(one)-batchHead {
				t.Fatalf("a batch of %d bytes says it has %d", len(one), binary.BigEndian.Uint32(one[8:]))
			}
			together = append(together, one...)
		}
		if !bytes.HasPrefix(data, together) {
			t.Error("the batches are not what there was")
		}
	})
}

// FuzzSigns: whatever a broker sends as the coordinators' records is read to an
// end.
func FuzzSigns(f *testing.F) {
	f.Add([]byte{}, int64(3), int64(9))
	f.Add(bytes.Repeat([]byte{0}, 80), int64(0), int64(1))
	f.Fuzz(func(t *testing.T, data []byte, next, end int64) {
		m := newMemory()
		m.tail.next[0] = next
		said := kmsg.NewFetchResponseTopicPartition()
		said.RecordBatches, said.HighWatermark = data, end
		if m.takeSigns(&said, false) && m.tail.next[0] < next {
			t.Errorf("read back from %d to %d", next, m.tail.next[0])
		}
	})
}

func FuzzAssigned(f *testing.F) {
	member := kmsg.NewConsumerMemberAssignment()
	member.Topics = []kmsg.ConsumerMemberAssignmentTopic{{Topic: "orders", Partitions: []int32{2, 1}}}
	f.Add(member.AppendTo(nil))
	f.Fuzz(func(_ *testing.T, data []byte) { assigned(data) })
}

func TestPlace(t *testing.T) {
	said := func(code int16, leaders ...int32) *kmsg.MetadataResponseTopic {
		s := kmsg.NewMetadataResponseTopic()
		s.Topic, s.ErrorCode = kmsg.StringPtr("orders"), code
		for i, leader := range leaders {
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Partition, p.Leader = int32(i), leader
			s.Partitions = append(s.Partitions, p)
		}
		return &s
	}
	topic := &topic{name: "orders"}
	for _, step := range []struct {
		name    string
		said    *kmsg.MetadataResponseTopic
		news    bool
		parts   int
		trouble string
	}{
		{"new", said(0, 1, 2), true, 2, ""},
		{"the same", said(0, 1, 2), false, 2, ""},
		{"led by another", said(0, 1, 1), true, 2, ""},
		{"led by nobody", said(0, -1, 1), true, 2, "partition 0 has no leader"},
		{"still so", said(0, -1, 1), false, 2, "partition 0 has no leader"},
		{"both", said(0, -1, -1), true, 2, "partition 0 has no leader, and 1 more like it"},
		{"more", said(0, 1, 1, 1), true, 3, ""},
		{"not told", said(kerr.TopicAuthorizationFailed.Code), false, 3, kerr.TopicAuthorizationFailed.Error()},
		{"fewer", said(0, 1), true, 1, ""},
	} {
		if news := topic.place(step.said); news != step.news {
			t.Errorf("%s: news: %v", step.name, news)
		}
		if q := topic.queue(); q.Trouble != step.trouble || len(q.Partitions) != step.parts {
			t.Errorf("%s: %+v", step.name, q)
		}
	}
	odd := said(0, 1)
	odd.Partitions[0].Partition = 1 << 30
	topic.place(odd)
}

func TestStateName(t *testing.T) {
	for state, want := range map[string]string{"": "", "Stable": "stable", "PreparingRebalance": "preparing rebalance"} {
		if got := stateName(state); got != want {
			t.Errorf("%q is %q, want %q", state, got, want)
		}
	}
}

// TestOffsets: lags are those of Kafka's own tools.
func TestOffsets(t *testing.T) {
	known := queue.Known[int64]
	orders := &topic{name: "orders", parts: []part{{start: known(40), end: known(100)}, {}, {start: known(0), end: known(5)}}}
	g := &group{
		kind: queue.GroupClassic,
		commits: []commits{
			{name: "gone", parts: []commit{{partition: 0, offset: 3, lag: -1}}},
			{name: "orders", topic: orders, parts: []commit{{0, 10, -1}, {1, 7, -1}, {2, 9, -1}, {8, 1, -1}}},
		},
		members: []queue.Member{{Assigned: []queue.Assignment{{Queue: "orders", Partitions: []int32{0, 3}}, {Queue: "news", Partitions: []int32{0}}}}},
	}
	want := []queue.Offset{
		{Queue: "gone", Committed: known(3)},
		{Queue: "news"},
		{Queue: "orders", Partition: 0, Committed: known(10), Lag: known(90)}, // before the start: as the tool
		{Queue: "orders", Partition: 1, Committed: known(7)},                  // no end is known
		{Queue: "orders", Partition: 2, Committed: known(9), Lag: known(-4)},  // of another topic, really
		{Queue: "orders", Partition: 3},
		{Queue: "orders", Partition: 8, Committed: known(1)},
	}
	if got := g.offsets(); !cmp.Equal(got, want, counts) {
		t.Errorf("-want +got:\n%s", cmp.Diff(want, got, counts))
	}
}

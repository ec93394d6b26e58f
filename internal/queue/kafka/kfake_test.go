package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// fake is an imitation of Kafka, and a client of it.
type fake struct {
	*kfake.Cluster
	client *kgo.Client
	admin  *kadm.Client
	source *Client
}

func startFake(tb testing.TB, brokers int, opts ...kfake.Opt) fake {
	tb.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(brokers)}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(cluster.Close)
	addresses := cluster.ListenAddrs()
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.Close)
	port, err := strconv.Atoi(addresses[0][strings.LastIndex(addresses[0], ":")+1:])
	if err != nil {
		tb.Fatal(err)
	}
	return fake{Cluster: cluster, client: client, admin: kadm.NewClient(client), source: open(tb, port)}
}

func (f fake) commit(tb testing.TB, group, topic string, offsets ...int64) {
	tb.Helper()
	var list kadm.Offsets
	for partition, at := range offsets {
		list.AddOffset(topic, int32(partition), at, -1)
	}
	if err := f.admin.CommitAllOffsets(tb.Context(), group, list); err != nil {
		tb.Fatal(err)
	}
}

func (f fake) write(tb testing.TB, topic string, partition int32, values ...string) {
	tb.Helper()
	for _, value := range values {
		record := &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
		if err := f.client.ProduceSync(tb.Context(), record).FirstErr(); err != nil {
			tb.Fatal(err)
		}
	}
}

func TestSample(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(2, "orders"), kfake.SeedTopics(1, "empty"))
	f.write(t, "orders", 0, "a", "b", "c")
	f.commit(t, "billing", "orders", 1)
	first := sampleOf(t, f.source)
	q := queueOf(t, first, "orders")
	if q.Depth != queue.Known[int64](3) || q.Written != queue.Known[int64](3) || q.Taken.IsKnown() || len(q.Partitions) != 2 {
		t.Errorf("orders are %+v", q)
	}
	want := []queue.Offset{{Queue: "orders", Committed: queue.Known[int64](1), Lag: queue.Known[int64](2)}}
	if g := groupIn(t, first, "billing"); !cmp.Equal(g.Offsets, want, counts) || g.State != "empty" || g.Kind != queue.GroupClassic {
		t.Errorf("billing is %+v", g)
	}

	second := sampleOf(t, f.source)
	if queueOf(t, second, "orders") != q || groupIn(t, second, "billing") != groupIn(t, first, "billing") {
		t.Error("what has not changed is another value in the next sample")
	}

	f.write(t, "orders", 0, "d")
	f.commit(t, "billing", "orders", 3)
	third := sampleOf(t, f.source)
	if got := lagIn(groupIn(t, third, "billing"), 0); got != queue.Known[int64](1) {
		t.Errorf("lag is %v after a message and a commit more", got)
	}
	if q.Depth != queue.Known[int64](3) {
		t.Error("a sample that was returned has changed")
	}
}

var counts = cmp.AllowUnexported(queue.Count{})

func lagIn(g *queue.Group, partition int32) queue.Count {
	for _, o := range g.Offsets {
		if o.Partition == partition {
			return o.Lag
		}
	}
	return queue.Count{}
}

// TestMembersWithoutCommits: what a member reads is listed, with nothing known.
func TestMembersWithoutCommits(t *testing.T) {
	f := startFake(t, 1, kfake.SeedTopics(2, "orders"))
	f.write(t, "orders", 0, "a")
	member, err := kgo.NewClient(kgo.SeedBrokers(f.ListenAddrs()...), kgo.ConsumerGroup("audit"), kgo.ConsumeTopics("orders"),
		kgo.DisableAutoCommit(), kgo.ClientID("reader"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()
	member.PollFetches(t.Context())
	g := groupIn(t, sampleOf(t, f.source), "audit")
	if len(g.Members) != 1 || g.Members[0].Client != "reader" || g.State != "stable" {
		t.Fatalf("audit is %+v", g)
	}
	want := []queue.Offset{{Queue: "orders", Partition: 0}, {Queue: "orders", Partition: 1}}
	if !cmp.Equal(g.Offsets, want, counts) {
		t.Errorf("its offsets are %+v, want two that are unknown", g.Offsets)
	}
	if assigned := g.Members[0].Assigned; !cmp.Equal(assigned, []queue.Assignment{{Queue: "orders", Partitions: []int32{0, 1}}}) {
		t.Errorf("it reads %+v", assigned)
	}
	member.Close()
	if g := groupIn(t, sampleOf(t, f.source), "audit"); len(g.Members) != 0 || g.State != "empty" {
		t.Errorf("after it left, audit is %+v", g)
	}
}

// TestTopicMadeAgain: a topic of the same name is another.
func TestTopicMadeAgain(t *testing.T) {
	f := startFake(t, 1)
	create := queue.CreateRequest{Name: "orders", Partitions: 3, Settings: map[string]string{"retention.ms": "60000"}}
	if err := f.source.Create(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	f.write(t, "orders", 2, "a", "b")
	if q := queueOf(t, sampleOf(t, f.source), "orders"); q.Written != queue.Known[int64](2) {
		t.Errorf("%v were written", q.Written)
	}
	if err := f.source.Delete(t.Context(), "orders"); err != nil {
		t.Fatal(err)
	}
	create.Partitions = 1
	if err := f.source.Create(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	q := queueOf(t, sampleOf(t, f.source), "orders")
	if q.Written != queue.Known[int64](0) || len(q.Partitions) != 1 || q.Trouble != "" {
		t.Errorf("made again, orders are %+v", q)
	}
	spec, err := f.source.Describe(t.Context(), "orders")
	create.Kind = queue.KindTopic
	if err != nil || !cmp.Equal(spec, create) {
		t.Errorf("described as %+v, %v", spec, err)
	}
	if err := f.source.Create(t.Context(), create); !errors.Is(err, kerr.TopicAlreadyExists) {
		t.Errorf("made a second time: %v", err)
	}
	if _, err := f.source.Describe(t.Context(), "nothing"); !isNotFound(err) {
		t.Errorf("described what is not there: %v", err)
	}
	if err := f.source.Delete(t.Context(), "nothing"); !isNotFound(err) {
		t.Errorf("deleted what is not there: %v", err)
	}
}

func isNotFound(err error) bool {
	_, ok := errors.AsType[*queue.NotFoundError](err)
	return ok
}

// TestPartOfAnAnswerFails: that piece is unknown and says why; the rest stands,
// and all is known again once it is answered.
func TestPartOfAnAnswerFails(t *testing.T) {
	for name, c := range map[string]struct {
		fault kfake.Fault
		check func(t *testing.T, s *queue.Sample)
	}{
		"a partition's offset": {kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: "orders", Partitions: []int32{1}, Err: kerr.LeaderNotAvailable}, func(t *testing.T, s *queue.Sample) {
			q := queueOf(t, s, "orders")
			if q.Depth.IsKnown() || !strings.Contains(q.Trouble, "partition 1: LEADER_NOT_AVAILABLE") || q.Partitions[1].End.IsKnown() {
				t.Errorf("orders are %+v", q)
			}
			if q.Partitions[0].End != queue.Known[int64](2) {
				t.Errorf("the other partition is %+v", q.Partitions[0])
			}
			if g := groupIn(t, s, "billing"); lagIn(g, 1).IsKnown() || lagIn(g, 0) != queue.Known[int64](1) {
				t.Errorf("billing is %+v", g)
			}
		}},
		"a group's offsets": {kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch}, Group: "billing", Err: kerr.CoordinatorLoadInProgress}, func(t *testing.T, s *queue.Sample) {
			g := groupIn(t, s, "billing")
			if !strings.Contains(g.Trouble, "COORDINATOR_LOAD_IN_PROGRESS") || lagIn(g, 0).IsKnown() {
				t.Errorf("billing is %+v", g)
			}
		}},
		"the list of groups": {kfake.Fault{Keys: []kmsg.Key{kmsg.ListGroups}, TopLevel: true, Err: kerr.CoordinatorNotAvailable}, func(t *testing.T, s *queue.Sample) {
			if len(s.Alarms) != 1 || !queueOf(t, s, "orders").Depth.IsKnown() {
				t.Errorf("alarms are %q, orders %+v", s.Alarms, queueOf(t, s, "orders"))
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, 1, kfake.SeedTopics(2, "orders"))
			f.write(t, "orders", 0, "a", "b")
			f.commit(t, "billing", "orders", 1, 0)
			c.fault.Count = -1
			for _, known := range []bool{false, true} {
				fault := f.Fault(c.fault)
				c.check(t, sampleOf(t, f.source))
				fault.Remove()
				s := sampleOf(t, f.source)
				if q := queueOf(t, s, "orders"); q.Trouble != "" || q.Depth != queue.Known[int64](2) {
					t.Errorf("known before: %v: answered again, orders are %+v", known, q)
				}
				if g := groupIn(t, s, "billing"); g.Trouble != "" || lagIn(g, 0) != queue.Known[int64](1) || len(s.Alarms) != 0 {
					t.Errorf("known before: %v: answered again, billing is %+v, alarms %q", known, g, s.Alarms)
				}
			}
		})
	}
}

// TestNobodyThere: a sample ends with its context, and says what was asked.
func TestNobodyThere(t *testing.T) {
	source := open(t, 1)
	if _, err := source.Sample(t.Context()); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error is %v", err)
	}
	f := startFake(t, 1)
	release := make(chan struct{})
	defer close(release)
	f.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		f.SleepControl(func() { <-release })
		return nil, nil, false
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := f.source.Sample(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

// TestSeveralBrokers: each is asked for what it leads and coordinates.
func TestSeveralBrokers(t *testing.T) {
	f := startFake(t, 3, kfake.SeedTopics(6, "orders"))
	for partition := range int32(6) {
		f.write(t, "orders", partition, "a")
	}
	for n := range 9 {
		f.commit(t, fmt.Sprint("group-", n), "orders", 1, 1, 0)
	}
	s := sampleOf(t, f.source)
	if q := queueOf(t, s, "orders"); q.Depth != queue.Known[int64](6) || !q.Bytes.IsKnown() {
		t.Errorf("orders are %+v", q)
	}
	if len(s.Groups) != 9 || s.Nodes != (queue.Nodes{Answering: 3, Known: 3}) {
		t.Errorf("%d groups, nodes %+v", len(s.Groups), s.Nodes)
	}
	for _, g := range s.Groups {
		if lagIn(g, 2) != queue.Known[int64](1) {
			t.Errorf("%+v", g)
		}
	}
}

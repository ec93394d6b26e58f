package rocketmq

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

func find[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return new(T)
}

func TestSample(t *testing.T) {
	server := imitate(t, asRecorded(t))
	source := server.open(t)
	sample, err := source.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sample.Version != "5.4.0" || sample.Nodes != (queue.Nodes{Answering: 1, Known: 1}) || len(sample.Alarms) != 0 {
		t.Errorf("version %q, nodes %+v, alarms %q", sample.Version, sample.Nodes, sample.Alarms)
	}
	orders := find(sample.Queues, func(q *queue.Queue) bool { return q.Name == "orders" })
	if orders.Internal || orders.Depth != queue.Known[int64](21) || orders.Written != queue.Known[int64](21) || len(orders.Partitions) != 4 ||
		orders.Partitions[3] != (queue.Partition{ID: 3, Leader: "broker", Start: queue.Known[int64](0), End: queue.Known[int64](6)}) {
		t.Errorf("orders is %+v", orders)
	}
	for _, q := range sample.Queues {
		if want := q.Name != "orders"; q.Internal != want {
			t.Errorf("%s: internal is %v", q.Name, q.Internal)
		}
	}
	if len(sample.Groups) != 1 {
		t.Fatalf("groups %+v", sample.Groups)
	}
	billing := sample.Groups[0]
	if billing.Name != "billing" || billing.Kind != queue.GroupCluster || billing.State != "online" || len(billing.Members) != 1 ||
		!reflect.DeepEqual(billing.Members[0], queue.Member{ID: "172.19.0.5@c1", Client: "GO", Host: "172.19.0.5:50644"}) {
		t.Errorf("billing is %+v", billing)
	}
	last := billing.Offsets[len(billing.Offsets)-1]
	if last != (queue.Offset{Queue: "orders", Partition: 3, Committed: queue.Known[int64](6), Lag: queue.Known[int64](0)}) {
		t.Errorf("billing is at %+v", last)
	}
	again, err := source.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Queues, sample.Queues) || !slices.Equal(again.Groups, sample.Groups) {
		t.Error("what has not changed is not the same value")
	}
	if again.Requests != 6+len(sample.Queues)+1 {
		t.Errorf("%d requests for %d topics and a group", again.Requests, len(sample.Queues))
	}
}

// TestAlarms sees what is said of a full disk, of brokers that are not asked
// and of a name server that does not answer.
func TestAlarms(t *testing.T) {
	usual := asRecorded(t)
	bodies := map[int]string{
		askRuntime:  `{"table":{"commitLogDiskRatio":"0.985","brokerVersionDesc":"V5_4_0"}}`,
		askClusters: `{"brokerAddrTable":{"a":{"brokerAddrs":{0:"x:1"}},"b":{"brokerAddrs":{0:"y:1",1:"z:1"}}}}`,
	}
	source := imitate(t, func(request frame) (frame, bool) {
		if body, ok := bodies[request.Code]; ok {
			return frame{body: []byte(body)}, true
		}
		return usual(request)
	}).open(t)
	sample, err := source.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sample.Nodes != (queue.Nodes{Answering: 1, Known: 3}) || len(sample.Alarms) != 2 ||
		!strings.Contains(sample.Alarms[0], "knows 3 brokers") || sample.Alarms[1] != "the disk is 98 % full: from 98 % on, messages are refused" {
		t.Errorf("nodes %+v, alarms %q", sample.Nodes, sample.Alarms)
	}
	bodies[askClusters], bodies[askRuntime] = "no JSON", "{}"
	if sample, err = source.Sample(t.Context()); err != nil || len(sample.Alarms) != 1 || !strings.HasPrefix(sample.Alarms[0], "clients find no broker") {
		t.Errorf("alarms %q, %v", sample.Alarms, err)
	}
}

// TestNeverCommitted sees that what a group has not committed is unknown.
func TestNeverCommitted(t *testing.T) {
	usual := asRecorded(t)
	source := imitate(t, func(request frame) (frame, bool) {
		if request.Code == askConsumerOffsets {
			return frame{body: []byte(`{"offsetTable":{"orders@billing":{1:-1,2:1},"gone@billing":{0:4}}}`)}, true
		}
		return usual(request)
	}).open(t)
	sample, err := source.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range sample.Groups[0].Offsets {
		switch {
		case o.Queue == "gone":
			t.Error("a topic that is not there is shown")
		case o.Queue == "orders" && o.Partition == 2:
			if o.Committed != queue.Known[int64](1) || o.Lag != queue.Known[int64](4) {
				t.Errorf("queue 2 is at %+v", o)
			}
		case o.Committed.IsKnown() || o.Lag.IsKnown():
			t.Errorf("%+v, though nothing was committed", o)
		}
	}
}

func TestChoose(t *testing.T) {
	all := map[string]bool{}
	for i := range 100 {
		all[fmt.Sprintf("t%02d", i)] = i < 50
	}
	asked, seen := map[string]int{}, map[string]int{}
	for round := 1; round <= 30; round++ {
		names := choose(all, 24, func(name string) (bool, int) { return all[name], asked[name] })
		if len(names) != 24 {
			t.Fatalf("%d names", len(names))
		}
		for _, name := range names {
			asked[name] = round
			seen[name]++
		}
	}
	for name, preferred := range all {
		if least := map[bool]int{true: 8, false: 1}[preferred]; seen[name] < least {
			t.Errorf("%s was asked %d times", name, seen[name])
		}
	}
}

// TestRecovery sees that a connection that ended is made anew, and that a
// server which does not answer holds nobody longer than the context.
func TestRecovery(t *testing.T) {
	server := imitate(t, asRecorded(t))
	source := server.open(t)
	if _, err := source.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.drop()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if _, err := source.Sample(t.Context()); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not come back")
		}
	}
	source.Close()
	if _, err := source.Sample(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("a closed source says %v", err)
	}

	silent := imitate(t, func(frame) (frame, bool) { return frame{}, false }).open(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("too late"))
	defer cancel()
	if _, err := silent.Sample(ctx); err == nil || !strings.Contains(err.Error(), "too late") {
		t.Errorf("a silent broker: %v", err)
	}
}

// TestTooLateToDial sees that whoever has no time left for a connection is told
// the context's reason, and not that the server does not answer.
func TestTooLateToDial(t *testing.T) {
	server := imitate(t, asRecorded(t))
	ctx, cancel := context.WithDeadlineCause(t.Context(), time.Now(), errors.New("too late"))
	defer cancel()
	for range 20 { // it is seen before or while dialling, by chance
		source := server.open(t)
		if _, err := source.Sample(ctx); err == nil || !strings.Contains(err.Error(), "too late") {
			t.Fatalf("got %v", err)
		}
	}
}

// TestHostile sees that a port that is none of RocketMQ's is said to be so.
func TestHostile(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write(binary.BigEndian.AppendUint64(nil, 0xffffffff_ffffffff))
		}
	}()
	c := newClient("broker", listener.Addr().String())
	defer c.close()
	var a asker
	if _, err := a.ask(t.Context(), c, askRuntime, nil, nil); err == nil || !strings.Contains(err.Error(), "is this a RocketMQ port?") {
		t.Errorf("got %v", err)
	}
}

// TestWhyItEnded sees that a request on a connection that has ended is told why
// it has, and not that one cannot write to it.
func TestWhyItEnded(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := newConnection(ours)
	if _, err := theirs.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-c.done
	for range 20 { // a request goes one of two ways, by chance
		_, err := c.ask(t.Context(), frame{})
		if err == nil || !strings.Contains(err.Error(), "is this a RocketMQ port?") {
			t.Fatalf("got %v", err)
		}
	}
}

// large answers as a broker of 1000 topics, each read by one of as many groups.
func large(t testing.TB) func(frame) (frame, bool) {
	t.Helper()
	usual := asRecorded(t)
	var topics, offsets, groups strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&topics, `%s"t%d":{"perm":6,"readQueueNums":8,"writeQueueNums":8}`, comma(i), i)
		fmt.Fprintf(&groups, `%s"g%d":{"consumeEnable":true}`, comma(i), i)
		fmt.Fprintf(&offsets, `%s"t%d@g%d":{0:1,1:1,2:1,3:1,4:1,5:1,6:1,7:1}`, comma(i), i, i)
	}
	bodies := map[int][]byte{
		askTopicConfigs:    []byte(`{"dataVersion":{"counter":1},"topicConfigTable":{` + topics.String() + `}}`),
		askConsumerOffsets: []byte(`{"offsetTable":{` + offsets.String() + `}}`),
		askGroupConfigs:    []byte(`{"dataVersion":{"counter":1},"subscriptionGroupTable":{` + groups.String() + `}}`),
	}
	stats := recorded(t, "stats-orders.json")
	return func(request frame) (frame, bool) {
		switch body, ok := bodies[request.Code]; {
		case request.Fields["dataVersion"] != "":
			return frame{body: []byte(`{"dataVersion":{"counter":1}}`)}, true
		case ok:
			return frame{body: body}, true
		case request.Code == askTopicStats:
			return frame{body: stats}, true
		}
		return usual(request)
	}
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// TestInTurn sees that a large broker is asked little at once, and for
// everything in the end.
func TestInTurn(t *testing.T) {
	source := imitate(t, large(t)).open(t)
	var sample *queue.Sample
	for range 1000/(mostGroups*3/4) + 1 {
		var err error
		if sample, err = source.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		if sample.Requests > 8+mostTopics+mostGroups {
			t.Fatalf("%d requests", sample.Requests)
		}
	}
	if len(sample.Queues) != 1000 || len(sample.Groups) != 1000 {
		t.Fatalf("%d queues, %d groups", len(sample.Queues), len(sample.Groups))
	}
	for i, g := range sample.Groups {
		if q := sample.Queues[i]; !q.Depth.IsKnown() || g.State == "" || len(g.Offsets) != 8 || g.Offsets[3].Lag != queue.Known[int64](5) {
			t.Fatalf("%s is %+v, %s is %+v", q.Name, q.Depth, g.Name, g)
		}
	}
}

// BenchmarkSample samples a broker of 1000 topics and as many groups, of which
// nothing changes.
func BenchmarkSample(b *testing.B) {
	source := imitate(b, large(b)).open(b)
	for b.Loop() {
		if _, err := source.Sample(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

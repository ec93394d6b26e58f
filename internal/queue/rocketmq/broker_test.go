//go:build e2e

package rocketmq

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/rlog"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/queuetest"
)

const upstream = "docker.io/apache/rocketmq:5.4.0"

// pair is a name server and a broker which tells clients an address of this
// machine.
type pair struct {
	*Source
	broker  queuetest.Broker
	inside  string // the name server, for programs in containers
	outside string // and on this machine
}

func start(t *testing.T) pair {
	t.Helper()
	heap := "-Xms%[1]s -Xmx%[1]s -XX:MaxDirectMemorySize=128m -XX:G1HeapRegionSize=1m -XX:-AlwaysPreTouch"
	atNamesrv, atBroker := queuetest.FreePort(t), queuetest.FreePort(t)
	namesrv := queuetest.Start(t, queuetest.Spec{
		Image: upstream, Cmd: []string{"sh", "mqnamesrv"}, Ports: map[int]int{atNamesrv: 9876},
		Env: map[string]string{"JAVA_OPT_EXT": fmt.Sprintf(heap, "64m")},
	})
	ip, err := namesrv.ContainerIP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside := net.JoinHostPort(ip, "9876")
	settings := []string{
		"brokerClusterName=DefaultCluster", "brokerName=broker", "brokerId=0", "brokerIP1=127.0.0.1",
		"listenPort=" + strconv.Itoa(atBroker), "mappedFileSizeCommitLog=16777216", "diskMaxUsedSpaceRatio=95",
		"diskSpaceCleanForciblyRatio=97", "diskSpaceWarningLevelRatio=98", "defaultTopicQueueNums=3",
	}
	broker := queuetest.Start(t, queuetest.Spec{
		Image: upstream, Cmd: []string{"sh", "mqbroker", "-c", "/tmp/broker.conf"}, Ports: map[int]int{atBroker: atBroker},
		Env:   map[string]string{"JAVA_OPT_EXT": fmt.Sprintf(heap, "192m"), "NAMESRV_ADDR": inside},
		Files: map[string]string{"/tmp/broker.conf": strings.Join(settings, "\n")},
	})
	source, err := Open(queue.Access{
		"namesrv": {Host: "127.0.0.1", Port: atNamesrv}, "broker": {Host: "127.0.0.1", Port: atBroker},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	p := pair{source.(*Source), broker, inside, net.JoinHostPort("127.0.0.1", strconv.Itoa(atNamesrv))}
	p.until(t, "the broker is known to its name server", func(s *queue.Sample) bool { return len(s.Alarms) == 0 })
	return p
}

// until samples until it is so.
func (p pair) until(t *testing.T, what string, so func(*queue.Sample) bool) *queue.Sample {
	t.Helper()
	deadline := time.After(90 * time.Second)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		sample, err := p.Sample(t.Context())
		if err == nil && so(sample) {
			return sample
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 90 s: %s; last: %+v, %v", what, sample, err)
		}
	}
}

// consume reads a topic as a group until it has so many messages, and leaves.
func (p pair) consume(t *testing.T, group, topic string, number int) {
	t.Helper()
	rlog.SetLogLevel("fatal")
	c, err := rocketmq.NewPushConsumer(
		consumer.WithNameServer([]string{p.outside}), consumer.WithGroupName(group), consumer.WithInstance(group),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{}, 1000)
	err = c.Subscribe(topic, consumer.MessageSelector{}, func(_ context.Context, list ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for range list {
			read <- struct{}{}
		}
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range number {
		select {
		case <-read:
		case <-time.After(time.Minute):
			t.Fatalf("%s read %d of %d messages within a minute of the last", group, i, number)
		}
	}
	p.until(t, group+" has a member", func(s *queue.Sample) bool {
		g := groupOf(s, group)
		return g != nil && len(g.Members) == 1 && g.State == "online" && g.Members[0].Client == "GO"
	})
	plan, err := p.PlanReset(t.Context(), queue.ResetRequest{Group: group, Queue: topic, To: queue.ResetStart})
	if err != nil || plan.Refused != "1 member is active; stop it first" {
		t.Errorf("with a member the plan is %+v, %v", plan, err)
	}
	if err := c.Shutdown(); err != nil {
		t.Fatal(err)
	}
	p.until(t, group+" has no member", func(s *queue.Sample) bool {
		g := groupOf(s, group)
		return g.State == "not online" && sumOf(g, topic, func(o queue.Offset) queue.Count { return o.Committed }) == int64(number)
	})
}

func groupOf(s *queue.Sample, name string) *queue.Group {
	for _, g := range s.Groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}

func queueOf(s *queue.Sample, name string) *queue.Queue {
	for _, q := range s.Queues {
		if q.Name == name {
			return q
		}
	}
	return nil
}

func sumOf(g *queue.Group, topic string, of func(queue.Offset) queue.Count) (sum int64) {
	for _, o := range g.Offsets {
		if o.Queue == topic {
			sum += of(o).Or(0)
		}
	}
	return sum
}

// TestBroker sees that every number is the one that mqadmin reports, and that
// what is done to the broker is seen by it.
func TestBroker(t *testing.T) {
	p := start(t)
	ctx := t.Context()
	for name, partitions := range map[string]int32{"orders": 4, "usual": 0, "quiet": 1} {
		if err := p.Create(ctx, queue.CreateRequest{Name: name, Partitions: partitions}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Create(ctx, queue.CreateRequest{Name: "orders"}); err == nil {
		t.Error("a topic was made twice")
	}
	if err := p.Create(ctx, queue.CreateRequest{Name: "fifo", Partitions: 2, Settings: map[string]string{"message.type": "FIFO"}}); err != nil {
		t.Error(err)
	}
	for i := range 40 {
		r := queue.ProduceRequest{Queue: "orders", Key: []byte("k" + strconv.Itoa(i)), Value: []byte("value " + strconv.Itoa(i)), Headers: []queue.Header{{Name: "TAGS", Value: []byte("a")}}}
		if i < 12 {
			r.Partition = queue.Known(int64(i % 2))
		}
		if written, err := p.Produce(ctx, r); err != nil || i < 12 && written.Partition != int32(i%2) {
			t.Fatalf("message %d: %+v, %v", i, written, err)
		}
	}
	p.consume(t, "billing", "orders", 40)
	for i := range 5 {
		if _, err := p.Produce(ctx, queue.ProduceRequest{Queue: "orders", Partition: queue.Known[int64](2), Value: []byte{byte(i), 0xff, 0x1b}}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("numbers", func(t *testing.T) { compare(t, p) })
	t.Run("peek", func(t *testing.T) { peek(t, p) })
	t.Run("reset", func(t *testing.T) { reset(t, p) })
	t.Run("delete", func(t *testing.T) { remove(t, p) })
}

func remove(t *testing.T, p pair) {
	t.Helper()
	if err := p.Delete(t.Context(), "quiet"); err != nil {
		t.Fatal(err)
	}
	sample, err := p.Sample(t.Context())
	if err != nil || queueOf(sample, "quiet") != nil {
		t.Errorf("quiet is still there: %v", err)
	}
	if err := p.Delete(t.Context(), "TBW102"); err == nil {
		t.Error("a topic of RocketMQ's own was deleted")
	}
	if list := p.broker.Run(t, "sh", "mqadmin", "topicList", "-n", p.inside); strings.Contains(list, "quiet") {
		t.Errorf("mqadmin still lists it:\n%s", list)
	}
}

// table reads the rows of mqadmin's output that have a number of columns.
func table(text string, columns int) [][]string {
	var rows [][]string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) >= columns && !strings.HasPrefix(line, "#") {
			rows = append(rows, fields)
		}
	}
	return rows
}

func compare(t *testing.T, p pair) {
	t.Helper()
	sample, err := p.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sample.Version != "5.4.0" || sample.Nodes != (queue.Nodes{Answering: 1, Known: 1}) {
		t.Errorf("version %s, nodes %+v", sample.Version, sample.Nodes)
	}
	for topic, queues := range map[string]int{"orders": 4, "usual": 3, "fifo": 2} {
		got := map[string]string{}
		for _, part := range queueOf(sample, topic).Partitions {
			got[strconv.Itoa(int(part.ID))] = part.Leader + " " + part.Start.String() + " " + part.End.String()
		}
		want := map[string]string{}
		// broker, queue, min offset, max offset, last updated
		text := p.broker.Run(t, "sh", "mqadmin", "topicStatus", "-n", p.inside, "-t", topic)
		for _, row := range table(text, 4) {
			if row[0] != "broker" {
				continue
			}
			want[row[1]] = row[0] + " " + row[2] + " " + row[3]
		}
		if len(want) != queues || !maps.Equal(got, want) {
			t.Errorf("%s is %v, and mqadmin says %v:\n%s", topic, got, want, text)
		}
	}
	got := map[string]string{}
	for _, o := range groupOf(sample, "billing").Offsets {
		if end, ok := o.Committed.Get(); ok {
			got[o.Queue+" "+strconv.Itoa(int(o.Partition))] = strconv.FormatInt(end, 10) + " " + o.Lag.String()
		}
	}
	want := map[string]string{}
	// topic, broker, queue, broker offset, consumer offset, diff, …
	text := p.broker.Run(t, "sh", "mqadmin", "consumerProgress", "-n", p.inside, "-g", "billing")
	for _, row := range table(text, 6) {
		if _, err := strconv.Atoi(row[2]); err == nil && row[1] == "broker" {
			lag, _ := strconv.Atoi(row[3])
			read, _ := strconv.Atoi(row[4])
			want[row[0]+" "+row[2]] = row[4] + " " + strconv.Itoa(lag-read)
		}
	}
	for key, value := range got {
		if want[key] != value {
			t.Errorf("%s is at %s, and mqadmin says %q:\n%s", key, value, want[key], text)
		}
	}
	if lag := sumOf(groupOf(sample, "billing"), "orders", func(o queue.Offset) queue.Count { return o.Lag }); lag != 5 {
		t.Errorf("the lag is %d, not the 5 that were written since", lag)
	}
	if len(got) < 4 {
		t.Errorf("only %v", got)
	}
}

func peek(t *testing.T, p pair) {
	t.Helper()
	before := committedOf(t, p)
	for _, c := range []struct {
		name string
		r    queue.PeekRequest
		want int
	}{
		{"all", queue.PeekRequest{From: queue.FromOldest, Limit: 1000}, 45},
		{"some", queue.PeekRequest{From: queue.FromNewest, Limit: 7, MostBytes: 2}, 7},
		{"from an offset", queue.PeekRequest{From: queue.FromOffset, Offset: 2, Partition: queue.Known[int64](0), Limit: 3}, 3},
		{"later", queue.PeekRequest{From: queue.FromTime, Time: time.Now().Add(time.Hour), Limit: 3}, 0},
		{"earlier", queue.PeekRequest{From: queue.FromTime, Time: time.Now().Add(-time.Hour), Limit: 3}, 3},
	} {
		c.r.Queue = "orders"
		var got []queue.Message
		err := p.Peek(t.Context(), c.r, func(m queue.Message) error { got = append(got, m); return nil })
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d messages and not %d: %v", c.name, len(got), c.want, err)
		}
		if c.name == "all" && !slices.ContainsFunc(got, func(m queue.Message) bool {
			return string(m.Key) == "k7" && string(m.Value) == "value 7" && m.Partition == 1 && m.Position == "3" && slices.ContainsFunc(m.Headers, func(h queue.Header) bool { return h.Name == "TAGS" && string(h.Value) == "a" })
		}) {
			t.Errorf("message 7 is not among %+v", got)
		}
	}
	if after := committedOf(t, p); after != before {
		t.Errorf("looking moved the group from %d to %d", before, after)
	}
	if _, err := p.Produce(t.Context(), queue.ProduceRequest{Queue: "no-such", Value: []byte("a")}); err == nil || err.Error() != `there is no topic "no-such"` {
		t.Errorf("writing to a topic that is not there: %v", err)
	}
}

func committedOf(t *testing.T, p pair) int64 {
	t.Helper()
	sample, err := p.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sumOf(groupOf(sample, "billing"), "orders", func(o queue.Offset) queue.Count { return o.Committed })
}

func reset(t *testing.T, p pair) {
	t.Helper()
	ctx := t.Context()
	for _, c := range []struct {
		r    queue.ResetRequest
		want int64
	}{
		{queue.ResetRequest{To: queue.ResetStart}, 0},
		{queue.ResetRequest{To: queue.ResetEnd}, 45},
		{queue.ResetRequest{To: queue.ResetShift, Value: -2, Partition: queue.Known[int64](0)}, 43},
		{queue.ResetRequest{To: queue.ResetTime, Time: time.Now().Add(-time.Hour)}, 0},
		{queue.ResetRequest{To: queue.ResetOffset, Value: 3}, 12},
	} {
		c.r.Group, c.r.Queue = "billing", "orders"
		plan, err := p.PlanReset(ctx, c.r)
		if err != nil || plan.Refused != "" {
			t.Fatalf("%+v: %+v, %v", c.r, plan, err)
		}
		if err := p.Reset(ctx, plan); err != nil {
			t.Fatal(err)
		}
		if at := committedOf(t, p); at != c.want {
			t.Errorf("%s: the group is at %d and not at %d", c.r.To, at, c.want)
		}
		if c.r.To == queue.ResetEnd {
			if err := p.Reset(ctx, plan); err == nil {
				t.Error("a plan was carried out a second time, though the group is elsewhere by now")
			}
		}
	}
	if _, err := p.PlanReset(ctx, queue.ResetRequest{Group: "nobody", Queue: "orders", To: queue.ResetEnd}); err == nil {
		t.Error("a group that is not there was reset")
	}
}

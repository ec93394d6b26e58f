//go:build e2e

package rocketmq

import (
	"context"
	"fmt"
	"net"
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
	var atNamesrv, atBroker int
	namesrv := queuetest.Start(t, func() queuetest.Spec {
		atNamesrv = queuetest.FreePort(t)
		return queuetest.Spec{
			Image: upstream, Cmd: []string{"sh", "mqnamesrv"}, Ports: map[int]int{atNamesrv: 9876},
			Env: map[string]string{"JAVA_OPT_EXT": fmt.Sprintf(heap, "64m")},
		}
	})
	ip, err := namesrv.ContainerIP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside := net.JoinHostPort(ip, "9876")
	settings := []string{
		"brokerClusterName=DefaultCluster", "brokerName=broker", "brokerId=0", "brokerIP1=127.0.0.1",
		"mappedFileSizeCommitLog=16777216", "diskMaxUsedSpaceRatio=95",
		"diskSpaceCleanForciblyRatio=97", "diskSpaceWarningLevelRatio=98", "defaultTopicQueueNums=3",
	}
	broker := queuetest.Start(t, func() queuetest.Spec {
		atBroker = queuetest.FreePort(t) // its clients are told where it listens
		return queuetest.Spec{
			Image: upstream, Cmd: []string{"sh", "mqbroker", "-c", "/tmp/broker.conf"}, Ports: map[int]int{atBroker: atBroker},
			Env:   map[string]string{"JAVA_OPT_EXT": fmt.Sprintf(heap, "192m"), "NAMESRV_ADDR": inside},
			Files: map[string]string{"/tmp/broker.conf": strings.Join(append(settings, "listenPort="+strconv.Itoa(atBroker)), "\n")},
		}
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

// catchesUp bounds how long something may take that has to come: it ends a hang.
const catchesUp = 5 * time.Minute

// until samples until it is so.
func (p pair) until(t *testing.T, what string, so func(*queue.Sample) bool) *queue.Sample {
	t.Helper()
	deadline := time.After(catchesUp)
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
			t.Fatalf("not within %v: %s; last: %s, %v", catchesUp, what, groupsOf(sample), err)
		}
	}
}

// groupsOf are the groups of a sample, if there is one, for messages.
func groupsOf(s *queue.Sample) string {
	if s == nil {
		return "no sample"
	}
	var all []string
	for _, g := range s.Groups {
		all = append(all, fmt.Sprintf("%+v", *g))
	}
	return strings.Join(all, "; ")
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
		case <-time.After(catchesUp):
			t.Fatalf("%s read %d of %d messages, and none for %v", group, i, number, catchesUp)
		}
	}
	// It commits every 5 s, and when it leaves only what it had noted by then.
	p.until(t, group+" has a member, and has committed", func(s *queue.Sample) bool {
		g := groupOf(s, group)
		return g != nil && len(g.Members) == 1 && g.State == "online" && g.Members[0].Client == "GO" &&
			sumOf(g, topic, func(o queue.Offset) queue.Count { return o.Committed }) == int64(number)
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
	// The broker answers once it has a message in its log, and numbers it a
	// little later.
	p.until(t, "all messages are in their queues", func(s *queue.Sample) bool {
		return sumOf(groupOf(s, "billing"), "orders", func(o queue.Offset) queue.Count { return o.Lag }) == 5
	})
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

package tuitest

import (
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// Queues are the brokers of a platform in six samples, the newest last: a
// group of Kafka's falls behind and another catches up, RabbitMQ raises an
// alarm, RocketMQ has not answered for 12 seconds, Redis has a stream and a
// list.
func Queues() [][]*queue.Broker {
	const samples = 6
	out := make([][]*queue.Broker, samples)
	for i := range out {
		at := Noon().Add(time.Duration(i-samples+1)*time.Second - 400*time.Millisecond)
		out[i] = []*queue.Broker{kafkaAt(at, i), rabbitAt(at, i), rocketAt(), redisAt(at, i)}
	}
	return out
}

// AtRest are the newest of [Queues].
func AtRest() []*queue.Broker {
	all := Queues()
	return all[len(all)-1]
}

func known(n int64) queue.Count     { return queue.Known(n) }
func per(second float64) queue.Rate { return queue.Known(second) }

func sampled(at time.Time) queue.Sampled {
	return queue.Sampled{At: at, Took: 18 * time.Millisecond, Requests: 5, Every: time.Second}
}

func kafkaAt(at time.Time, i int) *queue.Broker {
	behind := []int64{2410, 3980, 6100, 8204, 10330, 12904}[i]
	catching := []int64{2210, 1720, 1305, 980, 662, 410}[i]
	in := []float64{96, 102, 118, 160, 188, 212}[i]
	topic := func(name string, parts int, depth queue.Count, in, out queue.Rate, groups int, lag queue.WorstLag) *queue.Status {
		return &queue.Status{Name: name, Kind: queue.KindTopic, Partitions: parts, Depth: depth, In: in, Out: out, Groups: groups, Lag: lag, Bytes: known(64 << 20)}
	}
	offsets := topic("__consumer_offsets", 50, known(8123), per(9.5), queue.Rate{}, 0, queue.WorstLag{})
	offsets.Internal = true
	broken := topic("payments-支付-订单", 6, known(41200), per(0), per(0), 1, queue.WorstLag{Lag: known(0), Group: "billing", Trend: per(0)})
	broken.Trouble = "partition 3 has no leader"
	in1 := queue.GroupInQueue{Queue: "inference-completed", Lag: known(behind), Consumed: known(171316), Rate: per(84.1), Trend: per(127.9), Waiting: at.Add(-153 * time.Second)}
	return &queue.Broker{
		Stack: "kafka", System: "kafka", Phase: queue.PhaseAnswering, Since: at.Add(-131 * time.Minute), Version: "4.3.1",
		Nodes: queue.Nodes{Answering: 1, Known: 1}, Sampled: sampled(at),
		Queues: []*queue.Status{
			offsets,
			topic("audit", 1, queue.Count{}, queue.Rate{}, queue.Rate{}, 0, queue.WorstLag{}),
			topic("features", 3, known(96004), per(40.1), per(40.1), 1, queue.WorstLag{Lag: known(0), Group: "features", Trend: per(0)}),
			topic("inference-completed", 3, known(184220), per(in), per(148.2), 4, queue.WorstLag{Lag: known(behind), Group: "billing", Trend: per(127.9)}),
			broken,
		},
		Groups: []*queue.GroupStatus{
			{Name: "billing", Kind: queue.GroupClassic, State: "stable", Members: 1, Committed: true, Queues: []queue.GroupInQueue{
				in1, {Queue: "payments-支付-订单", Lag: known(0), Consumed: known(41200), Rate: per(0), Trend: per(0)},
			}},
			{Name: "features", Kind: queue.GroupConsumer, State: "stable", Members: 3, Committed: true, Queues: []queue.GroupInQueue{
				{Queue: "features", Lag: known(0), Consumed: known(96004), Rate: per(40.1), Trend: per(0)},
			}},
			{Name: "fraud", Kind: queue.GroupClassic, State: "stable", Members: 1, Queues: []queue.GroupInQueue{
				{Queue: "inference-completed", Unknown: 3},
			}},
			{Name: "log", Kind: queue.GroupClassic, State: "stable", Members: 1, Committed: true, Queues: []queue.GroupInQueue{
				{Queue: "inference-completed", Lag: known(3), Consumed: known(184217), Rate: per(212), Trend: per(0.4)},
			}},
			{Name: "nightly", Kind: queue.GroupClassic, State: "empty", Committed: true, Trouble: "its offsets are no longer there: messages were deleted before they were read", Queues: []queue.GroupInQueue{
				{Queue: "audit", Consumed: known(12), Unknown: 1},
			}},
			{Name: "user-profile", Kind: queue.GroupClassic, State: "preparing rebalance", Members: 2, Committed: true, Queues: []queue.GroupInQueue{
				{Queue: "inference-completed", Lag: known(catching), Consumed: known(183810), Rate: per(260.4), Trend: per(-48.4), Drain: per(8.4)},
			}},
		},
	}
}

func rabbitAt(at time.Time, i int) *queue.Broker {
	waiting := []int64{40, 80, 120, 160, 200, 240}[i]
	return &queue.Broker{
		Stack: "rabbitmq", System: "rabbitmq", Phase: queue.PhaseAnswering, Since: at.Add(-131 * time.Minute), Version: "4.3.1",
		Nodes: queue.Nodes{Answering: 1, Known: 1}, Sampled: sampled(at),
		Alarms: []string{"memory alarm on rabbit@rabbitmq-0: publishers are made to wait"},
		Queues: []*queue.Status{
			{Name: "invoices", Kind: queue.KindQuorum, State: "running", Depth: known(waiting), Unacknowledged: known(0), Consumers: known(0), In: per(40), Out: per(0), Lag: queue.WorstLag{Lag: known(waiting), Trend: per(40)}},
			{Name: "mails", Kind: queue.KindClassic, State: "running", Depth: known(31), Unacknowledged: known(25), Consumers: known(2), In: per(12.5), Out: per(12.5), Lag: queue.WorstLag{Lag: known(6), Trend: per(0)}},
			{Name: "orders", Kind: queue.KindExchange, In: per(52.5), Out: per(52.5)},
		},
	}
}

func rocketAt() *queue.Broker {
	at := Noon().Add(-12 * time.Second)
	return &queue.Broker{
		Stack: "rocketmq", System: "rocketmq", Phase: queue.PhaseSilent, Since: at, Why: "dial 127.0.0.1:10911: connection refused", Version: "5.4.0",
		Nodes: queue.Nodes{Answering: 1, Known: 1}, Sampled: sampled(at),
		Queues: []*queue.Status{
			{Name: "shipments", Kind: queue.KindTopic, Partitions: 8, Depth: known(1200), In: per(3), Out: per(3), Groups: 1, Lag: queue.WorstLag{Lag: known(17), Group: "warehouse", Trend: per(2)}},
		},
		Groups: []*queue.GroupStatus{
			{Name: "warehouse", Kind: queue.GroupCluster, Members: 1, Committed: true, Queues: []queue.GroupInQueue{{Queue: "shipments", Lag: known(17), Consumed: known(1183), Rate: per(3), Trend: per(2)}}},
		},
	}
}

func redisAt(at time.Time, i int) *queue.Broker {
	return &queue.Broker{
		Stack: "redis", System: "redis", Phase: queue.PhaseAnswering, Since: at.Add(-131 * time.Minute), Version: "8.6",
		Nodes: queue.Nodes{Answering: 1, Known: 1}, Sampled: sampled(at),
		Queues: []*queue.Status{
			{Name: "clicks", Kind: queue.KindStream, Depth: known(5000), In: per(5), Out: per(5), Groups: 1, Lag: queue.WorstLag{Lag: known(int64(20 - i)), Group: "counters", Trend: per(-1)}},
			{Name: "jobs", Kind: queue.KindList, Depth: known(14), Lag: queue.WorstLag{Lag: known(14), Trend: per(0)}},
		},
		Groups: []*queue.GroupStatus{
			{Name: "counters", Kind: queue.GroupStream, Members: 1, Committed: true, Queues: []queue.GroupInQueue{
				{Queue: "clicks", Lag: known(int64(20 - i)), Pending: known(2), Consumed: known(4985), Rate: per(6), Trend: per(-1), Drain: per(15)},
			}},
		},
	}
}

// Crowd is a broker of many queues and groups, each group in one queue.
func Crowd(queues, groups int) *queue.Broker {
	b := &queue.Broker{
		Stack: "kafka", System: "kafka", Phase: queue.PhaseAnswering, Since: Noon().Add(-time.Hour), Version: "4.3.1",
		Nodes: queue.Nodes{Answering: 1, Known: 1}, Sampled: sampled(Noon()),
	}
	for i := range queues {
		b.Queues = append(b.Queues, &queue.Status{
			Name: "topic-" + padded(i), Kind: queue.KindTopic, Partitions: 8, Depth: known(int64(i) * 1000), In: per(float64(i % 97)), Out: per(float64(i % 89)),
			Groups: groups / max(queues, 1), Lag: queue.WorstLag{Lag: known(int64(i * 7919 % 10007)), Group: "group-00000", Trend: per(float64(i%13) - 6)},
		})
	}
	for i := range groups {
		b.Groups = append(b.Groups, &queue.GroupStatus{
			Name: "group-" + padded(i), Kind: queue.GroupClassic, State: "stable", Members: 1, Committed: true, Queues: []queue.GroupInQueue{
				{Queue: "topic-" + padded(i%max(queues, 1)), Lag: known(int64(i * 7919 % 10007)), Consumed: known(int64(i)), Rate: per(float64(i % 89)), Trend: per(float64(i%13) - 6)},
			},
		})
	}
	return b
}

func padded(i int) string {
	digits := strconv.Itoa(i)
	return "00000"[:max(5-len(digits), 0)] + digits
}

package rocketmq

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// producerGroup is the group that messages are written as; brokers need not
// know it.
const producerGroup = "CLIENT_INNER_PRODUCER"

// The answers to a message that is stored but not yet as safe as is wished
// (SendStatus of RocketMQ).
const (
	flushDiskTimeout  = 10
	replicaAway       = 11
	flushSlaveTimeout = 12
)

// Produce writes a message. The key is the property KEYS, which are keys with
// blanks between; headers are properties, TAGS among them.
func (s *Source) Produce(ctx context.Context, r queue.ProduceRequest) (queue.Written, error) {
	if len(r.Value) == 0 {
		return queue.Written{}, &queue.CannotError{What: "RocketMQ keeps no message without a value"}
	}
	var a asker
	config, err := s.topicConfig(ctx, &a, r.Queue)
	if err != nil {
		return queue.Written{}, err
	}
	wanted, fixed := r.Partition.Get()
	if fixed && (wanted < 0 || wanted >= int64(config.WriteQueues)) {
		return queue.Written{}, noQueue(r.Queue, wanted, config.WriteQueues)
	}
	if !fixed {
		wanted = -1 // the broker takes any
	}
	headers, later, err := propertiesOf(r)
	if err != nil {
		return queue.Written{}, err
	}
	answer, err := a.ask(ctx, s.broker, askSend, map[string]string{
		"a": producerGroup, "b": r.Queue, "c": "TBW102", "d": strconv.Itoa(int(config.WriteQueues)),
		"e": strconv.FormatInt(wanted, 10), "f": "0", "g": strconv.FormatInt(time.Now().UnixMilli(), 10), "h": "0",
		"i": headers, "j": "0", "k": "false", "m": "false",
	}, r.Value)
	if err != nil && !refusedWith(err, flushDiskTimeout, replicaAway, flushSlaveTimeout) {
		return queue.Written{}, err
	}
	if later { // it lies elsewhere until its time
		return queue.Written{Partition: int32(max(wanted, 0))}, nil //nolint:gosec // below the number of queues
	}
	id, err := field(answer, "queueId")
	if err != nil {
		return queue.Written{}, err
	}
	return queue.Written{Partition: int32(id), Position: answer.Fields["queueOffset"]}, nil //nolint:gosec // of the broker, below the number of queues
}

// propertiesOf are the properties of a message; later is true where one of them
// says that it is to come later.
func propertiesOf(r queue.ProduceRequest) (text string, later bool, err error) {
	var list []queue.Header
	if len(r.Key) > 0 {
		list = append(list, queue.Header{Name: keysProperty, Value: r.Key})
	}
	for _, h := range r.Headers {
		switch h.Name {
		case keysProperty:
			return "", false, &queue.CannotError{What: "the header KEYS is the message's key; give it as that"}
		case "TRAN_MSG", "REAL_TOPIC", "REAL_QID", "RETRY_TOPIC", "INNER_NUM":
			return "", false, &queue.CannotError{What: "the header " + h.Name + " belongs to RocketMQ itself"}
		}
		later = later || slices.Contains([]string{"DELAY", "TIMER_DELAY_SEC", "TIMER_DELAY_MS", "TIMER_DELIVER_MS"}, h.Name)
		list = append(list, h)
	}
	text, err = writeProperties(list)
	return text, later, err
}

package tuitest

import (
	"encoding/binary"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// NewBrokers answers with details of the brokers of [AtRest].
func NewBrokers() *Brokers {
	return &Brokers{
		Queues: map[string]*queue.Queue{"inference-completed": completed(), "clicks": {Name: "clicks", Kind: queue.KindStream, Depth: known(5000)}},
		Groups: map[string]*queue.Group{"billing": billingGroup()},
		Messages: []queue.Message{
			message(0, "61401", "order-1", `{"model":"resnet50","latency_ms":812,"labels":["cat","支付"],"trace":"9f2c41","at":{"zone":"eu","node":3}}`),
			message(1, "61402", "order-2", "plain text\nin two lines"),
			message(2, "61403", "", "\x1b[2J\x1b]0;owned\x07evil \u202etxet 连接"),
		},
		Plan: queue.ResetPlan{Group: "billing", Queue: "inference-completed", Changes: []queue.ResetChange{
			{Partition: 0, From: known(57103), To: 61407, LagBefore: known(4304), LagAfter: known(0)},
			{Partition: 1, From: known(57102), To: 61407, LagBefore: known(4305), LagAfter: known(0)},
			{Partition: 2, To: 61406, LagAfter: known(0)},
		}},
	}
}

func message(partition int32, position, key, value string) queue.Message {
	m := queue.Message{
		Partition: partition, Position: position, Time: Noon().Add(-time.Minute), Value: []byte(value), ValueBytes: len(value),
		Headers: []queue.Header{{Name: "trace", Value: []byte("9f2c41")}, {Name: "blob\x1b[1m", Value: []byte{0, 1, 2, 0xff}}},
	}
	if key != "" {
		m.Key, m.KeyBytes = []byte(key), len(key)
	}
	return m
}

// Odd are messages of all kinds that are not text: wire formats, bytes, none.
func Odd() []queue.Message {
	registry := func(schema uint32, rest string) string {
		return string(binary.BigEndian.AppendUint32([]byte{0}, schema)) + rest
	}
	list := []queue.Message{
		message(0, "1", "avro", registry(7, "\x0corder1\x02\x80\x01\xfe\xff")),
		message(0, "2", "protobuf", registry(12, "\x00\x08\x96\x01\x12\x05hello")),
		message(0, "3", "bare protobuf", "\x08\x96\x01\x12\x02\xff\xfe"),
		message(0, "4", "bytes", "\xde\xad\xbe\xef\x00\x01\x02\x03\x04\x05\x06\x07\x08 tail of it"),
		message(0, "5", "gzip\xff", "\x1f\x8b\x08\x00\x00"),
		message(0, "6", "empty", ""),
		message(0, "7", "deletion", ""),
		message(0, "1718182781042-0", "stream", "field=value"),
	}
	list[6].Value = nil
	return list
}

func completed() *queue.Queue {
	part := func(id int32, start, end, stable int64) queue.Partition {
		return queue.Partition{ID: id, Start: known(start), End: known(end), Stable: known(stable), Bytes: known(21 << 20), Leader: "kafka-0"}
	}
	q := &queue.Queue{Name: "inference-completed", Kind: queue.KindTopic, Depth: known(184220), Partitions: []queue.Partition{
		part(0, 0, 61407, 61407), part(1, 0, 61407, 61380), part(2, 120, 61526, 61526),
	}}
	q.Partitions[2].Leader, q.Partitions[2].Trouble = "", "it has no leader"
	q.Partitions[2].End, q.Partitions[2].Stable = queue.Count{}, queue.Count{}
	return q
}

func billingGroup() *queue.Group {
	at := func(partition int32, committed, lag int64) queue.Offset {
		return queue.Offset{Queue: "inference-completed", Partition: partition, Committed: known(committed), Lag: known(lag), Waiting: Noon().Add(-153 * time.Second)}
	}
	return &queue.Group{
		Name: "billing", Kind: queue.GroupClassic, State: "stable",
		Members: []queue.Member{{
			ID: "billing-1-5f0c", Client: "billing-1", Host: "10.244.0.17",
			Assigned: []queue.Assignment{{Queue: "inference-completed", Partitions: []int32{0, 1}}, {Queue: "payments-支付-订单", Partitions: []int32{0, 1, 2, 3, 5}}},
		}},
		Offsets: []queue.Offset{
			at(0, 57103, 4304), at(1, 57102, 4305),
			{Queue: "inference-completed", Partition: 2},
			{Queue: "payments-支付-订单", Committed: known(6870), Lag: known(0)},
		},
	}
}

package kafka

import (
	"context"
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// offsetsTopic is where coordinators write what groups commit, and what
	// becomes of them.
	offsetsTopic = "__consumer_offsets"
	// mostBehind is how often the tail is read in one sample, mostRead how much
	// at once: beyond that, asking for all groups is cheaper.
	mostBehind = 8
	mostRead   = 2 << 20
)

// tail is how far the coordinators' own topic was read. A record is a sign that
// its group has changed, no more: what it is like then is asked of the broker.
type tail struct {
	topic *topic
	next  map[int32]int64
	// open are the groups that have offsets in a producer's open transaction:
	// its end, which names no group, makes them count.
	open map[int64]map[string]bool
}

func newTail() tail {
	return tail{next: make(map[int32]int64), open: make(map[int64]map[string]bool)}
}

// follow reads what was written about groups since the last sample and marks
// them. Where that cannot be read to its end, all are.
func (r *round) follow(ctx context.Context, m *memory) {
	t := m.topics[offsetsTopic]
	if t == nil || t != m.tail.topic {
		m.tail = newTail()
		if m.tail.topic = t; t != nil {
			m.tail.skip()
		}
		m.staleAll()
		return
	}
	if m.tail.cut() {
		m.tail.skip()
		m.staleAll()
		return
	}
	for range mostBehind {
		behind := m.tail.behind()
		if len(behind) == 0 {
			return
		}
		if !r.read(ctx, m, behind) {
			break
		}
	}
	if len(m.tail.behind()) > 0 {
		m.tail.skip()
		m.staleAll()
	}
}

func (m *memory) staleAll() {
	for _, g := range m.groups {
		g.stale, g.undescribed = true, true
	}
}

// skip goes on at the ends, as the brokers have just said them: who asks for all
// groups now sees what is before them.
func (t *tail) skip() {
	clear(t.next)
	clear(t.open)
	for i := range t.topic.parts {
		if end, ok := t.topic.parts[i].end.Get(); ok {
			t.next[int32(i)] = end
		}
	}
}

// cut reports whether a partition ends before what was read of it: a leader
// without the newest records was elected, and what follows is new.
func (t *tail) cut() bool {
	for i := range t.topic.parts {
		end, known := t.topic.parts[i].end.Get()
		if next, followed := t.next[int32(i)]; known && followed && next > end {
			return true
		}
	}
	return false
}

// behind are the partitions that have more, by their leaders. One whose end is
// not known is behind, and has nobody to be asked.
func (t *tail) behind() map[int32][]int32 {
	var behind map[int32][]int32
	for i := range t.topic.parts {
		p := &t.topic.parts[i]
		end, known := p.end.Get()
		next, followed := t.next[int32(i)]
		if known && followed && next >= end {
			continue
		}
		leader := p.leader
		if !known || !followed {
			leader = seed
		}
		if behind == nil {
			behind = make(map[int32][]int32)
		}
		behind[leader] = append(behind[leader], int32(i))
	}
	return behind
}

// read reads on once at each leader; false: it cannot be read.
func (r *round) read(ctx context.Context, m *memory, behind map[int32][]int32) bool {
	if _, nobody := behind[seed]; nobody {
		return false
	}
	answers := make(map[int32]*kmsg.FetchResponse, len(behind))
	for node, ids := range behind {
		request := fetchRequest(m.tail.topic)
		request.MaxBytes = mostRead
		for _, id := range ids {
			addPartition(request, id, m.tail.next[id], mostRead)
		}
		answer, err := ask[*kmsg.FetchResponse](ctx, r, node, request)
		if err != nil || answer.ErrorCode != 0 {
			return false
		}
		answers[node] = answer
	}
	for _, answer := range answers {
		full := hasRecords(answer)
		for i := range answer.Topics {
			for k := range answer.Topics[i].Partitions {
				if !m.takeSigns(&answer.Topics[i].Partitions[k], full) {
					return false
				}
			}
		}
	}
	return true
}

// hasRecords reports whether an answer has records of any partition.
func hasRecords(answer *kmsg.FetchResponse) bool {
	for i := range answer.Topics {
		for k := range answer.Topics[i].Partitions {
			if len(answer.Topics[i].Partitions[k].RecordBatches) > 0 {
				return true
			}
		}
	}
	return false
}

// fetchRequest asks for a topic's records without waiting, without a session.
func fetchRequest(t *topic) *kmsg.FetchRequest {
	request := kmsg.NewPtrFetchRequest()
	request.ReplicaID, request.SessionEpoch = -1, -1
	request.Topics = []kmsg.FetchRequestTopic{{Topic: t.name, TopicID: t.id}}
	return request
}

func addPartition(request *kmsg.FetchRequest, id int32, from int64, bytes int32) {
	asked := kmsg.NewFetchRequestTopicPartition()
	asked.Partition, asked.FetchOffset, asked.PartitionMaxBytes = id, from, bytes
	asked.CurrentLeaderEpoch = -1
	request.Topics[0].Partitions = append(request.Topics[0].Partitions, asked)
}

// takeSigns marks the groups that records speak of. Of an answer that is full,
// a partition without records may only have found no room: it is asked again.
func (m *memory) takeSigns(said *kmsg.FetchResponseTopicPartition, full bool) bool {
	before, ok := m.tail.next[said.Partition]
	if !ok || said.ErrorCode != 0 {
		return false
	}
	records, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		KeepControlRecords: true, Offset: before, Topic: offsetsTopic, Partition: said.Partition,
	}, said, kgo.DefaultDecompressor(), nil)
	if records.Err != nil {
		return false
	}
	for _, record := range records.Records {
		if record.Attrs.IsControl() {
			if !m.settle(record.ProducerID) {
				return false
			}
			continue
		}
		if name, ok := groupOf(record.Key); ok {
			m.sign(name)
			if record.Attrs.IsTransactional() {
				m.tail.pend(record.ProducerID, name)
			}
		}
	}
	if next <= before && !full { // nothing is left of what there was
		next = said.HighWatermark
	}
	m.tail.next[said.Partition] = max(next, before)
	return true
}

func (m *memory) sign(name string) {
	if g := m.groups[name]; g != nil {
		g.stale, g.undescribed = true, true
	}
}

func (t *tail) pend(producer int64, name string) {
	if t.open[producer] == nil {
		t.open[producer] = make(map[string]bool)
	}
	t.open[producer][name] = true
}

// settle marks the groups of a transaction that has ended; false: it began
// before anybody looked.
func (m *memory) settle(producer int64) bool {
	groups, ok := m.tail.open[producer]
	for name := range groups {
		m.sign(name)
	}
	delete(m.tail.open, producer)
	return ok
}

// groupOf is the group that a record of the coordinators' topic is about. Keys
// of every kind begin with their version and the group's name, both as in
// Kafka's group-coordinator/src/main/resources/common/message/*Key.json.
func groupOf(key []byte) (string, bool) {
	if len(key) < 4 {
		return "", false
	}
	length := int(binary.BigEndian.Uint16(key[2:]))
	if length > len(key)-4 {
		return "", false
	}
	return string(key[4 : 4+length]), true
}

package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// edge is an offset of a partition that its leader knows.
type edge struct {
	timestamp int64 // as ListOffsets has it
	isolation int8
	of        func(*part) *queue.Count
}

// start is the first offset that can be read, end the one after the last that
// consumers of the default isolation can read, as in Kafka's own tools.
func start() edge { return edge{timestamp: -2, of: func(p *part) *queue.Count { return &p.start }} }
func end() edge   { return edge{timestamp: -1, of: func(p *part) *queue.Count { return &p.end }} }

// stable is the end for consumers that read what is committed. It moves with the
// end only, for what closes a transaction is a record itself.
func stable() edge {
	return edge{timestamp: -1, isolation: 1, of: func(p *part) *queue.Count { return &p.stable }}
}

// offsetsAnswer is what one leader said of one edge; each topic's partitions
// are those of when it was asked.
type offsetsAnswer struct {
	edge   edge
	asked  map[string]*topic
	node   int32
	answer *kmsg.ListOffsetsResponse
	err    error
}

// offsets asks the leaders for the edges of topics.
func (r *round) offsets(ctx context.Context, topics []*topic, wanted ...edge) []*offsetsAnswer {
	asked := make(map[string]*topic, len(topics))
	byLeader := make(map[int32][]kmsg.ListOffsetsRequestTopic)
	for _, t := range topics {
		asked[t.name] = t
		for i := range t.parts {
			if p := &t.parts[i]; p.leader >= 0 {
				list := byLeader[p.leader]
				if n := len(list); n == 0 || list[n-1].Topic != t.name {
					list = append(list, kmsg.ListOffsetsRequestTopic{
						Topic: t.name, Partitions: make([]kmsg.ListOffsetsRequestTopicPartition, 0, len(t.parts)),
					})
				}
				last := &list[len(list)-1]
				asked := kmsg.NewListOffsetsRequestTopicPartition()
				asked.Partition = int32(i)
				last.Partitions = append(last.Partitions, asked)
				byLeader[p.leader] = list
			}
		}
	}
	var answers []*offsetsAnswer
	for node, list := range byLeader {
		for _, e := range wanted {
			a := &offsetsAnswer{edge: e, asked: asked, node: node}
			answers = append(answers, a)
			r.start(func() { a.answer, a.err = r.listOffsets(ctx, node, list, e) })
		}
	}
	return answers
}

func (r *round) listOffsets(ctx context.Context, node int32, list []kmsg.ListOffsetsRequestTopic, e edge) (*kmsg.ListOffsetsResponse, error) {
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID, request.IsolationLevel = -1, e.isolation
	request.Topics = make([]kmsg.ListOffsetsRequestTopic, len(list))
	for i := range list { // each request has times of its own
		request.Topics[i].Topic = list[i].Topic
		request.Topics[i].Partitions = append([]kmsg.ListOffsetsRequestTopicPartition(nil), list[i].Partitions...)
		for k := range request.Topics[i].Partitions {
			request.Topics[i].Partitions[k].Timestamp = e.timestamp
		}
	}
	return ask[*kmsg.ListOffsetsResponse](ctx, r, node, request)
}

// take takes in what leaders said; topics that are not known any more, or are
// others by now, are left out. It returns those that a leader would not speak
// of because it leads them no more.
func (m *memory) take(answers []*offsetsAnswer) (moved []*topic) {
	m.pass++
	elsewhere := make(map[*topic]bool)
	for _, a := range answers {
		if a.err != nil {
			m.missed(a)
			continue
		}
		for i := range a.answer.Topics {
			said := &a.answer.Topics[i]
			t := m.topics[said.Topic]
			if t == nil || t != a.asked[said.Topic] {
				continue
			}
			for k := range said.Partitions {
				if t.takeOffset(&said.Partitions[k], a.edge, m.pass) {
					elsewhere[t] = true
				}
			}
		}
	}
	for t := range elsewhere {
		moved = append(moved, t)
	}
	return moved
}

func (t *topic) takeOffset(said *kmsg.ListOffsetsResponseTopicPartition, e edge, pass int) (elsewhere bool) {
	if said.Partition < 0 || int(said.Partition) >= len(t.parts) {
		return false
	}
	p := &t.parts[said.Partition]
	if p.leader < 0 { // who says so leads it no more
		return false
	}
	if err := why(said.ErrorCode); err != nil {
		if p.silent == nil || e.of(p).IsKnown() {
			p.forget(err)
			t.shown = nil
			t.moves++
		}
		p.silentIn = pass
		return true
	}
	known, value := e.of(p), queue.Known(said.Offset)
	if said.Offset < 0 {
		value = queue.Count{}
	}
	recovered := p.silent != nil && p.silentIn != pass
	if *known == value && !recovered {
		return false
	}
	if recovered {
		p.silent = nil
	}
	*known = value
	t.shown, t.unsized = nil, true
	t.moves++
	t.unsettled = t.unsettled || known == &p.end
	return false
}

// settle asks for the stable ends of topics whose ends have moved.
func (r *round) settle(ctx context.Context, m *memory) func() {
	var moved []*topic
	for _, t := range m.topics {
		if t.unsettled {
			t.unsettled = false
			moved = append(moved, t)
		}
	}
	answers := r.offsets(ctx, moved, stable())
	return func() { m.take(answers) }
}

// missed makes unknown what a leader that gave no answer would have said.
func (m *memory) missed(a *offsetsAnswer) {
	for name, t := range a.asked {
		if m.topics[name] != t {
			continue
		}
		for i := range t.parts {
			if p := &t.parts[i]; p.leader == a.node {
				p.forget(fmt.Errorf("its leader does not answer: %w", a.err))
				p.silentIn = m.pass
				t.shown = nil
				t.moves++
			}
		}
	}
}

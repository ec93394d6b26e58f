package kafka

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// topic is what is known of a topic, from sample to sample. One that is deleted
// and made again is another.
type topic struct {
	name     string
	id       [16]byte
	internal bool
	trouble  error
	parts    []part // by ID
	// moves counts how often an end moved: what depends on them is old where
	// it has seen another number.
	moves int
	// unsized: its length on disk has to be asked for; unsettled: its stable ends.
	unsized, unsettled bool
	// shown is how the last sample had it; nil: not as it is.
	shown *queue.Queue
}

// part is a partition.
type part struct {
	leader             int32
	trouble            error // of its place: it has no leader
	silent             error // of its last answer
	silentIn           int   // the pass of that answer
	start, end, stable queue.Count
	bytes              queue.Count
}

// learn takes in what the brokers say of topics. It returns those that are new
// or have moved, whose offsets have to be asked anew.
func (m *memory) learn(answer *kmsg.MetadataResponse) (fresh []*topic) {
	topics := make(map[string]*topic, len(answer.Topics))
	for i := range answer.Topics {
		said := &answer.Topics[i]
		if said.Topic == nil {
			continue
		}
		t := m.topics[*said.Topic]
		if t == nil || t.id != said.TopicID {
			m.layout++
			t = &topic{name: *said.Topic, id: said.TopicID, internal: said.IsInternal || strings.HasPrefix(*said.Topic, "__")}
		}
		if t.place(said) {
			fresh = append(fresh, t)
		}
		topics[t.name] = t
	}
	if len(topics) != len(m.topics) {
		m.layout++ // some are gone
	}
	m.topics = topics
	m.brokers = m.brokers[:0]
	for _, b := range answer.Brokers {
		m.brokers = append(m.brokers, b.NodeID)
	}
	return fresh
}

// place takes in which partitions a topic has and who leads them, and reports
// whether that is news.
func (t *topic) place(said *kmsg.MetadataResponseTopic) (news bool) {
	trouble := why(said.ErrorCode)
	if trouble != t.trouble { //nolint:errorlint // the codes' errors are the same values
		t.trouble, t.shown = trouble, nil
	}
	if trouble != nil && len(said.Partitions) == 0 {
		return false
	}
	if len(said.Partitions) != len(t.parts) {
		t.parts = slices.Grow(t.parts[:min(len(t.parts), len(said.Partitions))], len(said.Partitions))
		for len(t.parts) < len(said.Partitions) {
			t.parts = append(t.parts, part{leader: -1})
		}
		t.moves, news = t.moves+1, true
	}
	for i := range said.Partitions {
		s := &said.Partitions[i]
		if s.Partition < 0 || int(s.Partition) >= len(t.parts) {
			continue // brokers number them from 0
		}
		p := &t.parts[s.Partition]
		trouble := why(s.ErrorCode)
		if s.Leader < 0 {
			trouble = fmt.Errorf("partition %d has no leader", s.Partition)
		}
		if p.leader != s.Leader || (p.trouble == nil) != (trouble == nil) {
			p.leader, p.trouble, news = s.Leader, trouble, true
			if s.Leader < 0 { // nobody can say
				p.forget(nil)
				p.bytes = queue.Count{}
				t.moves++
			}
		}
	}
	if news {
		t.shown, t.unsized = nil, true
	}
	return news
}

// forget makes all that only a leader can say unknown.
func (p *part) forget(err error) {
	*p = part{leader: p.leader, trouble: p.trouble, silent: err, bytes: p.bytes}
}

// queue is the topic as a sample has it.
func (t *topic) queue() *queue.Queue {
	if t.shown != nil {
		return t.shown
	}
	q := &queue.Queue{
		Name: t.name, Kind: queue.KindTopic, Internal: t.internal,
		Depth: queue.Known(int64(0)), Written: queue.Known(int64(0)), Bytes: queue.Known(int64(0)),
		Partitions: make([]queue.Partition, len(t.parts)),
	}
	if t.trouble != nil {
		q.Trouble = t.trouble.Error()
	}
	if len(t.parts) == 0 {
		q.Depth, q.Written, q.Bytes = queue.Count{}, queue.Count{}, queue.Count{}
	}
	troubled := 0
	for i := range t.parts {
		p := &t.parts[i]
		shown := &q.Partitions[i]
		*shown = queue.Partition{ID: int32(i), Start: p.start, End: p.end, Stable: p.stable, Bytes: p.bytes}
		if p.leader >= 0 {
			shown.Leader = strconv.Itoa(int(p.leader))
		}
		if err := firstError(p.trouble, p.silent); err != nil {
			shown.Trouble = err.Error()
			if troubled++; q.Trouble == "" {
				q.Trouble = fmt.Sprintf("partition %d: %v", i, err)
				if p.trouble != nil {
					q.Trouble = shown.Trouble
				}
			}
		}
		q.Depth = q.Depth.Plus(p.end.Minus(p.start))
		q.Written = q.Written.Plus(p.end)
		q.Bytes = q.Bytes.Plus(p.bytes)
	}
	if troubled > 1 {
		q.Trouble += fmt.Sprintf(", and %d more like it", troubled-1)
	}
	t.shown = q
	return q
}

func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

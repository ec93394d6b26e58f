package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	// peekBytes is how much of a partition is fetched at once; a broker answers
	// with one batch at least, however large.
	peekBytes = 1 << 20
	// peekHeld bounds the messages that are kept back until it is known which
	// are the newest.
	peekHeld = 8 << 20
)

// PeekNote is empty: reading records of Kafka changes nothing.
func (c *Client) PeekNote(string) string { return "" }

// Peek shows messages as consumers of the default isolation see them: those of
// open and of aborted transactions too. It belongs to no group and commits
// nothing. Of several partitions each gives its share of the limit; the newest
// are the newest by time, and are told from a bounded part of the topic.
func (c *Client) Peek(ctx context.Context, r queue.PeekRequest, see func(queue.Message) error) error {
	p, err := c.newPeek(ctx, r)
	if err != nil {
		return fmt.Errorf("peek into topic %s: %w", r.Queue, err)
	}
	if r.Limit <= 0 || len(p.spans) == 0 {
		return nil
	}
	if r.From == queue.FromNewest || r.From == "" {
		err = p.newest(ctx, see)
	} else {
		err = p.onwards(ctx, see)
	}
	if err != nil {
		return fmt.Errorf("peek into topic %s: %w", r.Queue, err)
	}
	return nil
}

// peek is a look into a topic.
type peek struct {
	*Client
	request queue.PeekRequest
	topic   *topic
	spans   []span // of the partitions asked for
}

// span is what is read of a partition: from at on, to before end.
type span struct {
	partition, leader int32
	start, at, end    int64
}

func (c *Client) newPeek(ctx context.Context, r queue.PeekRequest) (*peek, error) {
	t, err := c.find(ctx, r.Queue)
	if err != nil {
		return nil, err
	}
	p := &peek{Client: c, request: r, topic: t}
	only, one := r.Partition.Get()
	if one && (only < 0 || only >= int64(len(t.parts))) {
		return nil, fmt.Errorf("it has partitions 0 to %d, and no %d", len(t.parts)-1, only)
	}
	for i := range t.parts {
		part := &t.parts[i]
		if one && int64(i) != only {
			continue
		}
		start, started := part.start.Get()
		end, ended := part.end.Get()
		if !started || !ended {
			return nil, fmt.Errorf("partition %d cannot be read: %w", i, firstError(part.trouble, part.silent, errors.New("its leader does not tell its offsets")))
		}
		p.spans = append(p.spans, span{partition: int32(i), leader: part.leader, start: start, at: start, end: end})
	}
	switch r.From {
	case queue.FromOffset:
		for i := range p.spans {
			p.spans[i].at = max(p.spans[i].start, r.Offset)
		}
	case queue.FromTime:
		err = p.since(ctx, r.Time.UnixMilli())
	default:
	}
	return p, err
}

// find is a topic as it is now, with its starts and ends.
func (c *Client) find(ctx context.Context, name string) (*topic, error) {
	r := &round{Client: c}
	request := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &name
	request.Topics = append(request.Topics, asked)
	said, err := ask[*kmsg.MetadataResponse](ctx, r, seed, request)
	if err != nil {
		return nil, err
	}
	m := newMemory()
	m.learn(said)
	t := m.topics[name]
	if t == nil || missing(t.trouble) {
		return nil, &queue.NotFoundError{What: "topic", Name: name}
	}
	if t.trouble != nil {
		return nil, t.trouble
	}
	answers := r.offsets(ctx, []*topic{t}, start(), end())
	r.wait()
	m.take(answers)
	return t, ctx.Err()
}

// since sets each span to the first message at or after a time.
func (p *peek) since(ctx context.Context, millis int64) error {
	offsets, err := p.at(ctx, millis)
	if err != nil {
		return err
	}
	for i := range p.spans {
		p.spans[i].at = offsets[i]
	}
	return nil
}

// at is the first offset of each span whose message is as new as millis.
func (p *peek) at(ctx context.Context, millis int64) ([]int64, error) {
	r := &round{Client: p.Client}
	found := make([]queue.Count, len(p.topic.parts))
	answers := r.offsets(ctx, []*topic{p.topic}, edge{timestamp: millis})
	r.wait()
	for _, a := range answers {
		if a.err != nil {
			return nil, a.err
		}
		for i := range a.answer.Topics {
			for _, said := range a.answer.Topics[i].Partitions {
				if said.Partition < 0 || int(said.Partition) >= len(found) {
					continue
				}
				if err := why(said.ErrorCode); err != nil {
					return nil, fmt.Errorf("partition %d: %w", said.Partition, err)
				}
				found[said.Partition] = queue.Known(said.Offset)
			}
		}
	}
	offsets := make([]int64, len(p.spans))
	for i, s := range p.spans {
		at, ok := found[s.partition].Get()
		if !ok {
			return nil, fmt.Errorf("partition %d: its leader tells no offset for a time", s.partition)
		}
		if at < 0 { // none is so new
			at = s.end
		}
		offsets[i] = min(max(at, s.start), s.end)
	}
	return offsets, nil
}

// onwards reads from the spans' beginnings: each partition gives its share, and
// what one has not is given by the next.
func (p *peek) onwards(ctx context.Context, see func(queue.Message) error) error {
	left := p.request.Limit
	for left > 0 {
		open := 0
		for _, s := range p.spans {
			if s.at < s.end {
				open++
			}
		}
		if open == 0 {
			return nil
		}
		for i := range p.spans {
			s := &p.spans[i]
			if s.at >= s.end || left == 0 {
				continue
			}
			share := (left + open - 1) / open
			open--
			err := p.read(ctx, s, func(m queue.Message) error {
				share--
				left--
				if err := see(m); err != nil {
					return err
				}
				if share == 0 {
					return errEnough
				}
				return nil
			})
			if err != nil && !errors.Is(err, errEnough) {
				return err
			}
		}
	}
	return nil
}

// errEnough ends a reading that has had what it wanted.
var errEnough = errors.New("enough was read")

// read reads a span from where it is, and moves it on. It ends where the span
// does, or with what see returns. Offsets that nobody sees, of markers and of
// what was compacted away, are passed over.
func (p *peek) read(ctx context.Context, s *span, see func(queue.Message) error) error {
	for s.at < s.end {
		request := fetchRequest(p.topic)
		request.MaxBytes = peekBytes
		addPartition(request, s.partition, s.at, peekBytes)
		said, err := ask[*kmsg.FetchResponse](ctx, &round{Client: p.Client}, s.leader, request)
		if err != nil {
			return err
		}
		if err := why(said.ErrorCode); err != nil {
			return err
		}
		if len(said.Topics) != 1 || len(said.Topics[0].Partitions) != 1 {
			return fmt.Errorf("partition %d: the broker answers about something else", s.partition)
		}
		if said.ThrottleMillis > 0 && len(said.Topics[0].Partitions[0].RecordBatches) == 0 {
			continue // the client waits as long as it was told to
		}
		if err := p.seeAll(s, &said.Topics[0].Partitions[0], see); err != nil {
			return err
		}
	}
	return nil
}

// seeAll shows what a broker sent of a span, one batch after the other.
func (p *peek) seeAll(s *span, said *kmsg.FetchResponseTopicPartition, see func(queue.Message) error) error {
	if err := why(said.ErrorCode); err != nil {
		return fmt.Errorf("partition %d from offset %d: %w", s.partition, s.at, err)
	}
	before := s.at
	for batch := range batches(said.RecordBatches) {
		one := *said
		one.RecordBatches = batch
		records, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
			Offset: s.at, Topic: p.topic.name, Partition: s.partition,
		}, &one, kgo.DefaultDecompressor(), nil)
		if records.Err != nil {
			return fmt.Errorf("partition %d from offset %d: %w", s.partition, s.at, records.Err)
		}
		for _, record := range records.Records {
			if record.Offset >= s.end {
				break
			}
			s.at = record.Offset + 1
			if err := see(p.message(record)); err != nil {
				return err
			}
		}
		if s.at = max(s.at, next); s.at >= s.end {
			return nil
		}
	}
	if s.at > before {
		return nil
	}
	if len(said.RecordBatches) > 0 {
		return fmt.Errorf("partition %d from offset %d: the broker sends half a batch", s.partition, s.at)
	}
	s.at = s.end // nothing is left of what there was
	return nil
}

// message is a record, cut to what is asked for.
func (p *peek) message(record *kgo.Record) queue.Message {
	m := queue.Message{
		Partition: record.Partition, Position: strconv.FormatInt(record.Offset, 10), Time: record.Timestamp,
		Key: p.cut(record.Key), Value: p.cut(record.Value), KeyBytes: len(record.Key), ValueBytes: len(record.Value),
	}
	for _, h := range record.Headers {
		m.Headers = append(m.Headers, queue.Header{Name: h.Key, Value: slices.Clone(h.Value)})
	}
	return m
}

// cut copies what is wanted, so that the batch that it came in can go.
func (p *peek) cut(data []byte) []byte {
	if most := p.request.MostBytes; most > 0 && len(data) > most {
		data = data[:most]
	}
	return slices.Clone(data)
}

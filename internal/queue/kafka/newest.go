package kafka

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// future bounds how far ahead of this machine's clock a message's time may be
// where the newest are looked for.
const future = 24 * time.Hour

// newest shows the newest messages of all partitions. Brokers tell where in time
// that many offsets begin; where offsets have no messages, more is read before
// them. What is read is kept back until it is known to be among the newest, up
// to a bound; beyond it all that follows is shown as it comes.
func (p *peek) newest(ctx context.Context, see func(queue.Message) error) error {
	if err := p.tail(ctx); err != nil {
		return err
	}
	h := &held{see: see}
	limit := p.request.Limit
	for reach := int64(limit); ; reach *= 2 {
		before := slices.Clone(p.spans)
		h.kept = len(h.messages)
		err := p.readAll(ctx, h.take)
		if errors.Is(err, errEnough) || err == nil && (h.released || len(h.messages) >= limit) {
			break
		}
		if err != nil {
			return err
		}
		h.again = true
		more := false
		for i := range p.spans { // what lies before that, as far again
			s := &p.spans[i]
			s.end, s.at = before[i].at, max(before[i].start, before[i].at-reach)
			more = more || s.at < s.end
		}
		if !more {
			break
		}
	}
	return h.release(limit)
}

func (p *peek) readAll(ctx context.Context, see func(queue.Message) error) error {
	for i := range p.spans {
		if err := p.read(ctx, &p.spans[i], see); err != nil {
			return err
		}
	}
	return nil
}

// tail sets the spans to the last offsets, as many as are asked for.
func (p *peek) tail(ctx context.Context) error {
	limit := int64(p.request.Limit)
	count := func(offsets []int64) (n int64) {
		for i, at := range offsets {
			n += p.spans[i].end - at
		}
		return n
	}
	starts := make([]int64, len(p.spans))
	for i, s := range p.spans {
		starts[i] = s.start
	}
	if len(p.spans) == 1 {
		p.spans[0].at = max(p.spans[0].start, p.spans[0].end-limit)
		return nil
	}
	if count(starts) <= limit {
		return nil
	}
	// The oldest time with few enough messages at or after it.
	low, high, after := int64(0), time.Now().Add(future).UnixMilli(), []int64(nil)
	for low < high {
		middle := low + (high-low)/2
		offsets, err := p.at(ctx, middle)
		if err != nil {
			return err
		}
		if count(offsets) <= limit {
			high, after = middle, offsets
		} else {
			low = middle + 1
		}
	}
	for i := range p.spans {
		s := &p.spans[i]
		s.at = s.end
		if after != nil {
			s.at = after[i]
		}
	}
	p.widen(limit)
	return nil
}

// widen takes in offsets before the spans until they are as many as asked for:
// many messages may be of one millisecond.
func (p *peek) widen(limit int64) {
	for _, s := range p.spans {
		limit -= s.end - s.at
	}
	for i := range p.spans {
		s := &p.spans[i]
		share := limit / int64(len(p.spans)-i)
		took := min(share, s.at-s.start)
		s.at -= took
		limit -= took
	}
	for i := range p.spans { // what some could not give
		s := &p.spans[i]
		took := min(limit, s.at-s.start)
		s.at -= took
		limit -= took
	}
}

// held are messages that are kept back.
type held struct {
	see      func(queue.Message) error
	messages []queue.Message
	bytes    int
	// kept is how many were held before what is being read, which lies before
	// them where again is true.
	kept     int
	again    bool
	released bool // from now on, messages are shown as they come
}

func (h *held) take(m queue.Message) error {
	if h.released {
		return h.see(m)
	}
	h.messages = append(h.messages, m)
	h.bytes += len(m.Key) + len(m.Value) + messageBytes
	for _, header := range m.Headers {
		h.bytes += len(header.Name) + len(header.Value)
	}
	if h.bytes <= peekHeld {
		return nil
	}
	if h.again { // what is held is newer, and has to do
		h.messages = h.messages[:h.kept]
		return errEnough
	}
	return h.release(len(h.messages))
}

// messageBytes is about what a message takes beside its content.
const messageBytes = 200

// release shows the newest messages of those held, the oldest of each partition
// first.
func (h *held) release(limit int) error {
	h.released = true
	byTime := func(a, b queue.Message) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(len(a.Position), len(b.Position)), cmp.Compare(a.Position, b.Position))
	}
	slices.SortStableFunc(h.messages, byTime)
	h.messages = h.messages[max(0, len(h.messages)-limit):]
	slices.SortStableFunc(h.messages, func(a, b queue.Message) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(len(a.Position), len(b.Position)), cmp.Compare(a.Position, b.Position))
	})
	for i, m := range h.messages {
		h.messages[i] = queue.Message{}
		if err := h.see(m); err != nil {
			return err
		}
	}
	h.messages = nil
	return nil
}

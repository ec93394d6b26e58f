package rocketmq

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/diorama-dev/diorama/internal/queue"
)

// asGroup is the group that messages are looked at as: one that every broker
// has for its tools. Nothing is committed for it.
const asGroup = "TOOLS_CONSUMER"

// inlineSubscription says that the request itself tells what is wanted
// (PullSysFlag of RocketMQ); the flag to commit an offset is not set.
const inlineSubscription = 1 << 2

// mostAtOnce is how many messages are pulled at once. A broker sends fewer
// where they are large: 256 KiB, or a single message.
const mostAtOnce = 32

// stretch is a part of a queue that is to be shown.
type stretch struct {
	queue    int32
	from, to int64 // to is not in it
	wanted   int64
}

// PeekNote says that looking changes nothing.
func (*Source) PeekNote(string) string { return "" }

// Peek shows messages queue by queue. The limit is shared out evenly among
// queues, and what one has not goes to the others.
func (s *Source) Peek(ctx context.Context, r queue.PeekRequest, see func(queue.Message) error) error {
	var a asker
	bounds, err := s.bounds(ctx, &a, r.Queue, r.Partition)
	if err != nil {
		return err
	}
	for i := range bounds {
		part := &bounds[i]
		begin := part.from
		switch r.From {
		case queue.FromOffset:
			begin = r.Offset
		case queue.FromTime:
			if begin, err = s.offsetAt(ctx, &a, r.Queue, part.queue, r.Time.UnixMilli()); err != nil {
				return err
			}
		case queue.FromNewest, queue.FromOldest:
		}
		part.from = min(max(part.from, begin), part.to)
	}
	share(bounds, int64(r.Limit))
	for _, part := range bounds {
		if r.From == queue.FromNewest {
			part.from = part.to - part.wanted
		}
		if err := s.show(ctx, &a, r, part, see); err != nil {
			return err
		}
	}
	return nil
}

// share gives each part its number of messages.
func share(parts []stretch, limit int64) {
	bySize := make([]*stretch, len(parts))
	for i := range parts {
		bySize[i] = &parts[i]
	}
	slices.SortStableFunc(bySize, func(a, b *stretch) int { return int(min(max((a.to-a.from)-(b.to-b.from), -1), 1)) })
	for i, part := range bySize {
		even := (limit + int64(len(parts)-i) - 1) / int64(len(parts)-i)
		part.wanted = min(part.to-part.from, even)
		limit -= part.wanted
	}
}

// bounds are the queues of a topic, or the one that is given, whole.
func (s *Source) bounds(ctx context.Context, a *asker, topic string, only queue.Count) ([]stretch, error) {
	stats, err := get[topicStats](ctx, a, s.broker, askTopicStats, map[string]string{"topic": topic})
	if refusedWith(err, topicNotExist) {
		return nil, &queue.NotFoundError{What: "topic", Name: topic}
	}
	if err != nil {
		return nil, err
	}
	var parts []stretch
	for at, offsets := range stats.Table {
		if wanted, ok := only.Get(); !ok || wanted == int64(at.ID) {
			parts = append(parts, stretch{queue: at.ID, from: offsets.Min, to: max(offsets.Min, offsets.Max)})
		}
	}
	if wanted, ok := only.Get(); ok && len(parts) == 0 {
		return nil, noQueue(topic, wanted, int32(len(stats.Table))) //nolint:gosec // it fits in a frame
	}
	slices.SortFunc(parts, func(a, b stretch) int { return int(a.queue - b.queue) })
	return parts, nil
}

// offsetAt is the offset of the first message that was stored at the time or
// later, in milliseconds; the queue's end where there is none.
func (s *Source) offsetAt(ctx context.Context, a *asker, topic string, queueID int32, millis int64) (int64, error) {
	answer, err := a.ask(ctx, s.broker, askOffsetAt, map[string]string{
		"topic": topic, "queueId": strconv.Itoa(int(queueID)), "timestamp": strconv.FormatInt(millis, 10), "boundaryType": "lower",
	}, nil)
	if err != nil {
		return 0, err
	}
	return field(answer, "offset")
}

// field is a number among an answer's fields.
func field(answer frame, name string) (int64, error) {
	number, err := strconv.ParseInt(answer.Fields[name], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the answer's %s is %q and no number", name, answer.Fields[name])
	}
	return number, nil
}

// show pulls the messages of a part and shows them. Where some have been
// deleted meanwhile it goes on with the next that there are.
func (s *Source) show(ctx context.Context, a *asker, r queue.PeekRequest, part stretch, see func(queue.Message) error) error {
	for part.wanted > 0 && part.from < part.to {
		answer, err := a.ask(ctx, s.broker, askPull, map[string]string{
			"consumerGroup": asGroup, "topic": r.Queue, "queueId": strconv.Itoa(int(part.queue)),
			"queueOffset": strconv.FormatInt(part.from, 10), "maxMsgNums": strconv.FormatInt(min(part.wanted, mostAtOnce), 10),
			"sysFlag": strconv.Itoa(inlineSubscription), "commitOffset": "0", "suspendTimeoutMillis": "0",
			"subscription": "*", "subVersion": "0", "expressionType": "TAG",
		}, nil)
		if err != nil && !refusedWith(err, pullNotFound, pullRetry, pullOffsetMoved) {
			return err
		}
		next, wrong := field(answer, "nextBeginOffset")
		if wrong != nil {
			return wrong
		}
		if err == nil {
			if err := showAll(answer.body, r, &part, see); err != nil {
				return err
			}
		}
		if next <= part.from { // nothing is there any more
			return nil
		}
		part.from = next
	}
	return nil
}

// showAll shows the messages of an answer that belong to the part.
func showAll(data []byte, r queue.PeekRequest, part *stretch, see func(queue.Message) error) error {
	for len(data) > 0 && part.wanted > 0 {
		m, rest, err := nextMessage(data, r.MostBytes)
		if err != nil {
			return fmt.Errorf("read the messages of %s, queue %d: %w", r.Queue, part.queue, err)
		}
		data = rest
		if m.offset < part.from || m.offset >= part.to {
			continue
		}
		part.wanted--
		if err := see(m.message(r.MostBytes)); err != nil {
			return err
		}
	}
	return nil
}

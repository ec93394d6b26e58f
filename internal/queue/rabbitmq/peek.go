package rabbitmq

import (
	"context"
	"fmt"
	"strconv"

	"github.com/diorama-dev/diorama/internal/queue"
)

// mostReturned bounds how many messages beyond those asked for are taken to
// keep the order of a quorum queue.
const mostReturned = 10_000

// Peek shows messages. Those of a stream are read. Those of a classic or
// quorum queue are taken one by one without acknowledgement, oldest first, and
// given back together at the end; a connection that breaks gives them back as
// well. Only the one that is shown is held in memory here; until the end none
// of them is given to a consumer.
//
// A classic queue puts them where they were. A quorum queue puts them behind
// all that were given back before, and hands those out first: so as to leave
// the order as it is, all of those are taken, shown or not; only a context that
// ends in the middle, more than 10,000 of them, or a queue that gets on with
// nothing for 5 s while they are given back (1 s where it has consumers), leave another order.
func (s *source) Peek(ctx context.Context, r queue.PeekRequest, see func(queue.Message) error) error {
	a := parseAddress(r.Queue)
	if a.exchange {
		return &queue.CannotError{What: "an exchange holds no messages: look at a queue that is bound to it"}
	}
	if partition, ok := r.Partition.Get(); ok && partition != 0 {
		return &queue.CannotError{What: "a RabbitMQ queue has no partitions"}
	}
	found, err := s.find(ctx, a)
	if err != nil || r.Limit <= 0 {
		return err
	}
	kind := kindOf(string(found.Type))
	if kind == queue.KindStream {
		return s.peekStream(ctx, a, r, see)
	}
	if r.From != queue.FromOldest && r.From != "" {
		return &queue.CannotError{What: fmt.Sprintf(
			"a %s queue of RabbitMQ can only be looked at from its oldest message: it hands messages out in order", kind)}
	}
	return s.peekQueue(ctx, a, found, r, see)
}

// PeekNote says what looking into a queue changes.
func (s *source) PeekNote(name string) string {
	const marked = "the messages are then marked as redelivered, and while it looks no consumer gets them; their order stays"
	switch s.kind(name) {
	case queue.KindStream, queue.KindExchange:
		return ""
	case queue.KindClassic:
		return marked
	default:
		return marked + "; in a quorum queue each look counts as a delivery, and what has been delivered more often than " +
			"the queue's delivery limit (20, where not set) is dropped or dead-lettered: half of them are left to consumers"
	}
}

func (s *source) peekQueue(ctx context.Context, a address, found queueAnswer, r queue.PeekRequest, see func(queue.Message) error) error {
	limit := deliveryLimit(found)
	if err := s.mayLook(a, found, limit); err != nil {
		return err
	}
	l, err := s.dial(ctx, a.vhost)
	if err != nil {
		return err
	}
	defer l.close()
	channel, err := l.Channel()
	if err != nil {
		return explain(ctx, "peek into "+a.String(), err)
	}
	looked := look{limit: limit}
	// Also where it fails midway: what was taken goes back as delivered once more.
	defer func() { s.hasLooked(a, found, looked) }()
	last, seen := uint64(0), error(nil)
	wanted, returned := r.Limit, quorumOf(found)
	for i := 0; i < wanted || (returned && i < r.Limit+mostReturned); i++ {
		delivery, ok, err := channel.Get(a.name, false)
		if err != nil {
			return explain(ctx, "peek into "+a.String(), err)
		}
		if !ok {
			break
		}
		last = delivery.DeliveryTag
		looked.at(delivery.Headers)
		returned = returned && delivery.Redelivered
		if i < wanted {
			seen = see(message(&delivery, strconv.Itoa(i), r.MostBytes))
		}
		if seen != nil {
			wanted = 0
		}
	}
	if last > 0 {
		if err := giveBack(channel, a.name, last, quorumOf(found)); err != nil && seen == nil {
			return explain(ctx, "give messages back to "+a.String(), err)
		}
	}
	if seen == nil {
		return looked.err(a)
	}
	return seen
}

func quorumOf(a queueAnswer) bool { return kindOf(string(a.Type)) == queue.KindQuorum }

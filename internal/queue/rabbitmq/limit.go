package rabbitmq

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/diorama-dev/diorama/internal/queue"
)

// usualDeliveryLimit is that of a quorum queue since RabbitMQ 4.0, where none
// is set: https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling.
const usualDeliveryLimit = 20

// deliveryLimit is how often a queue hands a message out; 0: without end.
// Giving a message back counts against it, and AMQP 0-9-1 has no other way to
// give one back.
func deliveryLimit(a queueAnswer) int64 {
	if !quorumOf(a) {
		return 0
	}
	return max(a.DeliveryLimit.Or(usualDeliveryLimit), 0)
}

// look is what one peek does to a queue with a delivery limit.
type look struct {
	limit int64
	// worn are the messages that have now been delivered half as often as they
	// may be; spent those that may not be delivered again.
	worn, spent int64
}

// at notes a message that is about to be given back.
func (l *look) at(headers amqp.Table) {
	if l.limit == 0 {
		return
	}
	before := integer(headers[headerDeliveries])
	if 2*(before+1) >= l.limit {
		l.worn++
	}
	if before >= l.limit {
		l.spent++
	}
}

func (l *look) err(a address) error {
	if l.spent == 0 {
		return nil
	}
	return fmt.Errorf("%d messages of %s had been delivered %d times before, as often as the queue allows: "+
		"looking at them was their last delivery, and the queue now drops or dead-letters them", l.spent, a, l.limit)
}

// looked is what peeking left behind in a queue: so many worn messages, when
// consumers had taken so many.
type looked struct {
	worn  int64
	taken queue.Count
}

// mayLook refuses where looking again could use up the deliveries of messages
// that consumers are still to get, until consumers have taken those messages.
func (s *source) mayLook(a address, now queueAnswer, limit int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.looked[a.String()]
	if !ok || limit == 0 {
		return nil
	}
	if depth, known := now.Messages.Get(); known && depth == 0 {
		delete(s.looked, a.String())
		return nil
	}
	taken := now.Stats.taken(queue.KindQuorum).Minus(before.taken)
	if n, known := taken.Get(); known && (n < 0 || n >= before.worn) {
		delete(s.looked, a.String())
		return nil
	}
	return &queue.CannotError{What: fmt.Sprintf(
		"%s allows %d deliveries of a message and %d of its messages have had half of them or more; "+
			"looking again could make the queue drop them, so it is refused until consumers have taken them", a, limit, before.worn)}
}

func (s *source) hasLooked(a address, then queueAnswer, l look) {
	if l.worn == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked[a.String()] = looked{worn: l.worn, taken: queue.Known(then.Stats.taken(queue.KindQuorum).Or(0))}
}

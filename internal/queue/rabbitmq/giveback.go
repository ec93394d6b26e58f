package rabbitmq

import (
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A channel hands messages back to a quorum queue one command each. From 32
// commands on that the queue has not yet applied it keeps the others and sends
// them later in another order (SOFT_LIMIT in RabbitMQ's rabbit_fifo_client), so
// half of that is given back at a time.
const (
	backAtOnce = 16
	// backWait bounds how long a queue may stand still: it writes each command to
	// disk before it applies it.
	backWait = 5 * time.Second
	// consumedWait is the same of a queue that has consumers: they may take what
	// it got, and hold nobody up.
	consumedWait = time.Second
	// A queue is asked again after the first of these, and ever later up to the
	// second: one that stands still has enough to do.
	backPause   = 2 * time.Millisecond
	backPauseTo = 100 * time.Millisecond
)

// returner is what giving back needs of a channel.
type returner interface {
	Nack(tag uint64, multiple, requeue bool) error
	QueueDeclarePassive(name string, durable, autoDelete, exclusive, noWait bool, args amqp.Table) (amqp.Queue, error)
}

// giveBack returns all messages up to a tag, and asks for the queue once more:
// it answers after it has them again. A connection that is closed ends it.
func giveBack(channel returner, name string, last uint64, quorum bool) error {
	patience := backWait
	for given := uint64(0); given < last; {
		next := last
		if quorum {
			next = min(given+backAtOnce, last)
		}
		before, err := state(channel, name)
		if err != nil {
			return err
		}
		if before.Consumers > 0 {
			patience = min(patience, consumedWait)
		}
		if err := channel.Nack(next, true, true); err != nil {
			return err
		}
		if quorum {
			more := int(next - given) //nolint:gosec // at most backAtOnce
			has, err := getsReady(channel, name, before.Messages, before.Messages+more, patience)
			if err != nil {
				return err
			}
			if !has {
				patience = 0 // for the others too: nobody is held up that long again
			}
		}
		given = next
	}
	_, err := state(channel, name)
	return err
}

// getsReady waits until a queue, which had some messages to give, has as many as
// it should, and says whether it had them in time. It waits while their number
// grows, and no longer where it falls: others take them meanwhile, so that it
// never comes, nor is there an order to keep.
func getsReady(channel returner, name string, had, want int, patience time.Duration) (bool, error) {
	end, pause := time.Now().Add(patience), backPause
	for {
		now, err := state(channel, name)
		have := now.Messages
		if err != nil || have >= want {
			return err == nil, err
		}
		if have > had {
			end = time.Now().Add(patience)
		}
		if have < had || !time.Now().Before(end) {
			return false, nil
		}
		had = have
		<-time.After(pause)
		pause = min(2*pause, backPauseTo)
	}
}

// state asks for the queue as it is.
func state(channel returner, name string) (amqp.Queue, error) {
	return channel.QueueDeclarePassive(name, true, false, false, false, nil)
}

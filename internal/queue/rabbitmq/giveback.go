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
	backWait   = time.Second
	backPause  = 2 * time.Millisecond
)

// giveBack returns all messages up to a tag, and asks for the queue once more:
// it answers after it has them again.
func giveBack(channel *amqp.Channel, name string, last uint64, quorum bool) error {
	before, err := ready(channel, name)
	if err != nil {
		return err
	}
	ordered := quorum
	for tag := uint64(0); tag < last; {
		tag = min(tag+backAtOnce, last)
		if !ordered {
			tag = last
		}
		if err := channel.Nack(tag, true, true); err != nil {
			return err
		}
		if ordered {
			// Where others take them meanwhile, their number never comes, nor is
			// there an order to keep.
			ordered, err = hasReady(channel, name, before+int(tag)) //nolint:gosec // at most Limit + mostReturned
			if err != nil {
				return err
			}
		}
	}
	_, err = ready(channel, name)
	return err
}

// hasReady waits until the queue has so many messages to give, and says whether
// it had them in time.
func hasReady(channel *amqp.Channel, name string, want int) (bool, error) {
	for end := time.Now().Add(backWait); ; {
		have, err := ready(channel, name)
		if err != nil || have >= want {
			return err == nil, err
		}
		if time.Now().After(end) {
			return false, nil
		}
		<-time.After(backPause)
	}
}

func ready(channel *amqp.Channel, name string) (int, error) {
	q, err := channel.QueueDeclarePassive(name, true, false, false, false, nil)
	return q.Messages, err
}

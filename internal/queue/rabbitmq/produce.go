package rabbitmq

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/diorama-dev/diorama/internal/queue"
)

// Produce publishes a message to a queue, or to an exchange with the key as
// the routing key, and returns once the broker has confirmed it. One that no
// queue would get is an error: https://www.rabbitmq.com/docs/publishers#unroutable.
func (s *source) Produce(ctx context.Context, r queue.ProduceRequest) (queue.Written, error) {
	a := parseAddress(r.Queue)
	if partition, ok := r.Partition.Get(); ok && partition != 0 {
		return queue.Written{}, &queue.CannotError{What: "a RabbitMQ queue has no partitions"}
	}
	exchange, key := "", a.name
	if a.exchange {
		exchange, key = a.name, string(r.Key)
	} else if len(r.Key) > 0 {
		return queue.Written{}, &queue.CannotError{
			What: "a message in a RabbitMQ queue has no key; of a message to an exchange it is the routing key",
		}
	}
	l, err := s.dial(ctx, a.vhost)
	if err != nil {
		return queue.Written{}, err
	}
	defer l.close()
	err = l.publish(ctx, exchange, key, publishing(r))
	var unroutable *unroutableError
	switch {
	case errors.As(err, &unroutable) && !a.exchange:
		return queue.Written{}, &queue.NotFoundError{What: "queue", Name: a.String()}
	case err != nil:
		return queue.Written{}, explain(ctx, "publish to "+a.String(), err)
	}
	return queue.Written{}, nil
}

// unroutableError is the broker's return of a message.
type unroutableError struct{ exchange, key string }

func (e *unroutableError) Error() string {
	return fmt.Sprintf("no queue is bound to exchange %q for the routing key %q: bind one, or take another key", e.exchange, e.key)
}

// errRefused is the broker's refusal of a message.
var errRefused = errors.New("the broker did not take the message: the queue is full and set to reject, or its leader is away")

func (l *link) publish(ctx context.Context, exchange, key string, p amqp.Publishing) error {
	channel, err := l.Channel()
	if err != nil {
		return err
	}
	if err := channel.Confirm(false); err != nil {
		return err
	}
	returned := channel.NotifyReturn(make(chan amqp.Return, 1))
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	blocked := l.NotifyBlocked(make(chan amqp.Blocking, 1))
	confirmed, err := channel.PublishWithDeferredConfirm(exchange, key, true, false, p)
	if err != nil {
		return err
	}
	select {
	case <-confirmed.Done():
	case err := <-closed:
		if err == nil {
			return amqp.ErrClosed
		}
		return err
	case b := <-blocked:
		return fmt.Errorf("the broker makes publishers wait (%s): it may yet write the message once its alarm is over", b.Reason)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-returned: // sent before the confirmation
		return &unroutableError{exchange: exchange, key: key}
	default:
	}
	if !confirmed.Acked() {
		return errRefused
	}
	return nil
}

package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/diorama-dev/diorama/internal/queue"
)

// closesWithin bounds how long a broker is waited for when a connection is
// closed; it takes back what was not acknowledged either way.
const closesWithin = 2 * time.Second

// link is a connection for one piece of work, which ends with its context.
type link struct {
	*amqp.Connection
	release func() bool
}

// dial connects to a virtual host. The library's own calls know no context:
// once it ends, the connection under them is closed.
func (s *source) dial(ctx context.Context, vhost string) (*link, error) {
	l := &link{release: func() bool { return true }}
	connection, err := amqp.DialConfig(s.amqpURL, amqp.Config{
		Vhost: vhost, Heartbeat: 10 * time.Second, Properties: amqp.Table{"connection_name": "diorama"},
		Dial: func(network, address string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			l.release = context.AfterFunc(ctx, func() { raw.Close() })
			return raw, nil
		},
	})
	if err != nil {
		l.release()
		return nil, explain(ctx, "connect to "+s.amqpPlace()+", virtual host "+vhost, err)
	}
	l.Connection = connection
	return l, nil
}

func (l *link) close() {
	//nolint:errcheck // what was to be said has been confirmed before
	l.CloseDeadline(time.Now().Add(closesWithin))
	l.release()
}

// amqpPlace is the address of the broker, without a password.
func (s *source) amqpPlace() string {
	uri, err := amqp.ParseURI(s.amqpURL)
	if err != nil {
		return "the endpoint \"amqp\""
	}
	return fmt.Sprintf("%s:%d", uri.Host, uri.Port)
}

// explain says what a failure was about, and prefers the end of the context to
// the closed connection that follows from it.
func explain(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("rabbitmq: %s: no answer in time: %w", doing, context.Cause(ctx))
	}
	var refused *amqp.Error
	if !errors.As(err, &refused) {
		return fmt.Errorf("rabbitmq: %s: %w", doing, err)
	}
	switch refused.Code {
	case amqp.AccessRefused:
		return fmt.Errorf("rabbitmq: %s: the user may not, or another consumer has the queue for itself: %w", doing, err)
	case amqp.ResourceLocked:
		return fmt.Errorf("rabbitmq: %s: the queue is exclusive to another connection: %w", doing, err)
	default:
		return fmt.Errorf("rabbitmq: %s: %w", doing, err)
	}
}

// find asks the API for one queue.
func (s *source) find(ctx context.Context, a address) (queueAnswer, error) {
	var answer queueAnswer
	err := s.get(ctx, a.path()+"?columns="+queueColumns+",delivery_limit", &answer)
	if isStatus(err, 404) {
		return answer, &queue.NotFoundError{What: a.what(), Name: a.String()}
	}
	return answer, err
}

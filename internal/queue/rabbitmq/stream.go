package rabbitmq

import (
	"context"
	"fmt"
	"strconv"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	// streamWindow is how many messages of a stream are under way at once: of
	// 1 MB each they take 8 MB.
	streamWindow = 8
	// streamIdle is for how long nothing comes before the broker is asked
	// whether it has anything more.
	streamIdle = 50 * time.Millisecond
	// reader is the tag of the consumer, one for each channel.
	reader = "diorama"
)

// peekStream reads from a stream, up to its end. It stores no offset:
// https://www.rabbitmq.com/docs/streams#consuming. Where a time is given it
// begins with the chunk of messages that the time falls into.
func (s *source) peekStream(ctx context.Context, a address, r queue.PeekRequest, see func(queue.Message) error) error {
	l, err := s.dial(ctx, a.vhost)
	if err != nil {
		return err
	}
	defer l.close()
	doing := "peek into " + a.String()
	start, lowest := any("first"), int64(0)
	switch r.From {
	case queue.FromNewest:
		end, err := l.end(ctx, a.name)
		if err != nil {
			return explain(ctx, doing, err)
		}
		lowest = max(0, end-int64(r.Limit))
		start = lowest
	case queue.FromOffset:
		lowest = max(0, r.Offset)
		start = lowest
	case queue.FromTime:
		if r.Time.Unix() > 0 { // a timestamp of AMQP knows no earlier one
			start = r.Time
		}
	case queue.FromOldest, "":
	default:
		return &queue.CannotError{What: fmt.Sprintf("a stream cannot be read from %q", r.From)}
	}
	shown, seen := 0, error(nil)
	err = l.read(ctx, a.name, start, func(offset int64, d *amqp.Delivery) (more bool) {
		if offset < lowest {
			return true
		}
		shown++
		seen = see(message(d, strconv.FormatInt(offset, 10), r.MostBytes))
		return shown < r.Limit && seen == nil
	})
	if err != nil {
		return explain(ctx, doing, err)
	}
	return seen
}

// endWithin bounds the search for the end of a stream that is being written to:
// any end of that time is as good.
const endWithin = time.Second

// end is the offset that a stream's next message gets. The message count that
// the broker gives for a stream is seconds old, so its last chunk is read.
func (l *link) end(ctx context.Context, name string) (int64, error) {
	end, began := int64(0), time.Now()
	err := l.read(ctx, name, "last", func(offset int64, _ *amqp.Delivery) bool {
		end = offset + 1
		return time.Since(began) < endWithin
	})
	return end, err
}

// read calls a function with messages from a place of a stream on, until it
// wants no more or the stream ends. An offset that retention has passed is
// that of the first message.
func (l *link) read(ctx context.Context, name string, from any, each func(int64, *amqp.Delivery) (more bool)) error {
	channel, err := l.Channel()
	if err != nil {
		return err
	}
	defer channel.Close()
	if err := channel.Qos(streamWindow, 0, false); err != nil {
		return err
	}
	deliveries, err := channel.ConsumeWithContext(ctx, name, reader, false, false, false, false, amqp.Table{headerOffset: from})
	if err != nil {
		return err
	}
	// A channel that is only closed stays in the broker's count of consumers.
	//nolint:errcheck // a connection that is gone has no consumers
	defer channel.Cancel(reader, false)
	idle := time.NewTimer(streamIdle)
	defer idle.Stop()
	asked := false
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-idle.C:
			if asked {
				return nil
			}
			// The channel reads the stream itself and answers in order: what
			// it had to deliver has come before this answer.
			if _, err := channel.QueueDeclarePassive(name, true, false, false, false, nil); err != nil {
				return err
			}
			asked = true
			idle.Reset(streamIdle)
		case d, ok := <-deliveries:
			if !ok {
				return fmt.Errorf("the broker ended the reading: %w", amqp.ErrClosed)
			}
			asked = false
			idle.Reset(streamIdle)
			offset := integer(d.Headers[headerOffset])
			if !each(offset, &d) {
				return nil
			}
			// Acknowledging asks for the next ones; a stream keeps all.
			if err := d.Ack(false); err != nil {
				return err
			}
		}
	}
}

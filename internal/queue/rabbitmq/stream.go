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
	// streamQuiet is how long a stream is waited for that should have messages
	// and sends none: retention took them, or none is as young as was asked.
	streamQuiet = 2 * time.Second
)

// peekStream reads from a stream up to where it ended at the beginning. It
// stores no offset. Retention and chunks make the message count of a stream
// the distance of its offsets: https://www.rabbitmq.com/docs/streams#offsets.
func (s *source) peekStream(ctx context.Context, a address, r queue.PeekRequest, see func(queue.Message) error) error {
	l, err := s.dial(ctx, a.vhost)
	if err != nil {
		return err
	}
	defer l.close()
	doing := "peek into " + a.String()
	first, count, err := l.extent(ctx, a.name)
	if err != nil {
		return explain(ctx, doing, err)
	}
	if count == 0 {
		return nil
	}
	end, start, lowest := first+count, any("first"), int64(0)
	switch r.From {
	case queue.FromNewest:
		lowest = max(first, end-int64(r.Limit))
		start = lowest
	case queue.FromOffset:
		lowest = max(first, r.Offset)
		start = lowest
	case queue.FromTime:
		start = r.Time
	case queue.FromOldest, "":
	default:
		return &queue.CannotError{What: fmt.Sprintf("a stream cannot be read from %q", r.From)}
	}
	if lowest >= end {
		return nil
	}
	shown := 0
	err = l.read(ctx, a.name, start, func(offset int64, d *amqp.Delivery) (more bool, err error) {
		if offset < lowest {
			return true, nil
		}
		shown++
		err = see(message(d, strconv.FormatInt(offset, 10), r.MostBytes))
		return shown < r.Limit && offset+1 < end, err
	})
	return err
}

// extent is where a stream begins and how many messages it has.
func (l *link) extent(ctx context.Context, name string) (first, count int64, err error) {
	channel, err := l.Channel()
	if err != nil {
		return 0, 0, err
	}
	defer channel.Close()
	declared, err := channel.QueueDeclarePassive(name, true, false, false, false, nil)
	if err != nil || declared.Messages == 0 {
		return 0, 0, err
	}
	found := false
	err = l.read(ctx, name, "first", func(offset int64, _ *amqp.Delivery) (bool, error) {
		first, found = offset, true
		return false, nil
	})
	if err != nil || !found {
		return 0, 0, err
	}
	return first, int64(declared.Messages), nil
}

// read calls a function with messages from a place of a stream on, until it
// wants no more or none come.
func (l *link) read(ctx context.Context, name string, from any, each func(int64, *amqp.Delivery) (more bool, err error)) error {
	channel, err := l.Channel()
	if err != nil {
		return err
	}
	defer channel.Close()
	if err := channel.Qos(streamWindow, 0, false); err != nil {
		return err
	}
	deliveries, err := channel.ConsumeWithContext(ctx, name, "", false, false, false, false, amqp.Table{headerOffset: from})
	if err != nil {
		return err
	}
	quiet := time.NewTimer(streamQuiet)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-quiet.C:
			return nil
		case d, ok := <-deliveries:
			if !ok {
				return fmt.Errorf("the broker ended the reading of %s: %w", name, amqp.ErrClosed)
			}
			quiet.Reset(streamQuiet)
			offset, _ := integer(d.Headers[headerOffset])
			more, err := each(offset, &d)
			if err != nil || !more {
				return err
			}
			// Acknowledging asks for the next ones; a stream keeps all.
			if err := d.Ack(false); err != nil {
				return err
			}
		}
	}
}

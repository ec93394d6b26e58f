package redis

import (
	"context"
	"errors"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

// Produce adds an entry to a stream, with the fields "key", where there is one,
// "value", and the headers; appends an element at the right end of a list; or
// publishes to a channel, where only those get it who listen at that moment. It
// makes no stream and no list.
func (s *source) Produce(ctx context.Context, r queue.ProduceRequest) (queue.Written, error) {
	a := parseAddress(r.Queue)
	if err := noPartition(r.Partition); err != nil {
		return queue.Written{}, err
	}
	kind := queue.KindChannel
	if !a.channel {
		found, err := s.kindOfKey(ctx, a)
		if err != nil {
			return queue.Written{}, err
		}
		kind = found
	}
	if kind != queue.KindStream && (r.Key != nil || len(r.Headers) > 0) {
		return queue.Written{}, &queue.CannotError{What: "a message in a Redis " + string(kind) + " is a value alone, without a key or headers"}
	}
	var position string
	err := s.do(ctx, "write to "+a.String(), func(ctx context.Context) (err error) {
		switch kind {
		case queue.KindStream:
			position, err = s.add(ctx, a, r)
		case queue.KindList:
			err = s.client.RPush(ctx, a.name, r.Value).Err()
		default:
			err = s.client.Publish(ctx, a.name, r.Value).Err()
		}
		return err
	})
	if err != nil {
		return queue.Written{}, err
	}
	return queue.Written{Position: position}, nil
}

func (s *source) add(ctx context.Context, a address, r queue.ProduceRequest) (string, error) {
	var values []any
	if r.Key != nil {
		values = append(values, fieldKey, r.Key)
	}
	values = append(values, fieldValue, r.Value)
	for _, h := range r.Headers {
		values = append(values, h.Name, h.Value)
	}
	id, err := s.client.XAdd(ctx, &goredis.XAddArgs{Stream: a.name, NoMkStream: true, Values: values}).Result()
	if errors.Is(err, goredis.Nil) {
		return "", &queue.NotFoundError{What: "stream", Name: a.String()}
	}
	return id, err
}

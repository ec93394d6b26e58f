package redis

import (
	"context"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

// maker is the group that makes an empty stream and goes again at once.
const maker = "diorama:making"

// Create makes an empty stream.
func (s *source) Create(ctx context.Context, r queue.CreateRequest) error {
	a := parseAddress(r.Name)
	switch {
	case r.Kind == queue.KindList:
		return &queue.CannotError{What: "a Redis list is made by its first element: push one"}
	case a.channel || r.Kind == queue.KindChannel:
		return &queue.CannotError{What: "a Redis channel is not made: it is there as long as somebody listens"}
	case r.Kind != "" && r.Kind != queue.KindStream:
		return &queue.CannotError{What: fmt.Sprintf("Redis has no queue of the kind %s", r.Kind)}
	case r.Partitions > 0:
		return &queue.CannotError{What: "Redis has no partitions"}
	case len(r.Settings) > 0:
		return &queue.CannotError{What: "a Redis stream has no settings: its length is bounded by who writes to it (XADD … MAXLEN)"}
	case a.name == "":
		return &queue.CannotError{What: "a Redis stream needs a name"}
	}
	err := s.do(ctx, "create stream "+a.String(), func(ctx context.Context) error {
		return s.client.Watch(ctx, func(tx *goredis.Tx) error {
			keyType, err := tx.Type(ctx, a.name).Result()
			if err != nil {
				return err
			}
			if keyType != "none" {
				return fmt.Errorf("there is a key of that name already, a %s", keyType)
			}
			_, err = tx.TxPipelined(ctx, func(pipe goredis.Pipeliner) error {
				pipe.XGroupCreateMkStream(ctx, a.name, maker, "$")
				pipe.XGroupDestroy(ctx, a.name, maker)
				return nil
			})
			return err
		}, a.name)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.add(a.name, queue.KindStream, time.Now())
	return nil
}

// Delete deletes a stream or a list, with all that is in it.
func (s *source) Delete(ctx context.Context, name string) error {
	a := parseAddress(name)
	if a.channel {
		return &queue.CannotError{What: "a Redis channel cannot be deleted: it goes with the last who listens"}
	}
	err := s.do(ctx, "delete "+a.String(), func(ctx context.Context) error {
		return s.client.Watch(ctx, func(tx *goredis.Tx) error {
			keyType, err := tx.Type(ctx, a.name).Result()
			if err != nil {
				return err
			}
			if kindOf(keyType) == "" {
				return &queue.NotFoundError{What: "stream or list", Name: a.String()}
			}
			_, err = tx.TxPipelined(ctx, func(pipe goredis.Pipeliner) error { return pipe.Unlink(ctx, a.name).Err() })
			return err
		}, a.name)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys.known, a.name)
	return nil
}

package diorama

import (
	"context"
	"errors"
	"os"

	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/queue"
)

// brokers are the systems whose queues are sampled, by the name that a stack's
// `queues:` has.
func brokers() map[string]queue.Open {
	return map[string]queue.Open{}
}

// Queues asks the environment's brokers and acts on them.
func (s *Session) Queues() keeper.Queues { return s.client.Queues() }

// WatchQueues calls see with the newest state of the brokers and each newer
// one, until ctx ends or see returns false. A keeper that goes away is started
// again.
func (s *Session) WatchQueues(ctx context.Context, see func(queue.State) bool) error {
	for {
		err := s.client.Queues().Watch(ctx, see)
		if _, gone := errors.AsType[*keeper.GoneError](err); !gone {
			return err
		}
		if _, err := os.Stat(s.folder.Plan()); err != nil {
			return noEnvironment(s.name)
		}
		if s.client, err = s.spawn.Ensure(ctx); err != nil {
			return err
		}
	}
}

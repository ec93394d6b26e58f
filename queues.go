package diorama

import (
	"context"
	"os"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/internal/queue/kafka"
	"github.com/diorama-dev/diorama/internal/queue/rabbitmq"
	"github.com/diorama-dev/diorama/internal/queue/redis"
	"github.com/diorama-dev/diorama/internal/queue/rocketmq"
)

// brokers are the systems whose queues are sampled, by the name that a stack's
// `queues:` has.
func brokers() map[string]queue.Open {
	return map[string]queue.Open{
		"kafka": kafka.Open, "rabbitmq": rabbitmq.Open, "redis": redis.Open, "rocketmq": rocketmq.Open,
	}
}

// Queues asks the environment's brokers and acts on them.
func (s *Session) Queues() keeper.Queues { return s.client.Queues() }

// WatchQueues calls see with the newest state of the brokers and each newer
// one, until ctx ends or see returns false. A keeper that goes away is started
// again.
func (s *Session) WatchQueues(ctx context.Context, see func(queue.State) bool) error {
	return s.reconnecting(ctx, func() error { return s.client.Queues().Watch(ctx, see) })
}

// QueueNames are the queues that the environment's keeper knows, as
// BROKER/NAME, without those that systems keep for themselves. No broker is
// asked.
func QueueNames(ctx context.Context, name string) ([]string, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return nil, err
	}
	var names []string
	err = keeper.NewClient(env.FolderOf(root, name)).Queues().Watch(ctx, func(state queue.State) bool {
		for _, b := range state {
			for _, q := range b.Queues {
				if !q.Internal {
					names = append(names, b.Stack+"/"+q.Name)
				}
			}
		}
		return false
	})
	return names, err
}

package cli

import (
	"context"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/latest"
	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/queues"
)

// attachedQueues are a session's brokers as the terminal UI wants them.
type attachedQueues struct {
	keeper.Queues
	session *diorama.Session
}

// queuesOf are the queues of a session for the terminal UI; none where no
// stack has some.
func queuesOf(session *diorama.Session) queues.Source {
	p, err := session.Plan()
	if err != nil {
		return queues.Source{} // the UI says that there is nothing
	}
	for _, stack := range p.Stacks {
		if stack.Queues != "" {
			a := attachedQueues{Queues: session.Queues(), session: session}
			return queues.Source{Watcher: a, Operator: a, Resetter: a}
		}
	}
	return queues.Source{}
}

// Watch sends the newest state of the brokers until the environment is gone or
// ctx ends.
func (a attachedQueues) Watch(ctx context.Context) <-chan []*queue.Broker {
	return latest.Relay(func(see func([]*queue.Broker)) {
		_ = a.session.WatchQueues(ctx, func(state queue.State) bool { see(state); return true }) // the UI sees the channel close
	})
}

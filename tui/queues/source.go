package queues

import (
	"context"

	"github.com/diorama-dev/diorama/internal/queue"
)

// Watcher tells how the brokers of an environment are. Its methods may be
// called from several goroutines at once.
type Watcher interface {
	// Watch sends the newest state of all brokers, then each newer one; what is
	// not taken in time is replaced. The brokers are values: of queues and groups
	// that have not changed the same pointers come again. The channel is closed
	// when there will be no more or the context ends.
	Watch(ctx context.Context) <-chan []*queue.Broker
	// Queue is a queue of a stack's broker with its partitions.
	Queue(ctx context.Context, stack, name string) (*queue.Queue, error)
	// Group is a group with its members and offsets.
	Group(ctx context.Context, stack, name string) (*queue.Group, error)
}

// Operator looks into queues and changes them. An error says in a sentence what
// a system cannot do, and what to do instead.
type Operator interface {
	// Peek calls see with each message; note says what the looking itself
	// changes, empty: nothing.
	Peek(ctx context.Context, stack string, r queue.PeekRequest, see func(queue.Message) error) (note string, err error)
	Produce(ctx context.Context, stack string, r queue.ProduceRequest) (queue.Written, error)
	Create(ctx context.Context, stack string, r queue.CreateRequest) error
	Delete(ctx context.Context, stack, name string) error
}

// Resetter moves groups.
type Resetter interface {
	PlanReset(ctx context.Context, stack string, r queue.ResetRequest) (queue.ResetPlan, error)
	Reset(ctx context.Context, stack string, p queue.ResetPlan) error
}

// Source is where the screen's numbers come from and where its requests go. The
// zero value stands for an environment without queues; without an Operator or a
// Resetter the screen only shows.
type Source struct {
	Watcher  Watcher
	Operator Operator
	Resetter Resetter
}

// Empty reports whether there is nothing to show.
func (s Source) Empty() bool { return s.Watcher == nil }

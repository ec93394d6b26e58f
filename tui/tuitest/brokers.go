package tuitest

import (
	"context"
	"sync"

	"github.com/diorama-dev/diorama/internal/queue"
)

// Brokers answers for the queues of an environment and remembers what it was
// asked for.
type Brokers struct {
	States chan []*queue.Broker // sent to whoever watches; nil: nothing comes
	Err    error                // of every method that can fail
	// Note is what looking into a queue changes; Hold, Members and Messages are
	// what there is to see.
	Note     string
	Queues   map[string]*queue.Queue
	Groups   map[string]*queue.Group
	Messages []queue.Message
	Plan     queue.ResetPlan

	mu    sync.Mutex
	asked []any
}

// Asked are the requests so far, the oldest first.
func (b *Brokers) Asked() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]any(nil), b.asked...)
}

func (b *Brokers) note(request any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, request)
}

// Watch sends the states.
func (b *Brokers) Watch(context.Context) <-chan []*queue.Broker { return b.States }

// Queue is a queue by its name.
func (b *Brokers) Queue(_ context.Context, _, name string) (*queue.Queue, error) {
	if q, ok := b.Queues[name]; ok && b.Err == nil {
		return q, nil
	}
	if b.Err != nil {
		return nil, b.Err
	}
	return nil, &queue.NotFoundError{What: "topic", Name: name}
}

// Group is a group by its name.
func (b *Brokers) Group(_ context.Context, _, name string) (*queue.Group, error) {
	if g, ok := b.Groups[name]; ok && b.Err == nil {
		return g, nil
	}
	if b.Err != nil {
		return nil, b.Err
	}
	return nil, &queue.NotFoundError{What: "group", Name: name}
}

// Peek shows the messages.
func (b *Brokers) Peek(_ context.Context, _ string, r queue.PeekRequest, see func(queue.Message) error) (string, error) {
	b.note(r)
	for i, m := range b.Messages {
		if i >= r.Limit {
			break
		}
		if err := see(m); err != nil {
			return b.Note, err
		}
	}
	return b.Note, b.Err
}

// Produce remembers the message.
func (b *Brokers) Produce(_ context.Context, _ string, r queue.ProduceRequest) (queue.Written, error) {
	b.note(r)
	return queue.Written{Partition: 2, Position: "184221"}, b.Err
}

// Create remembers the queue.
func (b *Brokers) Create(_ context.Context, _ string, r queue.CreateRequest) error {
	b.note(r)
	return b.Err
}

// Delete remembers the name.
func (b *Brokers) Delete(_ context.Context, stack, name string) error {
	b.note("delete " + stack + "/" + name)
	return b.Err
}

// PlanReset answers with the plan.
func (b *Brokers) PlanReset(_ context.Context, _ string, r queue.ResetRequest) (queue.ResetPlan, error) {
	b.note(r)
	return b.Plan, b.Err
}

// Reset remembers the plan.
func (b *Brokers) Reset(_ context.Context, _ string, p queue.ResetPlan) error {
	b.note(p)
	return b.Err
}

package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/diorama-dev/diorama/internal/queue"
)

// Queues asks a keeper of the environment's brokers.
type Queues struct{ client *Client }

// Queues returns the client for the environment's brokers.
func (c *Client) Queues() Queues { return Queues{client: c} }

// State asks every broker and returns what they say.
func (c Queues) State(ctx context.Context) (queue.State, error) {
	var state queue.State
	return state, c.client.call(ctx, http.MethodGet, "queues", nil, &state)
}

// Details returns what the last samples held, by stack.
func (c Queues) Details(ctx context.Context) (map[string]queue.Detail, error) {
	var details map[string]queue.Detail
	return details, c.client.call(ctx, http.MethodGet, "queues/details", nil, &details)
}

// Watch calls see with the newest state of the brokers until ctx ends,
// see returns false, or the keeper is gone, which is a [GoneError].
func (c Queues) Watch(ctx context.Context, see func(queue.State) bool) error {
	response, err := c.client.send(ctx, http.MethodGet, "queues/watch", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	var state queue.State
	for whole := false; ; {
		var u queue.Update
		if err := lines.Decode(&u); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return &GoneError{Err: err}
		}
		if u.Stack == "" {
			whole = true
		} else {
			state = state.With(u)
		}
		if whole && !see(state) {
			return nil
		}
	}
}

// Queue returns a queue with its partitions.
func (c Queues) Queue(ctx context.Context, stack, name string) (*queue.Queue, error) {
	return do[*queue.Queue](ctx, c, "queue", stack, name)
}

// Group returns a group with its members and offsets.
func (c Queues) Group(ctx context.Context, stack, name string) (*queue.Group, error) {
	return do[*queue.Group](ctx, c, "group", stack, name)
}

// Produce writes a message.
func (c Queues) Produce(ctx context.Context, stack string, r queue.ProduceRequest) (queue.Written, error) {
	return do[queue.Written](ctx, c, "produce", stack, r)
}

// Create makes a queue and waits until it is there.
func (c Queues) Create(ctx context.Context, stack string, r queue.CreateRequest) error {
	_, err := do[struct{}](ctx, c, "create", stack, r)
	return err
}

// Delete deletes a queue and waits until it is gone.
func (c Queues) Delete(ctx context.Context, stack, name string) error {
	_, err := do[struct{}](ctx, c, "delete", stack, name)
	return err
}

// PlanReset says what a reset would change.
func (c Queues) PlanReset(ctx context.Context, stack string, r queue.ResetRequest) (queue.ResetPlan, error) {
	return do[queue.ResetPlan](ctx, c, "plan-reset", stack, r)
}

// Reset moves a group as planned.
func (c Queues) Reset(ctx context.Context, stack string, p queue.ResetPlan) error {
	_, err := do[struct{}](ctx, c, "reset", stack, p)
	return err
}

// Peek calls see with messages as they come, and returns what looking at them
// changes. It ends at the first error of see's.
func (c Queues) Peek(ctx context.Context, stack string, r queue.PeekRequest, see func(queue.Message) error) (note string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	response, err := c.client.send(ctx, http.MethodPost, "queues/peek", QueueRequest[queue.PeekRequest]{Stack: stack, Ask: r})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	for {
		var line Peeked
		if err := lines.Decode(&line); err != nil {
			if ctx.Err() != nil {
				return note, context.Cause(ctx)
			}
			return note, &GoneError{Err: err}
		}
		switch {
		case line.Error != "":
			return note, errors.New(line.Error)
		case line.Done:
			return note, nil
		case line.Message != nil:
			if err := see(*line.Message); err != nil {
				return note, err
			}
		default:
			note = line.Note
		}
	}
}

func do[Out, In any](ctx context.Context, c Queues, what, stack string, in In) (Out, error) {
	var out Out
	return out, c.client.call(ctx, http.MethodPost, "queues/"+what, QueueRequest[In]{Stack: stack, Ask: in}, &out)
}

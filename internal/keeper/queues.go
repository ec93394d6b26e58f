package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"sync"

	"github.com/diorama-dev/diorama/internal/credentials"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/internal/queue"
)

// brokers samples the environment's brokers.
type brokers struct {
	folder  env.Folder
	open    map[string]queue.Open // by system
	sampler *queue.Sampler
	log     *slog.Logger

	mu      sync.Mutex
	sampled map[string]sampled // by stack
}

// sampled is a broker and how it is reached.
type sampled struct {
	spec   queue.Spec
	access queue.Access
}

func newBrokers(ctx context.Context, o Options) *brokers {
	return &brokers{folder: o.Folder, open: o.Brokers, sampler: queue.NewSampler(ctx), log: o.Log, sampled: make(map[string]sampled)}
}

// use samples the brokers of the plan. One that is reached as before goes on
// being sampled, with all that is known of it.
func (b *brokers) use(p plan.Plan) {
	b.mu.Lock()
	defer b.mu.Unlock()
	secrets, err := credentials.Load(string(b.folder))
	if err != nil {
		b.log.Error("brokers cannot be sampled", "error", err)
		return
	}
	next := make(map[string]sampled)
	var specs []queue.Spec
	for _, stack := range p.Stacks {
		if stack.Queues == "" {
			continue
		}
		access := AccessTo(p, stack.Name, secrets)
		broker, ok := b.sampled[stack.Name]
		if !ok || broker.spec.System != stack.Queues || !maps.Equal(broker.access, access) {
			source, err := b.source(stack.Queues, access)
			if err != nil {
				b.log.Error("a broker cannot be sampled", "stack", stack.Name, "error", err)
				continue
			}
			broker = sampled{spec: queue.Spec{Stack: stack.Name, System: stack.Queues, Source: source}, access: access}
		}
		next[stack.Name] = broker
		specs = append(specs, broker.spec)
	}
	b.sampled = next
	b.sampler.Set(specs)
}

func (b *brokers) source(system string, access queue.Access) (queue.Source, error) {
	open, ok := b.open[system]
	if !ok {
		return nil, &queue.CannotError{What: "queues of " + system + " cannot be sampled by this version"}
	}
	return open(access)
}

// AccessTo is how a stack of the plan is reached: its endpoints, with the
// credentials in them.
func AccessTo(p plan.Plan, stack string, secrets credentials.Set) queue.Access {
	access := make(queue.Access)
	for _, e := range p.Endpoints {
		if e.Stack == stack {
			r := e.Reveal(secrets.Of(stack))
			access[e.Name] = queue.Endpoint{Host: r.Host, Port: r.Port, User: r.User, Password: r.Password, URL: r.URL}
		}
	}
	return access
}

// routes adds what clients may ask of queues.
func (b *brokers) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/queues", func(w http.ResponseWriter, r *http.Request) { answer(w, b.sampler.Fresh(r.Context())) })
	mux.HandleFunc("GET /v1/queues/details", func(w http.ResponseWriter, _ *http.Request) { answer(w, b.sampler.Details()) })
	mux.HandleFunc("GET /v1/queues/watch", b.watch)
	mux.HandleFunc("POST /v1/queues/queue", b.ask(asked(func(_ context.Context, stack, name string) (*queue.Queue, error) {
		return b.sampler.Queue(stack, name)
	})))
	mux.HandleFunc("POST /v1/queues/group", b.ask(asked(b.group)))
	mux.HandleFunc("POST /v1/queues/peek", b.peek)
	mux.HandleFunc("POST /v1/queues/produce", b.ask(through(b, "write messages", queue.Producer.Produce)))
	mux.HandleFunc("POST /v1/queues/create", b.ask(through(b, "create queues", done(queue.Creator.Create))))
	mux.HandleFunc("POST /v1/queues/delete", b.ask(through(b, "delete queues", done(queue.Creator.Delete))))
	mux.HandleFunc("POST /v1/queues/plan-reset", b.ask(through(b, "reset groups", queue.Resetter.PlanReset)))
	mux.HandleFunc("POST /v1/queues/reset", b.ask(through(b, "reset groups", done(queue.Resetter.Reset))))
}

// QueueRequest asks something of a stack's broker.
type QueueRequest[T any] struct {
	Stack string `json:"stack"`
	Ask   T      `json:"ask"`
}

// source is a stack's broker as one that can do something.
func source[T any](b *brokers, stack, what string) (T, error) {
	var none T
	s, ok := b.sampler.Source(stack)
	if !ok {
		return none, &queue.NotFoundError{What: "broker", Name: stack}
	}
	can, ok := s.(T)
	if !ok {
		return none, &queue.CannotError{What: stack + ": this system cannot " + what}
	}
	return can, nil
}

// group is a group of the last sample, with the age of what waits for it where
// the broker can say.
func (b *brokers) group(ctx context.Context, stack, name string) (*queue.Group, error) {
	g, err := b.sampler.Group(stack, name)
	if err != nil {
		return nil, err
	}
	if dater, err := source[queue.Dater](b, stack, ""); err == nil {
		return dater.Date(ctx, g)
	}
	return g, nil
}

// question is what a request asks of a stack's broker, still to be read.
type question func(ctx context.Context, stack string, ask json.RawMessage) (any, error)

// asked makes a question of a function.
func asked[In, Out any](do func(ctx context.Context, stack string, in In) (Out, error)) question {
	return func(ctx context.Context, stack string, ask json.RawMessage) (any, error) {
		var in In
		if err := json.Unmarshal(ask, &in); err != nil {
			return nil, err
		}
		return do(ctx, stack, in)
	}
}

// through makes a question of something that some sources can do.
func through[S, In, Out any](b *brokers, what string, do func(S, context.Context, In) (Out, error)) question {
	return asked(func(ctx context.Context, stack string, in In) (Out, error) {
		s, err := source[S](b, stack, what)
		if err != nil {
			var none Out
			return none, err
		}
		return do(s, ctx, in)
	})
}

// done gives an answer to what has none but an error.
func done[S, In any](do func(S, context.Context, In) error) func(S, context.Context, In) (struct{}, error) {
	return func(s S, ctx context.Context, in In) (struct{}, error) { return struct{}{}, do(s, ctx, in) }
}

// ask answers a question.
func (b *brokers) ask(q question) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request QueueRequest[json.RawMessage]
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		out, err := q(r.Context(), request.Stack, request.Ask)
		if err != nil {
			refuse(w, statusOf(err), b.sampler.Suggest(request.Stack, err))
			return
		}
		answer(w, out)
	}
}

func statusOf(err error) int {
	if _, missing := errors.AsType[*queue.NotFoundError](err); missing {
		return http.StatusNotFound
	}
	if _, cannot := errors.AsType[*queue.CannotError](err); cannot {
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}

// watch streams what is new of the brokers, a line of JSON each.
func (b *brokers) watch(w http.ResponseWriter, r *http.Request) {
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	var last queue.State
	for state := range b.sampler.Watch(r.Context()) {
		for _, u := range state.ChangesSince(last) {
			if out.Encode(u) != nil {
				return
			}
		}
		if last == nil { // a line even where there is no broker: the client knows that it knows all
			if out.Encode(queue.Update{Gone: true}) != nil {
				return
			}
		}
		if flush.Flush() != nil {
			return
		}
		last = append(queue.State{}, state...)
	}
}

// Peeked is a line of what a look at a queue shows: first a note, then messages,
// or the error that ended it.
type Peeked struct {
	Note    string         `json:"note,omitempty"`
	Message *queue.Message `json:"message,omitempty"`
	Error   string         `json:"error,omitempty"`
	// Done is true of the last line: what ends without it was cut off.
	Done bool `json:"done,omitempty"`
}

// peek streams messages as the broker gives them: none is held here.
func (b *brokers) peek(w http.ResponseWriter, r *http.Request) {
	var q QueueRequest[queue.PeekRequest]
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	peeker, err := source[queue.Peeker](b, q.Stack, "show messages")
	if err != nil {
		refuse(w, statusOf(err), err)
		return
	}
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	if out.Encode(Peeked{Note: peeker.PeekNote(q.Ask.Queue)}) != nil {
		return
	}
	err = peeker.Peek(r.Context(), q.Ask, func(m queue.Message) error {
		if err := out.Encode(Peeked{Message: &m}); err != nil {
			return err
		}
		return flush.Flush()
	})
	last := Peeked{Done: true}
	if err != nil {
		last.Error = b.sampler.Suggest(q.Stack, err).Error()
	}
	_ = out.Encode(last) // the client is gone: nobody to tell
}

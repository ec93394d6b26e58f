// Package redis turns a Redis or Valkey server's answers into samples of its
// streams, of its lists, taken for queues, and of its pub/sub channels; it
// shows, writes and makes them, and moves consumer groups of streams. It sees
// the database that the URL names, of a server that is no part of a cluster.
//
// An address is the name of a key; "channel:news" is the channel "news". A key
// whose name begins with "channel:" or "key:" is written "key:channel:…"; see
// [address].
package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

// answersWithin bounds how long an answer is waited for where the context does
// not end before.
const answersWithin = 10 * time.Second

type source struct {
	client *goredis.Client
	place  string // host:port

	mu   sync.Mutex // guards what follows; never held while the server is asked
	keys *keys
	// heads are when the entries were written that groups are to get next.
	heads map[head]time.Time
	// kinds are those of the last sample, by address.
	kinds map[string]queue.Kind
	// planned is, by group, the last entry it had got when a reset was planned.
	planned map[streamGroup]string
}

var (
	_ queue.Open     = Open
	_ queue.Peeker   = (*source)(nil)
	_ queue.Producer = (*source)(nil)
	_ queue.Creator  = (*source)(nil)
	_ queue.Resetter = (*source)(nil)
)

// Open makes a source of the server at the endpoint "redis" or "valkey".
func Open(access queue.Access) (queue.Source, error) {
	endpoint, ok := access["redis"]
	if !ok {
		endpoint, ok = access["valkey"]
	}
	if !ok || endpoint.URL == "" {
		return nil, errors.New("redis: no endpoint \"redis\" or \"valkey\" with a URL")
	}
	options, err := goredis.ParseURL(endpoint.URL)
	if err != nil {
		return nil, fmt.Errorf("redis: the endpoint's URL: %w", withoutURL(err))
	}
	goredis.SetLogger(quiet{}) // the client has but one for all
	options.ClientName = "diorama"
	options.Protocol = 2
	options.ContextTimeoutEnabled = true
	options.ReadTimeout, options.WriteTimeout = answersWithin, answersWithin
	options.DialTimeout, options.DialerRetries = 5*time.Second, 1
	options.MaxRetries = -1 // the sampler asks again
	options.PoolSize, options.MinIdleConns = 4, 0
	return &source{
		client: goredis.NewClient(options), place: options.Addr,
		keys: newKeys(), heads: make(map[head]time.Time), planned: make(map[streamGroup]string),
	}, nil
}

// quiet keeps the client from writing to standard error, where it would tear a
// screen: what it has to say is in the errors that it returns.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// withoutURL is an error of a URL without the URL, which has a password.
func withoutURL(err error) error {
	if _, after, ok := strings.Cut(err.Error(), "\": "); ok {
		return errors.New(after)
	}
	return err
}

// Close gives up the connections.
func (s *source) Close() {
	s.client.Close() // nothing is under way that could be lost
}

// do runs a piece of work and returns soon after the context ends: the client
// itself heeds a deadline, but not that a context is cancelled. What is left
// behind ends by its own time limit.
func (s *source) do(ctx context.Context, doing string, work func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case err := <-done:
		return s.explain(ctx, doing, err)
	case <-ctx.Done():
		return s.explain(ctx, doing, context.Cause(ctx))
	}
}

// explain says what a failure was about and what helps.
func (s *source) explain(ctx context.Context, doing string, err error) error {
	var refused *queue.CannotError
	var missing *queue.NotFoundError
	var network net.Error
	switch {
	case err == nil || errors.As(err, &refused) || errors.As(err, &missing):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("redis at %s: %s: no answer in time: %w", s.place, doing, context.Cause(ctx))
	case hasPrefix(err, "WRONGPASS", "NOAUTH", "NOPERM"):
		return fmt.Errorf("redis at %s: %s: user or password do not fit, or may not do it: %w", s.place, doing, err)
	case hasPrefix(err, "OOM"):
		return fmt.Errorf("redis at %s: %s: the server is at its maxmemory: delete something, or raise it: %w", s.place, doing, err)
	case hasPrefix(err, "LOADING"):
		return fmt.Errorf("redis at %s: %s: the server is still reading its data: %w", s.place, doing, err)
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("redis at %s does not answer: %s: %w", s.place, doing, err)
	default:
		return fmt.Errorf("redis at %s: %s: %w", s.place, doing, err)
	}
}

// hasPrefix reports whether the server answered with an error of a code.
func hasPrefix(err error, codes ...string) bool {
	var answer goredis.Error
	if !errors.As(err, &answer) {
		return false
	}
	for _, code := range codes {
		if strings.HasPrefix(answer.Error(), code+" ") {
			return true
		}
	}
	return false
}

// Package gateway owns the demo's front door: it answers inference requests
// with features from the cache, a pretend model and a written result, and sees
// to it that each result is published at least once.
package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Cache is what the gateway needs of the feature cache.
type Cache interface {
	Lookup(ctx context.Context, keys []story.Key) (map[story.Key]story.Features, error)
	Fill(ctx context.Context, features map[story.Key]story.Features) error
}

// Store is what the gateway needs of the database.
type Store interface {
	Features(ctx context.Context, keys []story.Key) (map[story.Key]story.Features, error)
	Save(ctx context.Context, c story.Completed) error
	Unpublished(ctx context.Context, before time.Time, limit int) ([]story.Completed, error)
	MarkPublished(ctx context.Context, ids []string) error
	Prune(ctx context.Context, before time.Time) (int64, error)
}

// Publisher sends an event without waiting; done is told what came of it, from
// any goroutine.
type Publisher interface {
	Publish(ctx context.Context, c story.Completed, done func(error))
}

// Model is what the gateway asks for predictions: its own, or a service.
type Model interface {
	Predict(ctx context.Context, q story.Question) (model.Prediction, error)
}

// Options are what the gateway is made of.
type Options struct {
	Cache     Cache
	Store     Store
	Publisher Publisher
	Model     Model
	// About asks who answers for the model; nil: it is inside.
	About func(ctx context.Context, carried story.Carried) (story.About, error)
	Log   *slog.Logger
	// Slow is the latency from which on an inference is warned of.
	Slow time.Duration
	// Retention is how long rows are kept in the database.
	Retention time.Duration
	// Now is the clock; nil is the real one.
	Now func() time.Time
}

// Gateway answers requests. It is safe for concurrent use.
type Gateway struct {
	Options
	counters counters
	versions versions
	outbox   outbox
	// room bounds the requests under way, and with them the memory.
	room chan struct{}
}

// maxUnderWay is how many requests may be under way at once; more are refused
// at once, which is kinder than keeping everybody waiting.
const maxUnderWay = 256

// New returns a gateway; [Gateway.Relay] must run beside it.
func New(o Options) *Gateway {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Gateway{Options: o, outbox: newOutbox(), room: make(chan struct{}, maxUnderWay)}
}

// Infer answers a request: features, model, result, event. What is carried goes
// along to a model that is a service.
func (g *Gateway) Infer(ctx context.Context, r story.Request, trace story.Trace, carried story.Carried) (story.Completed, error) {
	features, cached, err := g.features(ctx, r, trace)
	if err != nil {
		return story.Completed{}, err
	}
	keys := r.Keys()
	p, err := g.Model.Predict(ctx, story.Question{
		Request: r, UserFeatures: features[keys[0]], ItemFeatures: features[keys[1]], Carried: carried,
	})
	if err != nil {
		return story.Completed{}, err
	}
	c := story.Completed{
		ID: story.NewID(), Time: g.Now().UTC().Truncate(time.Microsecond), // as PostgreSQL keeps it
		User: r.User, Item: r.Item, Model: p.Model, Score: p.Score,
		LatencyMS: story.Milliseconds(p.Took), Cached: cached, Trace: trace, Version: p.Version, GPU: p.GPU,
	}
	if err := g.Store.Save(ctx, c); err != nil {
		return story.Completed{}, err
	}
	g.publish(ctx, c, nil)
	return c, nil
}

// features asks the cache, and for what it lacks the database. A cache that is
// down makes the gateway slower, not wrong. The result tells whether the cache
// had everything.
func (g *Gateway) features(ctx context.Context, r story.Request, trace story.Trace) (map[story.Key]story.Features, bool, error) {
	keys := r.Keys()
	found, err := g.Cache.Lookup(ctx, keys[:])
	if err != nil {
		g.counters.cacheErrors.Add(1)
		g.Log.WarnContext(ctx, "feature cache failed, asking the database", "error", err.Error(), trace.Attr())
		found = map[story.Key]story.Features{}
	}
	missing := make([]story.Key, 0, len(keys))
	for _, k := range keys {
		if _, ok := found[k]; !ok {
			missing = append(missing, k)
		}
	}
	g.counters.hits.Add(int64(len(keys) - len(missing)))
	g.counters.misses.Add(int64(len(missing)))
	if len(missing) == 0 {
		return found, true, nil
	}
	stored, storeErr := g.Store.Features(ctx, missing)
	if storeErr != nil {
		return nil, false, fmt.Errorf("features missed the cache: %w", storeErr)
	}
	filled := make(map[story.Key]story.Features, len(missing))
	for _, k := range missing {
		filled[k] = stored[k] // somebody new has the zero features, cached as well
	}
	if err == nil {
		g.fill(ctx, filled, trace)
	}
	maps.Copy(found, filled)
	return found, false, nil
}

func (g *Gateway) fill(ctx context.Context, features map[story.Key]story.Features, trace story.Trace) {
	if err := g.Cache.Fill(ctx, features); err != nil {
		g.counters.cacheErrors.Add(1)
		g.Log.WarnContext(ctx, "feature cache was not filled", "error", err.Error(), trace.Attr())
	}
}

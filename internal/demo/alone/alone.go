// Package alone stands in for the cache, the database and the broker where the
// demo runs without them: it knows features of everybody and keeps nothing.
package alone

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Backends are all three. It is safe for concurrent use.
type Backends struct{}

// Lookup knows the features of all keys, the same ones that the demo's tables
// begin with.
func (Backends) Lookup(_ context.Context, keys []story.Key) (map[story.Key]story.Features, error) {
	found := make(map[story.Key]story.Features, len(keys))
	for _, k := range keys {
		found[k] = features(k)
	}
	return found, nil
}

// features are as the schema of the demo's database has them.
func features(k story.Key) story.Features {
	_, number, _ := strings.Cut(k.Name, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1<<20 {
		return story.Features{} // somebody new
	}
	segments, factor := [...]string{"new", "casual", "regular", "fan"}, 37
	if k.Kind == story.ItemFeatures {
		segments, factor = [...]string{"image", "text", "video", "mixed"}, 53
	}
	return story.Features{Segment: segments[n%len(segments)], Weight: float64(n*factor%101) / 100}
}

// Fill keeps nothing: all is known.
func (Backends) Fill(context.Context, map[story.Key]story.Features) error { return nil }

// Features knows what Lookup knows.
func (b Backends) Features(ctx context.Context, keys []story.Key) (map[story.Key]story.Features, error) {
	return b.Lookup(ctx, keys)
}

// Save keeps nothing.
func (Backends) Save(context.Context, story.Completed) error { return nil }

// Unpublished has nothing.
func (Backends) Unpublished(context.Context, time.Time, int) ([]story.Completed, error) {
	return nil, nil
}

// MarkPublished has nothing to mark.
func (Backends) MarkPublished(context.Context, []string) error { return nil }

// Prune has nothing to delete.
func (Backends) Prune(context.Context, time.Time) (int64, error) { return 0, nil }

// Publish has nobody to tell.
func (Backends) Publish(_ context.Context, _ story.Completed, done func(error)) { done(nil) }

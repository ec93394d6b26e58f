package gateway

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// memory is a cache, a database and a broker in memory.
type memory struct {
	mu         sync.Mutex
	cached     map[story.Key]story.Features
	known      map[story.Key]story.Features
	saved      []story.Completed
	marked     map[string]bool
	published  []story.Completed
	cacheErr   error
	storeErr   error
	publishErr error
}

func newMemory() *memory {
	return &memory{cached: map[story.Key]story.Features{}, marked: map[string]bool{}, known: map[story.Key]story.Features{
		{Kind: story.UserFeatures, Name: "user-1"}: {Segment: "fan", Weight: 0.9},
		{Kind: story.ItemFeatures, Name: "item-1"}: {Segment: "image", Weight: 0.5},
	}}
}

func (m *memory) Lookup(_ context.Context, keys []story.Key) (map[story.Key]story.Features, error) {
	return pick(m.cached, keys), m.cacheErr
}

func (m *memory) Fill(_ context.Context, f map[story.Key]story.Features) error {
	maps.Copy(m.cached, f)
	return m.cacheErr
}

func (m *memory) Features(_ context.Context, keys []story.Key) (map[story.Key]story.Features, error) {
	return pick(m.known, keys), m.storeErr
}

func pick(from map[story.Key]story.Features, keys []story.Key) map[story.Key]story.Features {
	found := map[story.Key]story.Features{}
	for _, k := range keys {
		if f, ok := from[k]; ok {
			found[k] = f
		}
	}
	return found
}

func (m *memory) Save(_ context.Context, c story.Completed) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.storeErr != nil {
		return m.storeErr
	}
	m.saved = append(m.saved, c)
	return nil
}

func (m *memory) Unpublished(_ context.Context, before time.Time, limit int) ([]story.Completed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var late []story.Completed
	for _, c := range m.saved {
		if !m.marked[c.ID] && c.Time.Before(before) && len(late) < limit {
			late = append(late, c)
		}
	}
	return late, m.storeErr
}

func (m *memory) MarkPublished(_ context.Context, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		m.marked[id] = true
	}
	return m.storeErr
}

func (m *memory) Prune(context.Context, time.Time) (int64, error) { return 0, m.storeErr }

func (m *memory) Publish(_ context.Context, c story.Completed, done func(error)) {
	m.mu.Lock()
	err := m.publishErr
	if err == nil {
		m.published = append(m.published, c)
	}
	m.mu.Unlock()
	done(err)
}

package env

import (
	"context"
	"sync"
)

// Store holds the newest snapshot of an environment and hands it to whoever
// watches. A slow watcher misses states in between, never the newest one, and
// holds up nobody. It is safe for concurrent use.
type Store struct {
	mu       sync.Mutex
	snapshot Snapshot
	watchers map[chan Snapshot]struct{}
}

// NewStore returns a store that holds the snapshot.
func NewStore(s Snapshot) *Store {
	return &Store{snapshot: s, watchers: make(map[chan Snapshot]struct{})}
}

// Snapshot returns the newest snapshot.
func (s *Store) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot
}

// Emit folds the event into the snapshot and tells the watchers.
func (s *Store) Emit(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.snapshot = s.snapshot.With(e)
	for watcher := range s.watchers {
		offer(watcher, s.snapshot)
	}
}

// Watch returns a channel that holds the newest snapshot not yet received,
// beginning with the present one. It is closed when ctx ends.
func (s *Store) Watch(ctx context.Context) <-chan Snapshot {
	watcher := make(chan Snapshot, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	watcher <- s.snapshot
	s.watchers[watcher] = struct{}{}
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, watcher)
		close(watcher)
	})
	return watcher
}

// offer replaces what the channel of one holds. Only the holder of the
// store's lock sends, so the second send finds room.
func offer(c chan Snapshot, s Snapshot) {
	select {
	case <-c:
	default:
	}
	c <- s
}

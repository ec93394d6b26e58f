package env

import (
	"context"

	"github.com/diorama-dev/diorama/internal/latest"
)

// Store holds the newest snapshot of an environment and hands it to whoever
// watches. It is safe for concurrent use.
type Store struct{ snapshot *latest.Value[Snapshot] }

// NewStore returns a store that holds the snapshot.
func NewStore(s Snapshot) *Store { return &Store{snapshot: latest.Of(s)} }

// Snapshot returns the newest snapshot.
func (s *Store) Snapshot() Snapshot { return s.snapshot.Get() }

// Emit folds the event into the snapshot and tells the watchers.
func (s *Store) Emit(e Event) {
	s.snapshot.Change(func(old Snapshot) Snapshot { return old.With(e) })
}

// Watch returns a channel that holds the newest snapshot not yet received,
// beginning with the present one. It is closed when ctx ends.
func (s *Store) Watch(ctx context.Context) <-chan Snapshot { return s.snapshot.Watch(ctx) }

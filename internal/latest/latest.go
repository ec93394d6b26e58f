// Package latest owns values of which only the newest counts: whoever watches
// one misses states in between, never the newest, and holds up nobody.
package latest

import (
	"context"
	"sync"
)

// Value holds the newest value. It is safe for concurrent use; its zero value
// holds that of T.
type Value[T any] struct {
	mu       sync.Mutex
	value    T
	watchers map[chan T]struct{}
}

// Of returns a holder of a value.
func Of[T any](value T) *Value[T] { return &Value[T]{value: value} }

// Get returns the newest value.
func (v *Value[T]) Get() T {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.value
}

// Change makes another value of the newest one, and tells the watchers.
func (v *Value[T]) Change(to func(T) T) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.value = to(v.value)
	for watcher := range v.watchers {
		Offer(watcher, v.value)
	}
}

// Watched reports whether anybody watches.
func (v *Value[T]) Watched() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.watchers) > 0
}

// Watch returns a channel that holds the newest value not yet received,
// beginning with the present one. It is closed when ctx ends.
func (v *Value[T]) Watch(ctx context.Context) <-chan T {
	watcher := make(chan T, 1)
	v.mu.Lock()
	defer v.mu.Unlock()
	watcher <- v.value
	if v.watchers == nil {
		v.watchers = make(map[chan T]struct{})
	}
	v.watchers[watcher] = struct{}{}
	context.AfterFunc(ctx, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.watchers, watcher)
		close(watcher)
	})
	return watcher
}

// Offer replaces what a channel of one holds. There must be one sender at a
// time, so that the second send finds room.
func Offer[T any](c chan T, value T) {
	select {
	case <-c:
	default:
	}
	c <- value
}

// Relay returns a channel that holds the newest value that watch has called
// with and that was not yet received. It is closed when watch returns.
func Relay[T any](watch func(see func(T))) <-chan T {
	out := make(chan T, 1)
	go func() {
		defer close(out)
		watch(func(value T) { Offer(out, value) })
	}()
	return out
}

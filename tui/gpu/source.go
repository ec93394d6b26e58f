// Package gpu owns the GPU screen.
package gpu

import (
	"context"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Watcher tells how the GPUs of an environment are. Its methods may be called
// from several goroutines at once.
type Watcher interface {
	// Watch sends the newest state, then each newer one; what is not taken in
	// time is replaced. The channel is closed when there will be no more or the
	// context ends.
	Watch(ctx context.Context) <-chan gpu.State
}

// Source is where the screen's state comes from. The zero value stands for an
// environment in which nobody looks for GPUs.
type Source struct{ Watcher Watcher }

// Empty reports whether there is nothing to show.
func (s Source) Empty() bool { return s.Watcher == nil }

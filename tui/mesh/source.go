// Package mesh owns the mesh screen.
package mesh

import (
	"context"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Watcher tells how the mesh of an environment is. Its methods may be called
// from several goroutines at once.
type Watcher interface {
	// Watch sends the newest state, then each newer one; what is not taken in
	// time is replaced. The channel is closed when there will be no more or the
	// context ends.
	Watch(ctx context.Context) <-chan mesh.State
}

// Editor changes the mesh. An error says in a sentence what is in the way, and
// what to do instead.
type Editor interface {
	// Draft says what an edit would apply, and changes nothing.
	Draft(ctx context.Context, e mesh.Edit) (mesh.Draft, error)
	// Apply carries an edit out, as its draft says.
	Apply(ctx context.Context, e mesh.Edit) error
	// Undo takes back the last edit, or all of them, and returns those that it
	// took back; nothing, where the last one is another than was shown.
	Undo(ctx context.Context, u mesh.Undo) ([]mesh.Change, error)
}

// Source is where the screen's state comes from and where its edits go. The
// zero value stands for an environment without a mesh; without an Editor the
// screen only shows.
type Source struct {
	Watcher Watcher
	Editor  Editor
}

// Empty reports whether there is nothing to show.
func (s Source) Empty() bool { return s.Watcher == nil }

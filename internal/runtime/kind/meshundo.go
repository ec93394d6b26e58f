package kind

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/internal/mesh/istio"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// undoneWithin bounds how long edits are taken back.
const undoneWithin = 30 * time.Second

// UndoMesh takes the last edit back, or all, and returns those that it took
// back, with an error too. It refuses where the last one is another than was
// shown.
func (r *Runtime) UndoMesh(ctx context.Context, u mesh.Undo) ([]mesh.Change, error) {
	r.meshes.edits.Lock()
	defer r.meshes.edits.Unlock()
	o, client, err := r.meshObjects(ctx)
	if err != nil {
		return nil, err
	}
	undoing, err := istio.Undo(o, u.All)
	if err != nil {
		return nil, err
	}
	if err := undoing.As(u.Last); err != nil {
		return nil, err
	}
	defer r.lookAgain(ctx)
	return undo(ctx, undoing,
		func(ctx context.Context, object istio.Object) error { return r.applyMesh(ctx, client, object) },
		func(ctx context.Context, object istio.Object) error {
			u := &unstructured.Unstructured{Object: object}
			return client.DeleteOurs(ctx, r.meshScope(u), u)
		})
}

// undo carries out what was planned, and returns the changes that were taken back
// with it. It goes on where ctx ends: who went away wanted all of them taken back,
// not some.
func undo(ctx context.Context, undoing istio.Undoing, apply, remove func(context.Context, istio.Object) error) ([]mesh.Change, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoneWithin)
	defer cancel()
	var done []istio.Object
	for _, object := range undoing.Apply {
		if err := apply(ctx, object); err != nil {
			return undoing.Of(done...), err
		}
		done = append(done, object)
	}
	for _, object := range undoing.Delete {
		if err := remove(ctx, object); err != nil {
			return undoing.Of(done...), err
		}
		done = append(done, object)
	}
	return undoing.Changes, nil
}

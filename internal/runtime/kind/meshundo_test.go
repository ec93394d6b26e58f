package kind

import (
	"context"
	"errors"
	"testing"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
)

// TestUndoIsNotLeftHalfDone checks that all is taken back though whoever wanted
// it went away, and that what is refused ends it.
func TestUndoIsNotLeftHalfDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	undoing := istio.Undoing{
		Apply: []istio.Object{{"kind": "a"}, {"kind": "b"}}, Delete: []istio.Object{{"kind": "c"}}, Changes: []mesh.Change{{ID: "2"}, {ID: "1"}},
	}
	var done []string
	do := func(ctx context.Context, object istio.Object) error {
		done = append(done, object.Kind())
		cancel()
		return context.Cause(ctx)
	}
	if undone, err := undo(ctx, undoing, do, do); err != nil || len(undone) != 2 || len(done) != 3 {
		t.Errorf("done is %v, undone %v, %v", done, undone, err)
	}
	done = nil
	refused := errors.New("refused")
	if _, err := undo(t.Context(), undoing, do, func(context.Context, istio.Object) error { return refused }); !errors.Is(err, refused) || len(done) != 2 {
		t.Errorf("done is %v, %v", done, err)
	}
}

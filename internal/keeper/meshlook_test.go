package keeper

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// slowMesh is a runtime whose looks at the mesh take two seconds.
type slowMesh struct {
	Runtime
	err   error
	looks *int
}

func (s slowMesh) Mesh(ctx context.Context) (mesh.State, error) {
	*s.looks++
	state := mesh.State{Time: time.Now(), Title: "istio"}
	select {
	case <-time.After(2 * time.Second):
		return state, s.err
	case <-ctx.Done():
		return mesh.State{}, context.Cause(ctx)
	}
}

func (slowMesh) DraftMesh(context.Context, mesh.Edit) (mesh.Draft, error)   { return mesh.Draft{}, nil }
func (slowMesh) ApplyMesh(context.Context, mesh.Edit) error                 { return nil }
func (slowMesh) UndoMesh(context.Context, mesh.Undo) ([]mesh.Change, error) { return nil, nil }

// TestWatchersShareLooks checks that a look is shared however long it took, and
// whatever came of it.
func TestWatchersShareLooks(t *testing.T) {
	for name, failed := range map[string]error{"seen": nil, "failed": errors.New("the cluster does not answer")} {
		synctest.Test(t, func(t *testing.T) {
			looks := 0
			m := &meshes{runtime: slowMesh{err: failed, looks: &looks}}
			for range 4 {
				if state, err := m.look(t.Context(), meshEvery); !errors.Is(err, failed) || err == nil && state.Title != "istio" {
					t.Errorf("%s: it is %+v, %v", name, state, err)
				}
			}
			if looks != 1 {
				t.Errorf("%s: for 4 watchers the mesh was looked at %d times", name, looks)
			}
		})
	}
}

// TestWhoGoesAwayIsAlone checks that a watcher that ends amid a look is not
// what others see.
func TestWhoGoesAwayIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meshes{runtime: slowMesh{looks: new(int)}}
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.look(gone, meshEvery); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it is %v", err)
		}
		if state, err := m.look(t.Context(), meshEvery); err != nil || state.Title != "istio" {
			t.Errorf("others see %+v, %v", state, err)
		}
	})
}

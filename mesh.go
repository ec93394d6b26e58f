package diorama

import (
	"context"
	"os"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/mesh"
)

// Mesh asks the environment's mesh and acts on it.
func (s *Session) Mesh() keeper.MeshClient { return s.client.Mesh() }

// WatchMesh calls see with the newest state of the mesh and each newer one,
// until ctx ends or see returns false. A keeper that goes away is started again.
func (s *Session) WatchMesh(ctx context.Context, see func(mesh.State) bool) error {
	return s.reconnecting(ctx, func() error { return s.client.Mesh().Follow(ctx, see) })
}

// MeshState is what the environment's mesh is, where its keeper runs.
func MeshState(ctx context.Context, name string) (mesh.State, error) {
	root, err := env.StateRoot(os.Getenv)
	if err != nil {
		return mesh.State{}, err
	}
	return keeper.NewClient(env.FolderOf(root, name)).Mesh().State(ctx)
}

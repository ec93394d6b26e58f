package cli

import (
	"context"

	"github.com/diorama-dev/diorama"
	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/latest"
	"github.com/diorama-dev/diorama/internal/mesh"
	screen "github.com/diorama-dev/diorama/tui/mesh"
)

// attachedMesh is a session's mesh as the terminal UI wants it.
type attachedMesh struct {
	keeper.MeshClient
	session *diorama.Session
}

// meshOf is the mesh of a session for the terminal UI; empty where no stack is
// one.
func meshOf(session *diorama.Session) screen.Source {
	p, err := session.Plan()
	if err != nil {
		return screen.Source{} // the UI says that there is nothing
	}
	for _, stack := range p.Stacks {
		if stack.Category == "mesh" {
			a := attachedMesh{MeshClient: session.Mesh(), session: session}
			return screen.Source{Watcher: a, Editor: a}
		}
	}
	return screen.Source{}
}

// Watch sends the newest state of the mesh until the environment is gone or ctx
// ends.
func (a attachedMesh) Watch(ctx context.Context) <-chan mesh.State {
	return latest.Relay(func(see func(mesh.State)) {
		_ = a.session.WatchMesh(ctx, func(state mesh.State) bool { see(state); return true }) // the UI sees the channel close
	})
}

package keeper

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// MeshClient asks a keeper of the environment's mesh.
type MeshClient struct{ client *Client }

// Mesh returns the client for the environment's mesh.
func (c *Client) Mesh() MeshClient { return MeshClient{client: c} }

// State looks at the mesh. The first look for a while takes a few seconds:
// what proxies count says something only beside what they counted before.
func (c MeshClient) State(ctx context.Context) (mesh.State, error) {
	var state mesh.State
	return state, c.client.call(ctx, http.MethodGet, "mesh", nil, &state)
}

// Follow calls see with the newest state of the mesh until ctx ends, see
// returns false, or the keeper is gone, which is a [GoneError].
func (c MeshClient) Follow(ctx context.Context, see func(mesh.State) bool) error {
	response, err := c.client.send(ctx, http.MethodGet, "mesh/watch", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	for {
		var state mesh.State
		if err := lines.Decode(&state); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return &GoneError{Err: err}
		}
		if !see(state) {
			return nil
		}
	}
}

// Draft says what an edit would apply; the cluster has checked it.
func (c MeshClient) Draft(ctx context.Context, e mesh.Edit) (mesh.Draft, error) {
	var draft mesh.Draft
	return draft, c.client.call(ctx, http.MethodPost, "mesh/draft", e, &draft)
}

// Apply does an edit.
func (c MeshClient) Apply(ctx context.Context, e mesh.Edit) error {
	return c.client.call(ctx, http.MethodPost, "mesh/apply", e, &struct{}{})
}

// Undo takes the last edit back, or all, and returns those. It goes on where ctx
// ends meanwhile.
func (c MeshClient) Undo(ctx context.Context, u mesh.Undo) ([]mesh.Change, error) {
	var undone []mesh.Change
	return undone, c.client.call(ctx, http.MethodPost, "mesh/undo", u, &undone)
}

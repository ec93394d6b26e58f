package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/mesh"
)

// Mesh is what a runtime with a mesh can do with it.
type Mesh interface {
	// Mesh looks at the mesh once.
	Mesh(ctx context.Context) (mesh.State, error)
	// DraftMesh says what an edit would apply, and changes nothing.
	DraftMesh(ctx context.Context, e mesh.Edit) (mesh.Draft, error)
	ApplyMesh(ctx context.Context, e mesh.Edit) error
	// UndoMesh takes the last edit back, or all, and returns those.
	UndoMesh(ctx context.Context, u mesh.Undo) ([]mesh.Change, error)
}

// meshEvery is how often the mesh is looked at while somebody watches.
const meshEvery = 2 * time.Second

// meshes looks at the environment's mesh, no oftener than watchers need it
// however many those are.
type meshes struct {
	runtime Runtime
	store   *env.Store

	mu   sync.Mutex // held while the mesh is looked at
	at   time.Time  // when the last look ended: one may take as long as its age counts
	last mesh.State
	err  error // of the last look
}

// errNoMesh is the answer of a runtime that has no Pods to put a mesh around.
var errNoMesh = errors.New("this environment has no mesh: only one on kind can have some")

// routes adds what clients may ask of the mesh.
func (m *meshes) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/mesh", func(w http.ResponseWriter, r *http.Request) {
		state, err := m.look(r.Context(), 0)
		if err != nil {
			refuse(w, meshStatus(err), err)
			return
		}
		answer(w, state)
	})
	mux.HandleFunc("GET /v1/mesh/watch", m.watch)
	mux.HandleFunc("POST /v1/mesh/draft", askMesh(m, func(ctx context.Context, can Mesh, e mesh.Edit) (any, error) {
		return can.DraftMesh(ctx, e)
	}))
	mux.HandleFunc("POST /v1/mesh/apply", askMesh(m, func(ctx context.Context, can Mesh, e mesh.Edit) (any, error) {
		draft, err := can.DraftMesh(ctx, e)
		if err == nil {
			e.Base = draft.Base // what is told is what is applied
			err = can.ApplyMesh(ctx, e)
		}
		m.tell("MeshChanged", e.Service, draft.Summary, err)
		return struct{}{}, err
	}))
	mux.HandleFunc("POST /v1/mesh/undo", askMesh(m, func(ctx context.Context, can Mesh, u mesh.Undo) (any, error) {
		undone, err := can.UndoMesh(ctx, u)
		for _, c := range undone {
			m.tell("MeshUndone", c.Service, "undone: "+c.Summary, nil)
		}
		return undone, undoneBefore(undone, err)
	}))
}

// undoneBefore is an error that says what was undone before it came about.
func undoneBefore(undone []mesh.Change, err error) error {
	if err == nil || len(undone) == 0 {
		return err
	}
	var summaries []string
	for _, c := range undone {
		summaries = append(summaries, c.Summary)
	}
	return fmt.Errorf("only in part: undone were %s; then: %w", strings.Join(summaries, ", "), err)
}

// look looks at the mesh, where what was last seen is older than that.
func (m *meshes) look(ctx context.Context, older time.Duration) (mesh.State, error) {
	can, ok := m.runtime.(Mesh)
	if !ok {
		return mesh.State{}, errNoMesh
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.at) < older {
		return m.last, m.err
	}
	state, err := can.Mesh(ctx)
	if err != nil {
		state = mesh.State{}
	}
	if err == nil || ctx.Err() == nil { // who went away says nothing to others
		m.at, m.last, m.err = time.Now(), state, err
	}
	return state, err
}

// watch streams states, a line of JSON each. Nothing is looked at once nobody
// watches. A mesh that cannot be looked at is a state too: it says why.
func (m *meshes) watch(w http.ResponseWriter, r *http.Request) {
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	ticker := time.NewTicker(meshEvery)
	defer ticker.Stop()
	for {
		state, err := m.look(r.Context(), meshEvery*3/4) // another watcher's look is as good
		if err != nil {
			state = mesh.State{Time: time.Now(), Absence: err.Error(), Services: []mesh.Service{}, Workloads: []mesh.Workload{}}
		}
		if r.Context().Err() != nil || out.Encode(state) != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
	}
}

// tell notes what a person did to the mesh.
func (m *meshes) tell(reason, service, message string, err error) {
	if message == "" && err != nil {
		message = err.Error()
	}
	subject := "mesh"
	if service != "" {
		subject = "mesh/" + service
	}
	m.store.Emit(env.Event{Time: time.Now(), Occurred: &env.Occurrence{
		Source: "user", Subject: subject, Service: service, Reason: reason, Message: message, Warning: err != nil, Count: 1,
	}})
}

// askMesh answers a question to a runtime with a mesh.
func askMesh[In any](m *meshes, do func(context.Context, Mesh, In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		can, ok := m.runtime.(Mesh)
		if !ok {
			refuse(w, http.StatusNotImplemented, errNoMesh)
			return
		}
		out, err := do(r.Context(), can, in)
		if err != nil {
			refuse(w, meshStatus(err), err)
			return
		}
		answer(w, out)
	}
}

func meshStatus(err error) int {
	if errors.Is(err, errNoMesh) {
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}

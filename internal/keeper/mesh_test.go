package keeper_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/keeper"
	"github.com/diorama-dev/diorama/internal/mesh"
)

// meshed is a runtime with a mesh.
type meshed struct {
	*fake

	mu    sync.Mutex
	edits []mesh.Edit
	err   error
	stuck error     // of undoing, after the first
	undo  mesh.Undo // that was asked for
}

func (m *meshed) Mesh(context.Context) (mesh.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return mesh.State{Time: time.Now(), Title: "istio", Services: []mesh.Service{{Name: "recommender"}}}, m.err
}

func (m *meshed) DraftMesh(_ context.Context, e mesh.Edit) (mesh.Draft, error) {
	if e.Service != "recommender" {
		return mesh.Draft{}, errors.New("there is no service \"" + e.Service + "\"")
	}
	return mesh.Draft{Edit: e, Summary: "send all to v1", YAML: "kind: VirtualService\n", Base: "41"}, nil
}

func (m *meshed) ApplyMesh(_ context.Context, e mesh.Edit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.edits = append(m.edits, e)
	return nil
}

func (m *meshed) UndoMesh(_ context.Context, u mesh.Undo) ([]mesh.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.undo = u
	var undone []mesh.Change
	for len(m.edits) > 0 && (u.All || len(undone) == 0) {
		m.edits = m.edits[:len(m.edits)-1]
		undone = append(undone, mesh.Change{Summary: "send all to v1"})
		if m.stuck != nil {
			return undone, m.stuck
		}
	}
	return undone, nil
}

func TestMeshThroughTheKeeper(t *testing.T) {
	runtime := &meshed{fake: newFake()}
	client := runWith(t, folder(t), runtime, func(*keeper.Options) {}).Mesh()
	state, err := client.State(t.Context())
	if err != nil || len(state.Services) != 1 || state.Title != "istio" {
		t.Fatalf("the state is %+v, %v", state, err)
	}
	edit := mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Weights: map[string]int{"v1": 100}}
	if draft, err := client.Draft(t.Context(), edit); err != nil || draft.YAML == "" || draft.Edit.Weights["v1"] != 100 || len(runtime.edits) != 0 {
		t.Errorf("the draft is %+v, %v", draft, err)
	}
	for range 3 {
		if err := client.Apply(t.Context(), edit); err != nil {
			t.Fatal(err)
		}
	}
	if runtime.edits[0].Base != "41" {
		t.Errorf("applied was %+v", runtime.edits[0])
	}
	if err := client.Apply(t.Context(), mesh.Edit{Service: "nobody"}); err == nil || !strings.Contains(err.Error(), `no service "nobody"`) {
		t.Errorf("a wrong service is answered with %v", err)
	}
	if undone, err := client.Undo(t.Context(), mesh.Undo{Last: "last"}); err != nil || len(undone) != 1 || runtime.undo.Last != "last" {
		t.Errorf("undone are %v, %v", undone, err)
	}
	if undone, err := client.Undo(t.Context(), mesh.Undo{All: true}); err != nil || len(undone) != 2 || len(runtime.edits) != 0 {
		t.Errorf("undone are %v, %v", undone, err)
	}
}

func TestWatchingTheMesh(t *testing.T) {
	runtime := &meshed{fake: newFake()}
	client := runWith(t, folder(t), runtime, func(*keeper.Options) {}).Mesh()
	seen := 0
	if err := client.Follow(t.Context(), func(s mesh.State) bool { seen++; return s.Title == "istio" && seen < 2 }); err != nil || seen != 2 {
		t.Fatalf("%d states were seen, %v", seen, err)
	}
	runtime.mu.Lock()
	runtime.err = errors.New("the cluster does not answer")
	runtime.mu.Unlock()
	var absences []string
	if err := client.Follow(t.Context(), func(s mesh.State) bool {
		absences = append(absences, s.Absence)
		return s.Absence == ""
	}); err != nil || !slices.Contains(absences, "the cluster does not answer") {
		t.Errorf("seen are %q, %v", absences, err)
	}
}

func TestUndoingInPart(t *testing.T) {
	runtime := &meshed{fake: newFake(), edits: make([]mesh.Edit, 2), stuck: errors.New("the cluster does not answer")}
	client := runWith(t, folder(t), runtime, func(*keeper.Options) {}).Mesh()
	_, err := client.Undo(t.Context(), mesh.Undo{All: true})
	if err == nil || !strings.Contains(err.Error(), "undone were send all to v1; then: the cluster does not answer") {
		t.Errorf("it is %v", err)
	}
}

func TestARuntimeWithoutAMesh(t *testing.T) {
	client := run(t, folder(t), newFake()).Mesh()
	if _, err := client.State(t.Context()); err == nil || !strings.Contains(err.Error(), "has no mesh") {
		t.Errorf("it is answered with %v", err)
	}
	if err := client.Apply(t.Context(), mesh.Edit{}); err == nil || !strings.Contains(err.Error(), "has no mesh") {
		t.Errorf("an edit is answered with %v", err)
	}
}

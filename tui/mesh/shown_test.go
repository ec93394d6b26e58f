package mesh

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// TestEditsSayWhatWasShown checks that a form is of the route and of the changes
// that there were when it was opened, whatever comes meanwhile.
func TestEditsSayWhatWasShown(t *testing.T) {
	moved := tuitest.Routed()
	moved.Services[3].Routes = slices.Insert(moved.Services[3].Routes, 0, mesh.Route{Match: []string{"x-b: 1"}})
	moved.Services[3].Routes[2].Fault = mesh.Fault{Abort: 503, AbortShare: 10}
	moved.Changes = append(moved.Changes, mesh.Change{ID: "3", Summary: "of somebody else"})

	x := &tuitest.Mesh{}
	m := press(t, screen(t, x, 110, 40, tuitest.Routed()), to("f")...).WithState(moved)
	press(t, m, "enter", "enter", "enter", "y")
	fault := tuitest.Routed().Services[3].Routes[1].Fault
	want := []any{tuitest.Applied{Edit: mesh.Edit{
		Kind: mesh.EditFault, Service: "recommender", Route: 1, Fault: fault, Shown: &mesh.Shown{Fault: fault}, Base: tuitest.DraftBase,
	}}}
	if diff := cmp.Diff(want, x.Asked()); diff != "" {
		t.Error(diff)
	}

	x = &tuitest.Mesh{}
	m = press(t, screen(t, x, 110, 40, tuitest.Routed()), "U").WithState(moved)
	press(t, m, "y")
	if diff := cmp.Diff([]any{mesh.Undo{All: true, Last: "2"}}, x.Asked()); diff != "" {
		t.Error(diff)
	}
}

// TestConditionsComeBackAsTheyCame checks that a route is told by its conditions
// as they are, though they are drawn as a terminal can take them.
func TestConditionsComeBackAsTheyCame(t *testing.T) {
	s := tuitest.Routed()
	s.Services[3].Routes[0].Match = []string{"user-agent: And\u200broid\x1b[31m"}
	x := &tuitest.Mesh{}
	m := press(t, screen(t, x, 110, 40, s), "home", "down", "down", "down", "down", "down", "down", "left")
	if text := strings.Join(m.View(), "\n"); strings.Contains(text, "\u200b") || strings.Contains(text, "And\u200b") {
		t.Error("a condition is drawn as it came")
	}
	press(t, m, "enter", "y")
	asked := x.Asked()
	if len(asked) != 1 {
		t.Fatalf("asked for is %v", asked)
	}
	if diff := cmp.Diff(&mesh.Shown{Match: s.Services[3].Routes[0].Match}, asked[0].(tuitest.Applied).Edit.Shown); diff != "" {
		t.Error(diff)
	}
}

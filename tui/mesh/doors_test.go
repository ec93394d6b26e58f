package mesh

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// TestADraftSaysWhichDoorsItShuts: what refuses after it is named before it is
// applied.
func TestADraftSaysWhichDoorsItShuts(t *testing.T) {
	x := &tuitest.Mesh{Drafts: &mesh.Draft{YAML: "kind: PeerAuthentication\n", Summary: "strict", Doors: []mesh.Door{
		{Endpoint: "demo/gateway\x1b[31m", Address: "127.0.0.1:8080", Refuses: true}, {Endpoint: "istio/http", Address: "127.0.0.1:8088"},
	}}}
	m := press(t, screen(t, x, 110, 40, tuitest.Routed()), to("m", "enter", "enter")...)
	for _, want := range []string{"these endpoints refuse this machine then, as it has no proxy: demo/gateway (127.0.0.1:8080)", "these answer it: istio/http (127.0.0.1:8088)"} {
		if got := ansi.Strip(strings.Join(m.View(), "\n")); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestWhatSomebodyElseHasChangedIsNotUndone(t *testing.T) {
	s := tuitest.Routed()
	s.Changes[0].Stuck = "VirtualService/diorama/recommender was changed by kubectl-edit since: http[1].route[0].weight is 60, and was 90"
	x := &tuitest.Mesh{}
	m := screen(t, x, 110, 60, s)
	if m.refusal(Undo) != "" || m.refusal(UndoAll) != s.Changes[0].Stuck {
		t.Errorf("refused are %q and %q", m.refusal(Undo), m.refusal(UndoAll))
	}
	if why := press(t, m, "end", "w"); why.page.kind != pageDetails || !strings.Contains(strings.Join(why.View(), "\n"), "it cannot be undone") {
		t.Errorf("its why is %+v", why.page)
	}
	if got := ansi.Strip(strings.Join(m.View(), "\n")); !strings.Contains(got, "cannot be undone: VirtualService/diorama/recommender was changed by kubectl-edit") {
		t.Errorf("it is not said in\n%s", got)
	}
}

package mesh

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// keys joins single keys and typed texts.
func keys(parts ...[]string) []string { return slices.Concat(parts...) }

func TestEdits(t *testing.T) {
	applied := func(e mesh.Edit) []any {
		e.Base = tuitest.DraftBase
		return []any{tuitest.Applied{Edit: e}}
	}
	fault := func(f mesh.Fault) []any {
		return applied(mesh.Edit{Kind: mesh.EditFault, Service: "recommender", Route: 1, Fault: f, Shown: &mesh.Shown{Fault: mesh.Fault{Delay: 3 * time.Second, DelayShare: 5}}})
	}
	header := func(e mesh.Edit) []any {
		e.Kind, e.Service = mesh.EditHeader, "recommender"
		return applied(e)
	}
	toAndroid := []string{"home", "down", "down", "down", "down", "down", "down"}
	clear := []string{"ctrl+u"}
	tests := []struct {
		name string
		keys []string
		want []any
	}{
		{"a weight", to("left", "enter", "y"), applied(mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: map[string]int{"v1": 85, "v2": 15}, Shown: &mesh.Shown{}})},
		{"a weight from the other side", to("down", "right", "right", "right", "enter", "y"), applied(mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: map[string]int{"v1": 75, "v2": 25}, Shown: &mesh.Shown{}})},
		{"a weight, not confirmed", to("left", "enter", "enter", "n"), nil},
		{"a weight, dropped", to("left", "esc", "enter", "y"), nil},
		{"a header", keys(to("h"), typed("X-Beta"), []string{"enter"}, typed("yes"), []string{"enter", "right", "enter", "right", "enter", "y"}), header(mesh.Edit{Route: 1, Header: mesh.Header{Name: "x-beta", Value: "yes", Match: "prefix"}, To: "v1"})},
		{"a header without a value", keys(to("h"), typed("x-beta"), []string{"enter", "enter", "enter", "enter", "y"}), nil},
		{"no header", keys(to("h"), typed("x beta"), []string{"enter", "x", "enter", "enter", "enter", "y"}), nil},
		{"a header's rule is taken away", keys(toAndroid, []string{"h", "enter", "enter", "enter", "left", "enter", "y"}), header(mesh.Edit{Header: mesh.Header{Name: "user-agent", Value: "Android", Match: "exact"}})},
		{"a delay", keys(to("f", "enter"), clear, typed("250ms"), []string{"enter"}, clear, typed("50 %"), []string{"enter", "y"}), fault(mesh.Fault{Delay: 250 * time.Millisecond, DelayShare: 50})},
		{"an abort beside the delay", keys(to("f", "right", "enter"), clear, typed("503"), []string{"enter"}, clear, typed("2.5"), []string{"enter", "y"}), fault(mesh.Fault{Delay: 3 * time.Second, DelayShare: 5, Abort: 503, AbortShare: 2.5})},
		{"a header of a service without versions", []string{"home", "down", "down", "down", "h", "x", "enter", "y", "enter", "enter", "v", "2", "enter", "y"}, applied(mesh.Edit{Kind: mesh.EditHeader, Service: "features", Header: mesh.Header{Name: "x", Value: "y", Match: "exact"}, To: "v2"})},
		{"a weight to a version that only another route has", keys(toAndroid, []string{"left", "left", "enter", "y"}), applied(mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Weights: map[string]int{"v1": 10, "v2": 90}, Shown: &mesh.Shown{Match: []string{"user-agent: Android"}}})},
		{"no fault any more", to("f", "left", "enter", "enter", "enter", "y"), fault(mesh.Fault{})},
		{"a delay that is none", keys(to("f", "enter"), clear, typed("soon"), []string{"enter", "enter", "y"}), nil},
		{"a share that is none", keys(to("f", "enter", "enter"), clear, typed("0"), []string{"enter", "y"}), nil},
		{"a status that is none", keys(to("f", "right", "enter"), clear, typed("999"), []string{"enter", "enter", "y"}), nil},
		{"mutual TLS of a workload", to("m", "enter", "enter", "y"), applied(mesh.Edit{Kind: mesh.EditTLS, Service: "recommender", TLS: mesh.Strict})},
		{"mutual TLS of the whole mesh", to("m", "right", "enter", "right", "enter", "y"), applied(mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Permissive})},
		{"undo", []string{"u"}, []any{mesh.Undo{Last: "2"}}},
		{"undo all", []string{"U", "y"}, []any{mesh.Undo{All: true, Last: "2"}}},
		{"undo all, no", []string{"U", "enter", "n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := &tuitest.Mesh{}
			press(t, screen(t, x, 110, 40, tuitest.Routed()), tt.keys...)
			if diff := cmp.Diff(tt.want, x.Asked()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	tests := []struct {
		name string
		err  error
		keys []string
		want string
	}{
		{"applied", nil, to("left", "enter", "y"), "applied: change weights of recommender  (u undoes it)"},
		{"undone", nil, []string{"u"}, "undone: delay 3 s on 5 % of requests"},
		{"not undone", errors.New("the API server does not \x1b[31manswer"), []string{"u"}, "the API server does not answer"},
		{"all undone", nil, []string{"U", "y"}, "undone 2 changes: send 90 % to v1 and 10 % to v2, delay 3 s on 5 % of requests"},
	}
	for _, tt := range tests {
		m := press(t, screen(t, &tuitest.Mesh{Err: tt.err}, 110, 40, tuitest.Routed()), tt.keys...)
		if got := m.Note(); got.Text != tt.want || got.Grave != (tt.err != nil) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// TestAFailureKeepsTheDraft checks that what could not be applied is there to
// be tried again.
func TestAFailureKeepsTheDraft(t *testing.T) {
	x := &tuitest.Mesh{}
	m := press(t, screen(t, x, 110, 40, tuitest.Routed()), to("left", "enter")...)
	x.Err = errors.New("the webhook istiod refuses it")
	m = press(t, m, "y")
	if m.page.kind != pageDraft || m.page.problem != "the webhook istiod refuses it" || m.weights.to == nil {
		t.Errorf("the page is %+v", m.page)
	}
	x.Err = nil
	if m = press(t, m, "y"); m.page.kind != pageNone || m.weights.to != nil {
		t.Errorf("once it went well, the page is %+v and moved is %v", m.page, m.weights.to)
	}
}

func TestRefusals(t *testing.T) {
	split := to()
	tests := []struct {
		name   string
		keys   []string
		intent intent.Intent
		want   string
	}{
		{"a problem has no weight", []string{"home"}, More, "no destination of a route is selected"},
		{"a single destination", []string{"home", "down", "down"}, Less, "this route has one destination"},
		{"a split", split, More, ""},
		{"a fault of a problem", []string{"home"}, Fault, "no service is selected"},
		{"why of a problem", []string{"home"}, Why, ""},
		{"why of its service", []string{"home", "down"}, Why, ""},
		{"why of another", split, Why, "nothing is known to be wrong with the routes of recommender"},
		{"undo", split, Undo, ""},
	}
	for _, tt := range tests {
		m := press(t, screen(t, &tuitest.Mesh{}, 110, 40, tuitest.Routed()), tt.keys...)
		if got := m.refusal(tt.intent); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	m := New(theme.New(theme.Dark), Deps{Context: t.Context(), Source: Source{Watcher: &tuitest.Mesh{}}}).WithSize(100, 30).WithState(tuitest.Routed())
	for _, i := range []intent.Intent{More, Header, Fault, MutualTLS, Undo, UndoAll} {
		if got := m.refusal(i); got != "the mesh of this environment can only be looked at" {
			t.Errorf("without an editor %s: %q", i, got)
		}
	}
	none := screen(t, &tuitest.Mesh{}, 100, 30, mesh.State{Time: tuitest.Noon()})
	for i, want := range map[intent.Intent]string{Undo: "nothing was changed from here", YAML: "nothing was changed from here", Details: "there is nothing here", MutualTLS: "no workload is known yet"} {
		if got := none.refusal(i); got != want {
			t.Errorf("of an empty mesh %s: %q", i, got)
		}
	}
}

// TestMovedWeightsFollowTheMesh checks that what was moved is dropped once the
// mesh has other destinations, or has it already.
func TestMovedWeightsFollowTheMesh(t *testing.T) {
	m := press(t, screen(t, &tuitest.Mesh{}, 110, 40, tuitest.Routed()), to("left")...)
	if m = m.WithState(tuitest.Routed()); m.weights.to == nil {
		t.Error("the same state drops what was moved")
	}
	there := tuitest.Routed()
	there.Services[3].Routes[1].Destinations[0].Weight, there.Services[3].Routes[1].Destinations[1].Weight = 85, 15
	if got := m.WithState(there).weights.to; got != nil {
		t.Errorf("what is there already is still moved: %v", got)
	}
	other := tuitest.Routed()
	other.Services[3].Routes[1].Destinations[1].Name = "v3"
	if got := m.WithState(other).weights.to; got != nil {
		t.Errorf("with other destinations there is still moved: %v", got)
	}
	first := tuitest.Routed()
	first.Services[3].Routes = slices.Insert(first.Services[3].Routes, 0, first.Services[3].Routes[1])
	first.Services[3].Routes[0].Match = []string{"x-b: 1"}
	first.Services[3].Routes[1].Destinations = first.Services[3].Routes[2].Destinations
	if got := m.WithState(first).weights.to; got != nil {
		t.Errorf("with another route in its place there is still moved: %v", got)
	}
	if got := m.WithState(mesh.State{}).weights.to; got != nil {
		t.Errorf("without the service there is still moved: %v", got)
	}
}

func TestCursorKeepsItsDestination(t *testing.T) {
	m := press(t, screen(t, &tuitest.Mesh{}, 110, 40, tuitest.Routed()), to()...)
	s := tuitest.Routed()
	s.Problems, s.Services = nil, slices.Delete(s.Services, 0, 3)
	m = m.WithState(s)
	if r, _ := m.chosen(); r.kind != rowDestination || m.Service() != "recommender" || r.at != 0 {
		t.Errorf("the cursor is on %+v", r)
	}
	if got := m.WithState(mesh.State{}).Service(); got != "" {
		t.Errorf("without services the cursor is on %q", got)
	}
}

// TestCursorShows moves over all rows at sizes of all kinds: the chosen one is
// always drawn.
func TestCursorShows(t *testing.T) {
	for _, size := range [][2]int{{40, 8}, {80, 12}, {120, 20}} {
		m := screen(t, &tuitest.Mesh{}, size[0], size[1], tuitest.Routed())
		for _, way := range []string{"down", "up"} {
			for range 40 {
				m = press(t, m, way)
				if !strings.Contains(strings.Join(m.View(), "\n"), theme.Marker) {
					t.Fatalf("%v: the cursor at %q is not shown", size, m.cursor.ID)
				}
			}
		}
	}
}

func TestFilter(t *testing.T) {
	m := screen(t, &tuitest.Mesh{}, 110, 40, tuitest.Routed()).WithFilter("KAFKA")
	var got []string
	for _, r := range m.rows {
		if r.key != "" {
			got = append(got, r.key)
		}
	}
	if diff := cmp.Diff([]string{"workload kafka/kafka"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 s", 250 * time.Millisecond: "250 ms", 3 * time.Second: "3 s", 1500 * time.Millisecond: "1.5 s", 2 * time.Minute: "2 min", 90 * time.Second: "90 s"} {
		if got := duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for v, want := range map[float64]string{5: "5 %", 2.5: "2.5 %", 0.1: "0.1 %", 100: "100 %"} {
		if got := percent(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	for match, want := range map[string][3]any{
		"user-agent: Android": {"user-agent", "Android", 0}, "x: a*": {"x", "a", 1}, "x: *a*": {"x", "a", 2}, "path /v1/*": {"", "", 0}, "a: b and path /x": {"", "", 0}, "not a: b": {"", "", 0},
	} {
		name, value, compared := headerOf(match)
		if got := [3]any{name, value, compared}; got != want {
			t.Errorf("%s: %v", match, got)
		}
	}
}

// TestSharedIsNotKnown checks that what proxies cannot tell apart is not shown
// as a number, and is no split that has gone astray.
func TestSharedIsNotKnown(t *testing.T) {
	s := tuitest.Routed()
	routes := s.Services[3].Routes
	routes[0].Destinations[0].Seen = mesh.Seen{Shared: true}
	routes[1].Destinations[1].Seen.Shared, *routes[1].Destinations[1].Seen.Share = true, 40
	m := screen(t, &tuitest.Mesh{}, 110, 40, s)
	for _, r := range m.rows {
		if r.kind == rowDestination && r.service == 3 && r.route == 0 {
			if line := ansi.Strip(m.line(r, false, fitColumns(110, 4))); strings.Contains(line, "0 ") || strings.Count(line, theme.Unknown) != 4 {
				t.Errorf("what is not known is shown as %q", line)
			}
		}
	}
	if got := m.seenStyle(routes[1].Destinations[1], 1000); got != m.theme.Text {
		t.Error("a share with other routes' requests in it is shown as astray")
	}
	if got := m.seenStyle(mesh.Destination{Weight: 10, Seen: mesh.Seen{Share: new(40.0)}}, 1000); got != m.theme.Working {
		t.Error("a split that has gone astray is not shown so")
	}
}

func TestSetsFault(t *testing.T) {
	delay, abort := mesh.Fault{Delay: time.Second, DelayShare: 5}, mesh.Fault{Abort: 503, AbortShare: 5}
	for summary, want := range map[string][2]bool{
		"delay 5 % of requests to recommender by 3s":                                {true, false},
		"answer 5 % of requests to recommender with 503":                            {false, true},
		"delay 5 % of requests to a by 3s and answer 5 % of requests to a with 503": {true, true},
		"send 90 % to v1 and 10 % to v2 of recommender":                             {false, false},
		"send requests to recommender with x-delay: abort to v2":                    {false, false},
	} {
		if got := [2]bool{setsFault(summary, delay), setsFault(summary, abort)}; got != want {
			t.Errorf("%s: %v", summary, got)
		}
	}
}

// TestWatchesWhileVisible checks that the mesh is watched only while the screen
// shows, and that what was sent to an earlier look is dropped.
func TestWatchesWhileVisible(t *testing.T) {
	x := &tuitest.Mesh{States: make(chan mesh.State, 1)}
	m := New(theme.New(theme.Dark), Deps{Context: t.Context(), Source: Source{Watcher: x, Editor: x}}).WithSize(100, 30)
	m, cmd := m.Show(true)
	x.States <- tuitest.Routed()
	late := cmd()
	m, _ = m.Show(false)
	if m, _ = m.Update(late); m.watch.Seen {
		t.Error("a state is taken in while the screen does not show")
	}
	m, cmd = m.Show(true)
	x.States <- tuitest.Routed()
	if m, cmd = m.Update(cmd()); !m.watch.Seen || len(m.rows) == 0 {
		t.Error("a state is not taken in")
	}
	close(x.States)
	if m, cmd = m.Update(cmd()); cmd != nil || !m.watch.Over {
		t.Error("it is still watched once there will be no more")
	}
}

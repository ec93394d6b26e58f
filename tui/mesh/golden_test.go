package mesh

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// screen is the mesh screen of a size, with what the mesh said lately.
func screen(t testing.TB, x *tuitest.Mesh, width, height int, states ...mesh.State) Model {
	t.Helper()
	m := New(theme.New(theme.Dark), Deps{Context: t.Context(), Source: Source{Watcher: x, Editor: x}})
	m = m.WithSize(width, height).WithNow(tuitest.Noon())
	for _, s := range states {
		m = m.WithState(s)
	}
	return m
}

// press gives the screen keys, as the frame does, and whatever comes of them.
func press(t testing.TB, m Model, keys ...string) Model {
	t.Helper()
	for _, k := range keys {
		var cmd tea.Cmd
		if m.Asking() {
			m, cmd = m.Key(tuitest.Key(k))
		} else if b, ok := intent.Find(k, m.Bindings(), intent.Moves()); ok && b.Off == "" {
			m, cmd = m.Handle(b.Intent)
		}
		m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	}
	return m
}

func typed(text string) []string { return strings.Split(text, "") }

// to puts the cursor on v1 of the recommender's split.
func to(keys ...string) []string {
	return append([]string{"home", "down", "down", "down", "down", "down", "down", "down"}, keys...)
}

func TestFrames(t *testing.T) {
	routed := []mesh.State{tuitest.Routed()}
	fails := &tuitest.Mesh{Err: errors.New("recommender is routed by shop/recommender, which is not ours: edit it with kubectl, or take it away")}
	scenes := []struct {
		name   string
		mesh   *tuitest.Mesh
		states []mesh.State
		keys   []string
		wide   bool // also on a large terminal
	}{
		{name: "mesh", states: routed, wide: true},
		{name: "moved", states: routed, keys: to("right", "left", "left"), wide: true},
		{name: "draft", states: routed, keys: to("left", "left", "enter")},
		{name: "draft-refused", mesh: fails, states: routed, keys: to("left", "enter")},
		{name: "header", states: routed, keys: to("h")},
		{name: "header-again", states: routed, keys: []string{"down", "down", "down", "down", "down", "down", "h", "enter"}},
		{name: "fault", states: routed, keys: to("f")},
		{name: "fault-mistyped", states: routed, keys: to("f", "enter", "backspace", "backspace", "x", "enter", "enter")},
		{name: "tls", states: routed, keys: to("m")},
		{name: "undo-all", states: routed, keys: []string{"U"}},
		{name: "workloads", states: routed, keys: []string{"end"}},
		{name: "details", states: routed, keys: to("enter")},
		{name: "why", states: routed, keys: []string{"w"}},
		{name: "workload", states: routed, keys: []string{"end", "up", "up", "up", "up", "up", "up", "enter"}},
		{name: "yaml-of-a-change", states: routed, keys: []string{"end", "Y"}},
		{name: "yaml-of-a-rule", states: routed, keys: to("Y")},
		{name: "none", states: []mesh.State{{Time: tuitest.Noon(), Absence: "istiod does not answer: it is starting"}}},
		{name: "nothing-yet"},
	}
	for _, s := range scenes {
		sizes := [][2]int{{80, 20}, {120, 35}, {40, 8}}
		if s.wide {
			sizes = append(sizes, [2]int{200, 55})
		}
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				x := s.mesh
				if x == nil {
					x = &tuitest.Mesh{}
				}
				m := press(t, screen(t, x, size[0], size[1], s.states...), s.keys...)
				tuitest.Plain(t, strings.Join(m.View(), "\n"))
			})
		}
	}
}

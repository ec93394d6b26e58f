package gpu

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// screen is the GPU screen of a size, with what the devices said lately.
func screen(t testing.TB, width, height int, states ...gpu.State) Model {
	t.Helper()
	m := New(theme.New(theme.Dark), Deps{Context: t.Context(), Source: Source{Watcher: &tuitest.Devices{}}})
	m = m.WithSize(width, height).WithNow(tuitest.Noon())
	for _, s := range states {
		m = m.WithState(s)
	}
	return m
}

// onWorkers are devices on two nodes.
func onWorkers() gpu.State {
	s := tuitest.SimulatedGPUs()
	for i, slot := range s.Slots {
		s.Slots[i].Node = "diorama-shop-worker"
		slot.Node, slot.UUID, slot.Phase, slot.Holders = "diorama-shop-worker2", slot.UUID+"2", gpu.Free, nil
		s.Slots = append(s.Slots, slot)
	}
	return s
}

// press gives the screen keys, as the frame does, and whatever comes of them.
func press(t testing.TB, m Model, keys ...string) Model {
	t.Helper()
	for _, k := range keys {
		b, ok := intent.Find(k, m.Bindings(), intent.Moves())
		if !ok || b.Off != "" {
			continue
		}
		var cmd tea.Cmd
		m, cmd = m.Handle(b.Intent)
		m = tuitest.Drive(t, m, tuitest.Run(cmd)...)
	}
	return m
}

func TestFrames(t *testing.T) {
	simulated := []gpu.State{tuitest.SimulatedGPUs()}
	scenes := []struct {
		name   string
		states []gpu.State
		keys   []string
		wide   bool // also on a large terminal
	}{
		{"gpus", tuitest.GPUs(), nil, true},
		{"lost", tuitest.GPUs(), []string{"down", "down", "down"}, false},
		{"waiting", tuitest.GPUs(), []string{"end"}, false},
		{"processes", tuitest.GPUs(), []string{"enter"}, false},
		{"processes-shared", tuitest.GPUs(), []string{"down", "down", "enter"}, false},
		{"why-lost", tuitest.GPUs(), []string{"down", "down", "down", "w"}, false},
		{"why-waiting", tuitest.GPUs(), []string{"end", "w"}, false},
		{"simulated", simulated, nil, true},
		{"why-simulated", simulated, []string{"w"}, false},
		{"nodes", []gpu.State{onWorkers()}, nil, true},
		{"nodes-waiting", []gpu.State{onWorkers()}, []string{"end", "w"}, false},
		{"none", []gpu.State{tuitest.NoGPUs()}, nil, true},
		{"nothing-yet", nil, nil, false},
	}
	for _, s := range scenes {
		sizes := [][2]int{{80, 20}, {120, 35}, {40, 8}}
		if s.wide {
			sizes = append(sizes, [2]int{200, 55})
		}
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				m := press(t, screen(t, size[0], size[1], s.states...), s.keys...)
				tuitest.Plain(t, strings.Join(m.View(), "\n"))
			})
		}
	}
}

package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// TestPlatformInATerminal types through the mesh's and the GPUs' screens as
// states come: a weight is moved, shown as what it applies, applied and undone.
func TestPlatformInATerminal(t *testing.T) {
	x, f := newTerminal(t, 140, 40), newFake().platform()
	f.net.States, f.devices.States = make(chan mesh.State, 1), make(chan gpu.State, 1)
	routed, devices := tuitest.Routed(), tuitest.GPUs()[5]
	routed.Time, devices.Time = time.Now(), time.Now()
	routed.Services = slices.Delete(routed.Services, 1, 3) // the emulator knows no wide characters
	devices.Slots = slices.Delete(devices.Slots, 2, 3)
	f.net.States <- routed
	f.devices.States <- devices
	over := make(chan error, 1)
	go func() {
		_, err := Run(t.Context(), f, Options{Input: x.tty, Output: x.tty, Environ: []string{"TERM=xterm-256color"}})
		over <- err
	}()
	f.updates <- ascii(tuitest.Running())
	x.await("kafka · queue", "GPU 1 of 3")
	x.typed("4")
	x.await("HELD BY", "trainer-0 (pid 48211", "GPU is lost", "driver 580.65.06")
	x.typed("\r")
	x.await("pid 48211", "python", "/dev/nvidia0")
	x.typed("6")
	x.await("VirtualService/billing", "90.6 %", "istio 1.31")
	x.typed("/recomm")
	x.await("enter keep", "/ recomm")
	x.typed("\rgjj\x1b[D\x1b[D") // v1 of the split
	x.await("90 → 80 %", "not applied")
	x.typed("\r")
	x.await("a draft: nothing is changed yet", "weight: 80")
	x.typed("y")
	x.await("applied: change weights of recommender")
	x.typed("u")
	x.await("undone: delay 3 s")
	x.typed("q")
	if err := <-over; err != nil {
		t.Fatal(err)
	}
}

// TestWithoutAPlatform checks that the tabs say why there is nothing to see.
func TestWithoutAPlatform(t *testing.T) {
	for key, want := range map[string]string{"4": "no GPUs in this environment", "6": "no mesh in this environment: add istio to the profile's stacks"} {
		m := press(t, model(t, newFake(), theme.Dark, 100, 30, tuitest.Running()), key)
		if got := bottom(m); m.screen != ScreenServices || !strings.HasPrefix(got, want) {
			t.Errorf("%s: the bottom line of %q is %q", key, m.screen, got)
		}
	}
}

// TestGPUsAreWatchedWhereThereAreSome checks that they are read on every screen
// once there are some, and else only while their own shows.
func TestGPUsAreWatchedWhereThereAreSome(t *testing.T) {
	for _, tt := range []struct {
		name   string
		state  gpu.State
		screen Screen
		want   bool
	}{
		{"some", tuitest.GPUs()[5], ScreenServices, true},
		{"none", tuitest.NoGPUs(), ScreenServices, false},
		{"none, and somebody looks", tuitest.NoGPUs(), ScreenGPU, true},
		{"the UI ends", tuitest.GPUs()[5], "", false},
	} {
		f := newFake().platform()
		f.devices.States = make(chan gpu.State, 2)
		m := newModel(deps{ctx: t.Context(), env: f})
		m, cmd := m.watched(ScreenServices)
		if cmd == nil {
			t.Fatalf("%s: nobody looks whether there are any", tt.name)
		}
		m.gpu = m.gpu.WithState(tt.state)
		f.devices.States <- tt.state
		m, again := m.watched(tt.screen)
		late := tuitest.Run(cmd)
		if len(late) != 1 || again != nil {
			t.Fatalf("%s: %d messages", tt.name, len(late))
		}
		if _, more := m.gpu.Update(late[0]); (more != nil) != tt.want {
			t.Errorf("%s: it is watched on: %t", tt.name, more != nil)
		}
	}
}

// TestMeshIsEditedInTheFrame moves a weight, applies it and undoes all, through
// the frame's own keys.
func TestMeshIsEditedInTheFrame(t *testing.T) {
	f := newFake().platform()
	m := press(t, model(t, f, theme.Dark, 100, 30, tuitest.Running()), toSplit("left", "left")...)
	if !strings.Contains(text(m), "90 → 80 %") {
		t.Fatalf("a moved weight is not shown:\n%s", text(m))
	}
	m = press(t, m, "enter", "D", "S", "enter")
	if m.overlay.kind != overlayNone || len(f.net.Asked()) != 0 {
		t.Fatalf("with a draft open, keys that end an environment or enter do something: %v", f.net.Asked())
	}
	m = press(t, m, "y")
	if got := bottom(m); !strings.HasPrefix(got, "applied: ") {
		t.Errorf("the bottom line is %q", got)
	}
	m = press(t, m, "U", "q", "1", "y")
	asked := f.net.Asked()
	want := tuitest.Applied{Edit: mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: map[string]int{"v1": 80, "v2": 20}, Shown: &mesh.Shown{}, Base: tuitest.DraftBase}}
	if diff := cmp.Diff([]any{want, mesh.Undo{All: true, Last: "2"}}, asked); diff != "" {
		t.Error(diff)
	}
	if m.screen != ScreenMesh || m.asking() {
		t.Error("the form is still open")
	}
}

// TestClicksOnThePlatform checks that a click chooses and the next one opens.
func TestClicksOnThePlatform(t *testing.T) {
	click := func(m Model, y int) Model { return drive(t, m, tea.MouseClickMsg{X: 8, Y: y, Button: tea.MouseLeft}) }
	m := press(t, model(t, newFake().platform(), theme.Dark, 100, 30, tuitest.Running()), "4")
	if m = click(click(m, bodyTop+3), bodyTop+3); !strings.Contains(text(m), "GPU 2 · NVIDIA A100") {
		t.Errorf("two clicks on a device do not open it:\n%s", text(m))
	}
	m = press(t, model(t, newFake().platform(), theme.Dark, 100, 30, tuitest.Running()), "6")
	if m = click(click(m, bodyTop+5), bodyTop+5); !strings.Contains(text(m), "billing · in the mesh") {
		t.Errorf("two clicks on a service do not open it:\n%s", text(m))
	}
}

// TestEveryFrameOfThePlatformFits presses random keys on the two screens.
func TestEveryFrameOfThePlatformFits(t *testing.T) {
	keys := []string{
		"4", "6", "6", "enter", "esc", "left", "right", "h", "f", "m", "u", "U", "Y", "w", "y", "y", "n", "/", "?", ":", "up", "down", "down", "down", "end",
		"home", "支", "a", "tab", "backspace", "l", "1",
	}
	for seed := range uint64(30) {
		r := source{rand.New(rand.NewPCG(seed, 5))}
		w, h := 1+r.IntN(220), 1+r.IntN(70)
		if seed%3 == 0 {
			w, h = 1+r.IntN(45), 1+r.IntN(14)
		}
		m := press(t, model(t, newFake().platform(), theme.Dark, w, h, r.snapshot()), "6")
		var path []string
		for range 40 {
			if r.IntN(6) == 0 {
				m = drive(t, m, tea.MouseClickMsg{X: r.IntN(w), Y: r.IntN(h), Button: tea.MouseLeft})
				continue
			}
			key := keys[r.IntN(len(keys))]
			path = append(path, key)
			m = press(t, m, key)
			check(t, m, fmt.Sprintf("seed %d, %d×%d, keys %q", seed, w, h, path))
		}
	}
}

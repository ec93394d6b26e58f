package tui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// scene is a way to a frame.
type scene struct {
	name     string
	snapshot func() env.Snapshot
	keys     []string
}

// fake is the environment of the scene: with a mesh and GPUs where it shows them.
func (s scene) fake() *fake {
	if strings.HasPrefix(s.name, "gpu") || strings.HasPrefix(s.name, "mesh") {
		return newFake().platform()
	}
	return newFake()
}

func scenes() []scene {
	down := []string{"down", "down", "down"} // to billing
	return []scene{
		{"services", tuitest.Running, nil},
		{"services-unwell", tuitest.Running, down},
		{"services-filtered", tuitest.Running, []string{"/", "支"}},
		{"services-empty", func() env.Snapshot { return env.Snapshot{} }, nil},
		{"logs", tuitest.Running, []string{"3"}},
		{"logs-wrapped", tuitest.Running, []string{"3", "z"}},
		{"logs-paused", tuitest.Running, []string{"3", "up", "up"}},
		{"logs-searched", tuitest.Running, []string{"3", "/", "i", "n", "enter"}},
		{"logs-one-service", tuitest.Running, []string{"l"}},
		{"events-coming-up", tuitest.ComingUp, nil},
		{"events", tuitest.Running, []string{"5"}},
		{"events-steps", tuitest.Running, []string{"5", "t"}},
		{"details", tuitest.Running, append(down, "enter")},
		{"why", tuitest.Running, append(down, "w")},
		{"endpoints", tuitest.Running, []string{"e"}},
		{"endpoints-revealed", tuitest.Running, []string{"e", "down", "v"}},
		{"pick-services", tuitest.Running, []string{"3", "v", "down", "space", "down", "down", "space"}},
		{"fields", tuitest.Running, []string{"3", "up", "up", "up", "up", "enter"}},
		{"logs-regexp", tuitest.Running, []string{"3", "/", "/", "c", "h", "a", "r", "g", "e", "|", "p", "a", "i", "d", "/"}},
		{"logs-mistyped", tuitest.Running, []string{"3", "/", "r", "e", ":", "("}},
		{"logs-context", tuitest.Running, []string{"3", "/", "c", "h", "a", "r", "g", "e", "enter", "c", "N"}},
		{"logs-whole", tuitest.Running, []string{"3", "x", "up", "b", "up", "b", "up"}},
		{"logs-trace", tuitest.Running, []string{"3", "up", "up", "t"}},
		{"logs-levels", tuitest.Running, []string{"3", "L", "down", "space", "down", "down", "down", "space"}},
		{"logs-level-shown", tuitest.Running, []string{"3", "L", "down", "down", "down", "w", "esc"}},
		{"logs-field-filtered", tuitest.Running, []string{"3", "g", "down", "enter", "down", "down", "down", "down", "down", "down", "down", "enter"}},
		{"logs-time", tuitest.Running, []string{"3", "T", "2", "5", ":", "6", "1", "enter"}},
		{"logs-save", tuitest.Running, []string{"3", "S"}},
		{"logs-query", tuitest.Running, []string{"3", "Q", "x", "enter"}},
		{"logs-sources", tuitest.Running, []string{"3", "O"}},
		{"logs-other-source", tuitest.Running, []string{"3", "O", "down", "enter"}},
		{"logs-broken-source", tuitest.Running, []string{"3", "O", "down", "down", "enter"}},
		{"logs-help", tuitest.Running, []string{"3", "?"}},
		{"fields-structured", tuitest.Running, []string{"3", "g", "down", "enter", "down", "down", "down", "down", "down", "down", "down"}},
		{"fields-long", tuitest.Running, []string{"3", "up", "up", "enter", "end"}},
		{"palette", tuitest.Running, []string{":"}},
		{"palette-search", tuitest.Running, []string{":", "s", "c", "a"}},
		{"help", tuitest.Running, []string{"?"}},
		{"quit", tuitest.ComingUp, []string{"q"}},
		{"confirm-down", tuitest.Running, []string{"D"}},
		{"disabled", tuitest.Running, []string{"4"}},
		{"queues", tuitest.Running, []string{"2", "down", "down"}},
		{"queues-filtered", tuitest.Running, []string{"2", "/", "i", "n"}},
		{"queues-partitions", tuitest.Running, []string{"2", "down", "down", "enter"}},
		{"queues-peek", tuitest.Running, []string{"2", "down", "down", "p"}},
		{"queues-produce", tuitest.Running, []string{"2", "P"}},
		{"queues-reset", tuitest.Running, []string{"2", "down", "down", "tab", "O", "enter", "enter"}},
		{"queues-help", tuitest.Running, []string{"2", "?"}},
		{"gpu", tuitest.Running, []string{"4"}},
		{"gpu-processes", tuitest.Running, []string{"4", "enter"}},
		{"gpu-lost", tuitest.Running, []string{"4", "down", "down", "down", "w"}},
		{"gpu-filtered", tuitest.Running, []string{"4", "/", "a", "1", "0", "0"}},
		{"gpu-help", tuitest.Running, []string{"4", "?"}},
		{"mesh", tuitest.Running, []string{"6"}},
		{"mesh-moved", tuitest.Running, toSplit("left", "left")},
		{"mesh-draft", tuitest.Running, toSplit("left", "enter")},
		{"mesh-fault", tuitest.Running, toSplit("f")},
		{"mesh-help", tuitest.Running, []string{"6", "?"}},
		{"mesh-palette", tuitest.Running, []string{"6", ":", "m", "e", "s", "h"}},
	}
}

// toSplit puts the mesh's cursor on v1 of a split.
func toSplit(keys ...string) []string {
	return append([]string{"6", "down", "down", "down", "down", "down", "down", "down"}, keys...)
}

func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}, {200, 60}} {
		for _, s := range scenes() {
			if size[0] == 200 && s.name != "gpu" && s.name != "mesh" { // the others have large goldens of their own, or need none
				continue
			}
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				m := model(t, s.fake(), theme.Dark, size[0], size[1], s.snapshot())
				tuitest.Plain(t, frame(press(t, m, s.keys...)))
			})
		}
	}
}

func TestFramesInColour(t *testing.T) {
	sizes := map[string][][2]int{ // the screens at every size, some overlays at one
		"services": {{80, 24}, {120, 40}, {40, 12}}, "queues": {{80, 24}, {120, 40}, {40, 12}}, "logs-searched": {{80, 24}, {120, 40}, {40, 12}}, "logs-whole": {{80, 24}},
		"events-coming-up": {{80, 24}, {120, 40}, {40, 12}}, "why": {{80, 24}}, "palette": {{80, 24}}, "confirm-down": {{80, 24}},
		"gpu": {{80, 24}, {120, 40}, {40, 12}}, "mesh": {{80, 24}, {120, 40}, {40, 12}}, "mesh-moved": {{120, 40}}, "mesh-draft": {{80, 24}},
	}
	for _, v := range []theme.Variant{theme.Dark, theme.Light, theme.Plain} {
		for _, s := range scenes() {
			for _, size := range sizes[s.name] {
				t.Run(fmt.Sprintf("%s-%s-%dx%d", s.name, v, size[0], size[1]), func(t *testing.T) {
					m := model(t, s.fake(), v, size[0], size[1], s.snapshot())
					tuitest.Coloured(t, frame(press(t, m, s.keys...)))
				})
			}
		}
	}
}

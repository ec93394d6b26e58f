package tui

import (
	"fmt"
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
	}
}

func TestFrames(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}} {
		for _, s := range scenes() {
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				m := model(t, newFake(), theme.Dark, size[0], size[1], s.snapshot())
				tuitest.Plain(t, frame(press(t, m, s.keys...)))
			})
		}
	}
}

func TestFramesInColour(t *testing.T) {
	sizes := map[string][][2]int{ // the screens at every size, some overlays at one
		"services": {{80, 24}, {120, 40}, {40, 12}}, "queues": {{80, 24}, {120, 40}, {40, 12}}, "logs-searched": {{80, 24}, {120, 40}, {40, 12}}, "logs-whole": {{80, 24}},
		"events-coming-up": {{80, 24}, {120, 40}, {40, 12}}, "why": {{80, 24}}, "palette": {{80, 24}}, "confirm-down": {{80, 24}},
	}
	for _, v := range []theme.Variant{theme.Dark, theme.Light, theme.Plain} {
		for _, s := range scenes() {
			for _, size := range sizes[s.name] {
				t.Run(fmt.Sprintf("%s-%s-%dx%d", s.name, v, size[0], size[1]), func(t *testing.T) {
					m := model(t, newFake(), v, size[0], size[1], s.snapshot())
					tuitest.Coloured(t, frame(press(t, m, s.keys...)))
				})
			}
		}
	}
}

package intent_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/tui/intent"
)

func TestEffective(t *testing.T) {
	screen := []intent.Binding{{Keys: []string{"enter"}, Intent: "fields"}, {Keys: []string{"+", "="}, Label: "+", Intent: "level"}}
	service := []intent.Binding{
		{Keys: []string{"enter", "d"}, Label: "enter", Intent: "details"},
		{Keys: []string{"+"}, Intent: "scale"},
		{Keys: []string{"r"}, Intent: "restart"},
	}
	got := intent.Effective(screen, service)
	want := [][]intent.Binding{screen, {{Keys: []string{"d"}, Intent: "details"}, {Keys: []string{"r"}, Intent: "restart"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b, ok := intent.Find("+", screen, service); !ok || b.Intent != "level" {
		t.Errorf("+ means %q", b.Intent)
	}
	if _, ok := intent.Find("x", screen, service); ok {
		t.Error("x means something")
	}
}

func TestStep(t *testing.T) {
	for i, want := range map[intent.Intent]int{intent.Up: -1, intent.Down: 1, intent.PageUp: -9, intent.PageDown: 9} {
		if got, ok := intent.Step(i, 10); !ok || got != want {
			t.Errorf("%s: %d", i, got)
		}
	}
	if got, _ := intent.Step(intent.PageDown, 0); got != 1 {
		t.Errorf("a page of no height moves by %d", got)
	}
	if _, ok := intent.Step(intent.Filter, 10); ok {
		t.Error("filter is a move")
	}
}

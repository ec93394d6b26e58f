package services

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/theme"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func screen(width, height int, s env.Snapshot) Model {
	return New(theme.New(theme.Plain)).WithSize(width, height).WithNow(tuitest.Noon()).WithSnapshot(s)
}

func TestColumnsGoInOrder(t *testing.T) {
	last := columns{sparks: true, age: true, restarts: true, cpu: true, usage: true}
	for width := 140; width >= narrow; width-- {
		c := fitColumns(width)
		for _, rule := range []struct {
			what        string
			gone, there bool
		}{
			{"age goes after sparklines", !c.age, c.sparks},
			{"restarts go after age", !c.restarts, c.age},
			{"CPU goes after restarts", !c.cpu, c.restarts},
			{"memory goes after CPU", !c.usage, c.cpu},
			{"sparklines do not come back", c.sparks, !last.sparks},
		} {
			if rule.gone && rule.there {
				t.Errorf("at %d cells: %s", width, rule.what)
			}
		}
		last = c
	}
	if c := fitColumns(120); c.sparks == false {
		t.Error("120 cells are enough for sparklines")
	}
	if c := fitColumns(80); c.sparks || !c.usage {
		t.Error("80 cells are enough for memory, and not for sparklines")
	}
}

func TestCursorStaysInTheWindow(t *testing.T) {
	s := env.Snapshot{}
	for i := range 50 {
		svc := env.Service{Stack: fmt.Sprintf("s%d", i/4), Name: fmt.Sprintf("name-%02d", i), Phase: env.PhaseReady}
		if i%5 == 0 {
			svc.Phase, svc.Why = env.PhaseFailed, []env.Finding{{Summary: "because " + strings.Repeat("of this ", 30)}}
		}
		s.Services = append(s.Services, svc)
	}
	m := screen(80, 12, s)
	visit := func(i intent.Intent, n int) {
		for range n {
			m = m.Handle(i)
			selected, _ := m.Selected()
			view := ansi.Strip(strings.Join(m.View(), "\n"))
			if !strings.Contains(view, "▸") || !strings.Contains(view, selected.Name) {
				t.Fatalf("%s is not shown after %q:\n%s", selected.Name, i, view)
			}
			if len(selected.Why) > 0 && !strings.Contains(view, "because") {
				t.Fatalf("the reason of %s is not shown:\n%s", selected.Name, view)
			}
		}
	}
	visit(intent.Down, 55)
	visit(intent.PageUp, 3)
	visit(intent.Up, 55)
	visit(intent.Bottom, 1)
	visit(intent.Top, 1)
	if !strings.Contains(m.View()[1], "s0") {
		t.Error("the first stack's heading is not shown at the top")
	}
}

func TestCursorKeepsItsService(t *testing.T) {
	s := tuitest.Running()
	m := screen(100, 30, s).Select(Key{Stack: "demo", Service: "billing"})
	s.Services = append([]env.Service{{Stack: "a", Name: "new"}}, s.Services...)
	if got, _ := m.WithSnapshot(s).Selected(); got.Name != "billing" {
		t.Errorf("with a new service above, the cursor is on %q", got.Name)
	}
	s.Services = s.Services[:2]
	if got, ok := m.WithSnapshot(s).Selected(); !ok || got.Name != "new" {
		t.Errorf("when its service is gone, the cursor is on %q", got.Name)
	}
	if _, ok := m.WithSnapshot(env.Snapshot{}).Selected(); ok {
		t.Error("a service is selected where there is none")
	}
}

func TestFilter(t *testing.T) {
	m := screen(100, 30, tuitest.Running()).WithFilter("DEMO")
	var names []string
	for _, s := range m.shown {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"gateway", "billing", "支付", "log"}, names); diff != "" {
		t.Error(diff)
	}
	if len(m.WithFilter("").shown) != 7 {
		t.Error("without the filter not all are shown again")
	}
}

func TestHistory(t *testing.T) {
	s := tuitest.Running()
	var h history
	for i := range 20 {
		s.Updated = tuitest.Noon().Add(time.Duration(i) * 300 * time.Millisecond)
		*s.Services[0].Usage.CPU = int64(i)
		h = h.with(s)
	}
	got := h.samples[Key{Stack: "kafka", Service: "kafka"}].cpu
	if diff := cmp.Diff([]float64{0, 4, 8, 12, 16}, got); diff != "" {
		t.Errorf("one sample a second: %s", diff)
	}
	for i := range 20 {
		s.Updated = s.Updated.Add(time.Second)
		*s.Services[0].Usage.CPU = int64(1000 + i)
		h = h.with(s)
	}
	if n := len(h.samples[Key{Stack: "kafka", Service: "kafka"}].cpu); n != kept {
		t.Errorf("%d samples are kept", n)
	}
	if h.top() != 1019 {
		t.Errorf("the column's scale is %v", h.top())
	}
	s.Services = nil
	s.Updated = s.Updated.Add(time.Second)
	if n := len(h.with(s).samples); n != 0 {
		t.Errorf("%d services are remembered that are gone", n)
	}
}

func TestEndpointOf(t *testing.T) {
	all := []env.Endpoint{
		{Stack: "rabbitmq", Service: "rabbitmq", Host: "127.0.0.1", Port: 5672, Preferred: 5672},
		{Stack: "rabbitmq", Service: "rabbitmq", Host: "127.0.0.1", Port: 15673, Preferred: 15672},
		{Stack: "postgres", Service: "postgres", Host: "127.0.0.1", Port: 15432, Preferred: 5432},
	}
	tests := []struct{ stack, address, note string }{
		{"rabbitmq", "127.0.0.1:5672", "and 1 more"},
		{"postgres", "127.0.0.1:15432", "(5432 was taken)"},
		{"redis", "–", ""},
	}
	for _, tt := range tests {
		address, note := endpoint(all, env.Service{Stack: tt.stack, Name: tt.stack})
		if address != tt.address || note != tt.note {
			t.Errorf("%s: %q %q", tt.stack, address, note)
		}
	}
}

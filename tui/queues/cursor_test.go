package queues

import (
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

// What the cursor is on stays under it, however its list is sorted anew: an
// action would be about another group.
func TestTheCursorStaysOnItsRow(t *testing.T) {
	reader := func(name string) place { return place{group: &group{label: label{key: Key{"kafka", name}}}} }
	old := page{
		kind: pageQueue, queue: &queue.Queue{Partitions: []queue.Partition{{ID: 0}, {ID: 1}}},
		readers: []place{reader("a"), reader("b"), reader("c")},
	}
	for i, r := range old.rows() {
		if !r.selectable() {
			continue
		}
		old.at = i
		now := old
		now.queue = &queue.Queue{Partitions: []queue.Partition{{ID: 0}, {ID: 1}, {ID: 2}}}
		now.readers = []place{reader("c"), reader("b"), reader("a"), reader("d")}
		was, is := old.rowID(chosenRow(old)), now.rowID(chosenRow(now.onto(old)))
		if was != is {
			t.Errorf("the cursor was on %+v and is on %+v", was, is)
		}
	}
}

// Where a reset is shown, D and S do not end the environment: the y that
// confirms a reset would confirm that too.
func TestAPreviewHasNoWayToDestroy(t *testing.T) {
	m := press(t, screen(t, tuitest.NewBrokers(), 100, 30, tuitest.AtRest()), to("tab", "O", "enter", "enter")...)
	if m.top().kind != pageReset {
		t.Fatalf("the page is %d, want the preview", m.top().kind)
	}
	for _, key := range []string{"D", "S"} {
		if b, ok := intent.Find(key, m.Bindings()); !ok || b.Off == "" {
			t.Errorf("%s is bound: %v, off: %q", key, ok, b.Off)
		}
	}
}

// Why the row that the cursor is on is not well stands on the screen, however
// low it is.
func TestWhyTheChosenGroupIsNotWell(t *testing.T) {
	for _, height := range []int{8, 12, 30} {
		m := press(t, screen(t, tuitest.NewBrokers(), 60, height, tuitest.AtRest()), to("g")...)
		for range len(m.groups.shown) {
			g, ok := chosen(m.view.groups, m.groups.shown)
			if ok && g.status.Trouble != "" {
				break
			}
			m = press(t, m, "down")
		}
		g, ok := chosen(m.view.groups, m.groups.shown)
		if !ok || g.status.Trouble == "" {
			t.Fatal("no group of the fixture is in trouble")
		}
		lines := m.View()
		if len(lines) != height || !strings.Contains(strings.Join(lines, "\n"), g.status.Trouble[:20]) {
			t.Errorf("at %d lines it does not say %q:\n%s", height, g.status.Trouble, strings.Join(lines, "\n"))
		}
	}
}

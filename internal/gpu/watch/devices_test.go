package watch

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// divided is a machine with a device of two parts and one that is whole, of
// which a node advertises what it is given to, by resource.
func divided(t *testing.T, registered map[string][]string) Seen {
	t.Helper()
	seen := real(t)
	seen.Driver = Driver{
		Inventory: gpu.Inventory{Driver: "580.1", Devices: []gpu.Device{
			{Index: 0, UUID: first, Model: "NVIDIA A100", MIG: gpu.MIG{Enabled: true, Instances: []gpu.Partition{
				{UUID: "MIG-1", Profile: "1g.5gb", Memory: 5}, {UUID: "MIG-2", Profile: "2g.10gb", Memory: 10},
			}}},
			{Index: 1, UUID: second, Model: "NVIDIA A100"},
		}},
		Processes: map[string][]gpu.Process{"MIG-1": {{PID: 5, Name: "train"}}},
		PodOf:     map[int]string{5: uidOne},
	}
	counted := make(map[string]int64)
	var given []Given
	for resource, ids := range registered {
		counted[resource] = int64(len(ids))
		given = append(given, Given{PodUID: uidOne, Container: "one", Resource: resource, IDs: ids[:1]})
	}
	seen.Nodes[0].Counted, seen.Nodes[0].Checkpoint = counted, Checkpoint{Registered: registered, Given: given}
	return seen
}

// TestPartsStandForThemselves: NVIDIA's plugin advertises MIG devices under
// their own UUIDs, all alike as nvidia.com/gpu, of several kinds by profile.
func TestPartsStandForThemselves(t *testing.T) {
	for name, c := range map[string]struct {
		registered map[string][]string
		want       []string
	}{
		"single": {
			map[string][]string{gpu.Resource: {"MIG-1", "MIG-2"}},
			[]string{second + " apart", "MIG-1 held one-1/train", "MIG-2 free"},
		},
		"mixed": {
			map[string][]string{"nvidia.com/mig-1g.5gb": {"MIG-1"}, "nvidia.com/mig-2g.10gb": {"MIG-2"}},
			[]string{second + " apart", "MIG-1 held one-1/train", "MIG-2 held one-1"},
		},
		"one of them": {
			map[string][]string{"nvidia.com/mig-1g.5gb.shared": {gpu.Replica("MIG-1", 0), gpu.Replica("MIG-1", 1)}},
			[]string{"MIG-2 apart", second + " apart", "MIG-1 held one-1/train"},
		},
		"advertised whole": {
			map[string][]string{gpu.Resource: {first, second}},
			[]string{first + " held one-1", second + " free"},
		},
		"none": {nil, []string{"MIG-1 held one-1/train", "MIG-2 apart", second + " apart"}},
	} {
		t.Run(name, func(t *testing.T) {
			seen := divided(t, c.registered)
			got := State(seen, State(seen, gpu.State{}))
			if diff := cmp.Diff(c.want, lines(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPartsHaveNameAndMemory(t *testing.T) {
	got := State(divided(t, map[string][]string{gpu.Resource: {"MIG-1"}}), gpu.State{})
	i := slices.IndexFunc(got.Slots, func(s gpu.Slot) bool { return s.UUID == "MIG-1" })
	if i < 0 || got.Slots[i].Model != "NVIDIA A100 MIG 1g.5gb" || got.Slots[i].Memory != 5 || got.Slots[i].Node != "node" {
		t.Errorf("%+v", got.Slots)
	}
}

// TestDividedAnew: neither the device that has been divided since, nor the parts
// of one that is whole again, are lost.
func TestDividedAnew(t *testing.T) {
	parts := map[string][]string{gpu.Resource: {"MIG-1", "MIG-2"}}
	whole := divided(t, map[string][]string{gpu.Resource: {first}})
	for _, got := range []gpu.State{
		State(divided(t, parts), State(whole, gpu.State{})),
		State(whole, State(divided(t, parts), gpu.State{})),
	} {
		if got.Count(gpu.Lost) != 0 {
			t.Errorf("%q", lines(got))
		}
	}
}

// TestPartsOfADeviceThatIsLost: they are lost with it.
func TestPartsOfADeviceThatIsLost(t *testing.T) {
	seen := divided(t, map[string][]string{gpu.Resource: {"MIG-1", "MIG-2"}})
	seen.Driver.Errors = map[string]string{first: "GPU is lost"}
	if got := State(seen, gpu.State{}); got.Count(gpu.Lost) != 2 || got.Count(gpu.Apart) != 1 {
		t.Errorf("%q", lines(got))
	}
}

// TestDriverThatDoesNotAnswer: what nodes advertise stays as it was, and whoever
// looks is told that nobody knows how it is.
func TestDriverThatDoesNotAnswer(t *testing.T) {
	before := State(real(t), gpu.State{})
	for name, change := range map[string]func(*Driver){
		"no inventory": func(d *Driver) { *d = Driver{Error: "NVIDIA's driver does not answer"} },
		"no readings":  func(d *Driver) { d.Readings, d.Error = nil, "NVIDIA's driver does not answer" },
	} {
		t.Run(name, func(t *testing.T) {
			seen := real(t)
			change(&seen.Driver)
			got := State(seen, before)
			i := slices.IndexFunc(got.Slots, func(s gpu.Slot) bool { return s.UUID == first })
			if i < 0 || got.Slots[i].Phase != gpu.Held || got.Slots[i].Model != "H200" || !strings.Contains(got.Slots[i].Why, "does not answer") {
				t.Errorf("%+v", got.Slots)
			}
			if got = State(real(t), got); got.Slots[i].Why != "" {
				t.Errorf("it answers again: %+v", got.Slots[i])
			}
		})
	}
}

// TestLostWithoutUUID: the driver gives a device that is lost no UUID.
func TestLostWithoutUUID(t *testing.T) {
	seen := real(t)
	for i := range 2 {
		seen.Driver.Inventory.Devices[i] = gpu.Device{Index: i, Minor: -1, Error: "GPU is lost"}
	}
	got := State(seen, gpu.State{})
	nameless := func(s gpu.State) (n int) {
		for _, slot := range s.Slots {
			if slot.UUID == "" && slot.Phase == gpu.Lost {
				n++
			}
		}
		return n
	}
	if nameless(got) != 2 {
		t.Errorf("%q", lines(got))
	}
	if got = State(real(t), got); nameless(got) != 0 || got.Count(gpu.Lost) != 0 {
		t.Errorf("they are back: %q", lines(got))
	}
}

// TestNodeThatCannotBeAsked: its devices stay where they were, and whoever looks
// is told that nobody knows who has been given them since.
func TestNodeThatCannotBeAsked(t *testing.T) {
	parts := func(t *testing.T) Seen {
		t.Helper()
		return divided(t, map[string][]string{gpu.Resource: {"MIG-1", "MIG-2"}})
	}
	for name, c := range map[string]struct {
		seen   func(*testing.T) Seen
		change func(*Seen)
		want   []string
	}{
		"as it was":         {real, func(*Seen) {}, []string{"GPU-c apart", first + " held /stray one-1/train", second + " held /game"}},
		"MIG devices":       {parts, func(*Seen) {}, []string{second + " apart", "MIG-1 held one-1/train", "MIG-2 free"}},
		"a Pod has ended":   {real, func(s *Seen) { s.Pods, s.Driver.Processes = nil, nil }, []string{"GPU-c apart", first + " free", second + " free"}},
		"one is lost":       {real, func(s *Seen) { s.Driver.Errors = map[string]string{first: "GPU is lost"} }, []string{"GPU-c apart", first + " lost /stray one-1/train", second + " held /game"}},
		"not in the driver": {real, func(s *Seen) { s.Driver.Inventory.Devices = s.Driver.Inventory.Devices[1:] }, []string{"GPU-c apart", first + " lost /stray one-1/train", second + " held /game"}},
	} {
		t.Run(name, func(t *testing.T) {
			state := State(c.seen(t), gpu.State{})
			for range 2 { // as long as it lasts
				seen := c.seen(t)
				seen.Nodes[0].Checkpoint, seen.Nodes[0].Error = Checkpoint{}, "unexpected EOF"
				c.change(&seen)
				state = State(seen, state)
				if diff := cmp.Diff(c.want, lines(state)); diff != "" {
					t.Fatal(diff)
				}
				for _, slot := range state.Slots {
					if told := strings.Contains(slot.Why, "node node cannot be asked: unexpected EOF"); told != (slot.Node != "" && slot.Phase != gpu.Lost) {
						t.Errorf("%s %s: %q", slot.UUID, slot.Phase, slot.Why)
					}
				}
			}
			if got := State(c.seen(t), state); got.Count(gpu.Lost) != 0 || strings.Contains(got.Slots[1].Why, "EOF") {
				t.Errorf("it can be asked again: %+v", got.Slots)
			}
		})
	}
}

// TestFromRealToSimulated: what the simulation takes the place of is not lost.
func TestFromRealToSimulated(t *testing.T) {
	seen := simulated(t)
	seen.Nodes[0].Simulated = []gpu.Device{{UUID: "GPU-simulated"}}
	seen.Nodes[0].Checkpoint = Checkpoint{Registered: map[string][]string{gpu.Resource: {"GPU-simulated"}}}
	if diff := cmp.Diff([]string{"GPU-simulated free"}, lines(State(seen, State(real(t), gpu.State{})))); diff != "" {
		t.Error(diff)
	}
}

// TestDevicesGoWithThePlan: a node gives what its plugin has advertised for a
// moment longer than the plan wants it, and loses nothing thereby.
func TestDevicesGoWithThePlan(t *testing.T) {
	state := State(simulated(t), gpu.State{})
	for _, counted := range []int64{2, 0, 0} {
		seen := simulated(t)
		seen.Planned, seen.Pods = false, nil
		seen.Nodes[0].Simulated, seen.Nodes[0].Counted = nil, map[string]int64{gpu.Resource: counted}
		seen.Driver.Error = "it is not installed"
		state = State(seen, state)
		if got := lines(state); state.Count(gpu.Lost) > 0 || counted == 0 && len(got) > 0 {
			t.Errorf("with %d counted: %q", counted, got)
		}
	}
}

package watch

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// recorded is what a kubelet 1.34 has noted, with two Pods that hold a device
// each.
func recorded(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/checkpoint.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const (
	first  = "GPU-5a639a97-193f-875d-9d1e-b95cf1518b01"
	second = "GPU-a7e97680-d482-85b2-8548-aed9dd36f83f"
	uidOne = "607e2cd4-c71a-4d13-abe6-817745357c14"
	uidTwo = "d5f477b7-ac83-4e13-90a3-26c6b9527c79"
)

func TestRecordedCheckpoint(t *testing.T) {
	c, err := ParseCheckpoint(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	want := Checkpoint{
		Registered: map[string][]string{gpu.Resource: {first, second}},
		Given: []Given{
			{PodUID: uidTwo, Container: "alsoone", Resource: gpu.Resource, IDs: []string{second}},
			{PodUID: uidOne, Container: "one", Resource: gpu.Resource, IDs: []string{first}},
		},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(recorded(f))
	f.Add([]byte(`{"Data":{"PodDeviceEntries":[{"PodUID":"a","DeviceIDs":["GPU-1","GPU-1"]}],"RegisteredDevices":null}}`))
	f.Add([]byte(`{"Data":{"PodDeviceEntries":[{"PodUID":"a","DeviceIDs":7}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCheckpoint(data)
		if err != nil {
			return
		}
		for _, g := range c.Given {
			if g.PodUID == "" || len(g.IDs) == 0 || !slices.IsSorted(g.IDs) {
				t.Errorf("%+v", g)
			}
		}
		State(Seen{Nodes: []Node{{Name: "n", Checkpoint: c, Counted: map[string]int64{gpu.Resource: 1}}}, Pods: []Pod{{UID: "a", Node: "n"}}}, gpu.State{})
	})
}

// simulated is a node with two simulated devices, and the Pods that hold them.
func simulated(t *testing.T) Seen {
	t.Helper()
	c, err := ParseCheckpoint(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	return Seen{
		Time: time.Unix(1, 0), Planned: true,
		Nodes: []Node{{
			Name: "node", Counted: map[string]int64{gpu.Resource: 2}, Checkpoint: c,
			Simulated: []gpu.Device{{Index: 0, UUID: first, Model: "A"}, {Index: 1, UUID: second, Model: "A"}},
		}},
		Pods: []Pod{
			{UID: uidOne, Name: "one-1", Node: "node", Stack: "train", Service: "one", Asked: 1},
			{UID: "waits", Name: "two-1", Stack: "train", Service: "two", Asked: 2, Why: "all are held"},
		},
	}
}

// line is a slot in a word or two.
func line(s gpu.Slot) string {
	text := s.UUID + " " + string(s.Phase)
	for _, h := range s.Holders {
		text += " " + h.Pod
		for _, p := range h.Processes {
			text += "/" + p.Name
		}
	}
	return text
}

func lines(s gpu.State) []string {
	var list []string
	for _, slot := range s.Slots {
		list = append(list, line(slot))
	}
	return list
}

// TestOnlyLivingPodsHold: the kubelet's note names a Pod that has ended.
func TestOnlyLivingPodsHold(t *testing.T) {
	got := State(simulated(t), gpu.State{})
	if diff := cmp.Diff([]string{first + " held one-1", second + " free"}, lines(got)); diff != "" || !got.Simulated {
		t.Error(diff)
	}
	if diff := cmp.Diff([]gpu.Waiting{{Pod: "two-1", Asked: 2, Why: "all are held"}}, got.Waiting); diff != "" {
		t.Error(diff)
	}
}

func TestLostWithItsPlugin(t *testing.T) {
	seen := simulated(t)
	seen.Nodes[0].Counted = map[string]int64{gpu.Resource: 0}
	got := State(seen, State(simulated(t), gpu.State{}))
	for _, slot := range got.Slots {
		if slot.Phase != gpu.Lost || !strings.Contains(slot.Why, "gpu-simulated") || len(slot.Advice) == 0 {
			t.Errorf("%+v", slot)
		}
	}
	seen.Nodes[0].Error = "it is stopped"
	if got := State(seen, gpu.State{}); got.Count(gpu.Lost) != 2 || !strings.Contains(got.Slots[0].Why, "it is stopped") {
		t.Errorf("%+v", got.Slots)
	}
}

func TestShares(t *testing.T) {
	seen := simulated(t)
	seen.Sharing = 2
	seen.Nodes[0].Simulated = seen.Nodes[0].Simulated[:1]
	seen.Nodes[0].Checkpoint = Checkpoint{
		Registered: map[string][]string{gpu.SharedResource: {gpu.Replica(first, 0), gpu.Replica(first, 1)}},
		Given: []Given{
			{PodUID: uidOne, Container: "a", Resource: gpu.SharedResource, IDs: []string{gpu.Replica(first, 0)}},
			{PodUID: uidTwo, Container: "b", Resource: gpu.SharedResource, IDs: []string{gpu.Replica(first, 1)}},
		},
	}
	seen.Nodes[0].Counted = map[string]int64{gpu.SharedResource: 2}
	seen.Pods = append(seen.Pods, Pod{UID: uidTwo, Name: "two", Node: "node"})
	if diff := cmp.Diff([]string{first + " shared one-1 two"}, lines(State(seen, gpu.State{}))); diff != "" {
		t.Error(diff)
	}
}

// TestSeveralContainersOfAPod hold a device together: it is their Pod's alone.
func TestSeveralContainersOfAPod(t *testing.T) {
	seen := real(t)
	seen.Sharing = 2
	seen.Nodes[0].Checkpoint.Given = []Given{
		{PodUID: uidOne, Container: "a", Resource: gpu.Resource, IDs: []string{gpu.Replica(first, 0)}},
		{PodUID: uidOne, Container: "b", Resource: gpu.Resource, IDs: []string{gpu.Replica(first, 1)}},
	}
	if got := State(seen, gpu.State{}); got.Slots[1].Phase != gpu.Held || len(got.Slots[1].Holders) != 3 {
		t.Errorf("%+v", got.Slots[1])
	}
}

// real is a machine with three devices of which a node has two.
func real(t *testing.T) Seen {
	t.Helper()
	seen := simulated(t)
	seen.Nodes[0].Simulated = nil
	used := int64(7)
	seen.Driver = Driver{
		Inventory: gpu.Inventory{Driver: "580.1", CUDA: "13.0", Devices: []gpu.Device{
			{Index: 0, UUID: first, Model: "H200"}, {Index: 1, UUID: second, Model: "H200"}, {Index: 2, UUID: "GPU-c", Model: "H200"},
		}},
		Readings:  map[string]gpu.Reading{first: {MemoryUsed: &used}},
		Processes: map[string][]gpu.Process{first: {{PID: 5, Name: "train"}, {PID: 6, Name: "stray"}}, second: {{PID: 7, Name: "game"}}},
		PodOf:     map[int]string{5: uidOne},
	}
	return seen
}

func TestRealDevices(t *testing.T) {
	before := State(real(t), gpu.State{})
	want := []string{"GPU-c apart", first + " held /stray one-1/train", second + " held /game"}
	if diff := cmp.Diff(want, lines(before)); diff != "" || before.Simulated || before.Driver != "580.1" {
		t.Error(diff)
	}
}

func TestLostRealDevices(t *testing.T) {
	before := State(real(t), gpu.State{})
	for name, c := range map[string]struct {
		change func(*Seen)
		why    string
	}{
		"the driver's error": {func(s *Seen) { s.Driver.Inventory.Devices[0].Error = "GPU is lost" }, "GPU is lost"},
		"not in the driver":  {func(s *Seen) { s.Driver.Inventory.Devices = s.Driver.Inventory.Devices[1:] }, "the driver does not know it"},
		"not in the node":    {func(s *Seen) { s.Nodes[0].Counted = map[string]int64{} }, "does not advertise it"},
		"nowhere": {func(s *Seen) {
			s.Driver.Inventory.Devices, s.Nodes, s.Driver.Error = nil, nil, "Driver/library version mismatch"
		}, "version mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := real(t)
			c.change(&seen)
			got := State(seen, before)
			i := slices.IndexFunc(got.Slots, func(s gpu.Slot) bool { return s.UUID == first })
			if i < 0 || got.Slots[i].Phase != gpu.Lost || !strings.Contains(got.Slots[i].Why, c.why) || len(got.Slots[i].Advice) == 0 {
				t.Errorf("%+v", got.Slots)
			}
		})
	}
}

func TestPodOfCgroup(t *testing.T) {
	for text, want := range map[string]string{
		"0::/system.slice/docker-ab.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod607e2cd4_c71a_4d13_abe6_817745357c14.slice/cri-containerd-ab.scope\n": uidOne,
		"12:devices:/docker/ab/kubelet/kubepods/pod607e2cd4-c71a-4d13-abe6-817745357c14/cd\n":                                                                                                                         uidOne,
		"0::/user.slice/user-1000.slice\n":           "",
		"0::/x/pod607e2cd4_c71a_4d13_abe6.slice/a\n": "",
		"": "",
	} {
		if got := PodOfCgroup(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestPluginThatWasRemoved: the kubelet notes its devices for long.
func TestPluginThatWasRemoved(t *testing.T) {
	before := State(simulated(t), gpu.State{})
	seen := simulated(t)
	seen.Planned, seen.Nodes[0].Simulated, seen.Nodes[0].Counted, seen.Pods = false, nil, map[string]int64{gpu.Resource: 0}, nil
	if got := State(seen, before); len(got.Slots) > 0 || got.Absence == "" {
		t.Errorf("%v, %q", lines(got), got.Absence)
	}
}

package gpu

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/tui/intent"
	"github.com/diorama-dev/diorama/tui/tuitest"
)

func TestColumnsGoInOrder(t *testing.T) {
	last := columns{sparks: true, power: true, heat: true}
	for width := 200; width >= narrow; width-- {
		c := fitColumns(width, len("NVIDIA A100 80GB PCIe"), len("control-plane"))
		for _, rule := range []struct {
			what        string
			gone, there bool
		}{
			{"power goes after sparklines", !c.power, c.sparks},
			{"temperature goes after power", !c.heat, c.power},
			{"sparklines do not come back", c.sparks, !last.sparks},
		} {
			if rule.gone && rule.there {
				t.Errorf("at %d cells: %s", width, rule.what)
			}
		}
		last = c
	}
	if !fitColumns(120, 21, 0).sparks {
		t.Error("120 cells are enough for sparklines")
	}
}

func TestHistory(t *testing.T) {
	var h history
	for i, s := range tuitest.GPUs() {
		h = h.with(s).with(s) // the same state again is no other reading
		if got := len(h.trail[keyOf(s.Slots[0])].used); got != i+1 {
			t.Errorf("after %d readings %d are kept", i+1, got)
		}
	}
	s := tuitest.GPUs()[5]
	s.Time = s.Time.Add(gpu.Interval)
	h = h.with(s)
	near := cmpopts.EquateNaNs()
	if diff := cmp.Diff([]float64{31, 66, 90, 96, 92, 92}, h.trail[keyOf(s.Slots[0])].used, near); diff != "" {
		t.Errorf("the oldest goes first: %s", diff)
	}
	if got := h.trail[keyOf(s.Slots[3])].used[0]; !math.IsNaN(got) {
		t.Errorf("of a lost device %v is known", got)
	}
	s.Time, s.Slots = s.Time.Add(gpu.Interval), nil
	if got := len(h.with(s).trail); got != 0 {
		t.Errorf("%d devices are remembered that are gone", got)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		state  gpu.State
		keys   []string
		intent intent.Intent
		want   string
	}{
		{"a held device has processes", tuitest.GPUs()[5], nil, Processes, ""},
		{"a free one has none", tuitest.GPUs()[5], []string{"down"}, Processes, "nothing runs on GPU 1"},
		{"a device that is well", tuitest.GPUs()[5], nil, Why, "GPU 0 is well"},
		{"a lost one", tuitest.GPUs()[5], []string{"down", "down", "down"}, Why, ""},
		{"a Pod that waits", tuitest.GPUs()[5], []string{"end"}, Why, ""},
		{"its identifier", tuitest.GPUs()[5], []string{"end"}, Identity, "trainer-1 has no GPU yet: w says why"},
		{"a simulated one", tuitest.SimulatedGPUs(), nil, Why, ""},
		{"a simulated free one", tuitest.SimulatedGPUs(), []string{"down"}, Processes, "GPU 1 is simulated and free: nothing runs on it"},
		{"no device", tuitest.NoGPUs(), nil, Identity, "there is no GPU here"},
		{"why there is none", tuitest.NoGPUs(), nil, Why, "this machine has no NVIDIA driver: no libnvidia-ml.so.1 was found"},
	}
	for _, tt := range tests {
		if got := press(t, screen(t, 100, 30, tt.state), tt.keys...).refusal(tt.intent); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestSimulatedDevicesSaySo checks that nothing of a simulated device is shown
// as if it were real.
func TestSimulatedDevicesSaySo(t *testing.T) {
	for _, width := range []int{40, 80, 200} {
		m := screen(t, width, 20, tuitest.SimulatedGPUs())
		text := strings.Join(strings.Fields(strings.Join(m.View(), " ")), " ")
		if !strings.Contains(text, "2 × A100 (simulated: schedules, does not compute)") && width > 40 || !strings.Contains(text, "simulated") {
			t.Errorf("at %d cells nothing says so: %s", width, text)
		}
		if strings.Contains(text, "0 %") || strings.Contains(text, "°C") {
			t.Errorf("at %d cells a reading is made up: %s", width, text)
		}
	}
	m := screen(t, 120, 20, tuitest.SimulatedGPUs())
	if got := m.Status(100); got != "2 GPUs, simulated" {
		t.Errorf("beside the tabs it says %q", got)
	}
	if got, lost := m.Headline(); got != "GPU 1 of 2 simulated" || lost != 0 {
		t.Errorf("the top line says %q, and %d lost", got, lost)
	}
}

func TestCursorKeepsItsDevice(t *testing.T) {
	s := tuitest.GPUs()[5]
	m := press(t, screen(t, 100, 30, s), "down", "down", "down")
	s.Slots = append([]gpu.Slot(nil), s.Slots[2:]...)
	m = m.WithState(s)
	if r, _ := m.chosen(); r.key != s.Slots[1].UUID {
		t.Errorf("the cursor is on %+v", r)
	}
	if _, ok := m.WithState(gpu.State{}).chosen(); ok {
		t.Error("a device is chosen where there is none")
	}
	if got := press(t, screen(t, 100, 30, tuitest.GPUs()[5])).Service(); got != "trainer" {
		t.Errorf("the service that holds it is %q", got)
	}
}

func TestStale(t *testing.T) {
	m := screen(t, 120, 20, tuitest.GPUs()[5]).WithNow(tuitest.Noon().Add(20 * time.Second))
	if got := m.Status(100); !strings.HasSuffix(got, "· 20 s old") {
		t.Errorf("old readings are not said to be so: %q", got)
	}
	for room, want := range map[int]string{100: "driver 580.65.06 · CUDA 13.0 · 4 GPUs", 30: "CUDA 13.0 · 4 GPUs", 10: "4 GPUs"} {
		if got := screen(t, 120, 20, tuitest.GPUs()[5]).Status(room); got != want {
			t.Errorf("in %d cells: %q", room, got)
		}
	}
}

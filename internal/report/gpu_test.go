package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// gpusOfAll are one device of every phase.
func gpusOfAll() gpu.State {
	number := func(n int) *int { return &n }
	bytes := func(gib float64) *int64 { n := int64(gib * (1 << 30)); return &n }
	slot := func(index int, phase gpu.Phase) gpu.Slot {
		return gpu.Slot{
			Device: gpu.Device{Index: index, UUID: "GPU-" + string(rune('a'+index)), Model: "NVIDIA L40S", Memory: 45 << 30},
			Node:   "shop-worker", Phase: phase,
		}
	}
	held, free, shared, lost, apart := slot(0, gpu.Held), slot(1, gpu.Free), slot(2, gpu.Shared), slot(3, gpu.Lost), slot(4, gpu.Apart)
	held.Reading = gpu.Reading{Utilisation: number(92), MemoryUsed: bytes(31.2), Temperature: number(71), Power: number(288_400)}
	held.Holders = []gpu.Holder{{Pod: "trainer-0", Processes: []gpu.Process{{PID: 48211, Memory: bytes(30.9)}}}}
	free.Reading = gpu.Reading{Utilisation: number(0), MemoryUsed: bytes(0.4)}
	shared.Holders = []gpu.Holder{{Pod: "one\x1b[2J"}, {Pod: "two"}, {Processes: []gpu.Process{{PID: 7, Name: "game"}}}}
	lost.Why, lost.Advice = "the driver answers for it with: GPU is lost", []string{"restart the machine"}
	return gpu.State{
		Driver: "580.65.06", CUDA: "13.0", Sharing: 4, Slots: []gpu.Slot{held, free, shared, lost, apart},
		Waiting: []gpu.Waiting{{Pod: "late-0", Asked: 2, Why: "wants 2 GPUs, and 1 is there"}, {Pod: "new-0", Asked: 1}},
	}
}

func TestGPUs(t *testing.T) {
	var out bytes.Buffer
	if err := GPUs(&out, "shop", gpusOfAll(), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"shop · 5 GPUs, 1 held, 1 shared, 1 free, 1 lost · each shared by up to 4 Pods · driver 580.65.06 · CUDA 13.0",
		"● ", "92 %", "31.2 of 45.0 GiB", "288 W", "71 °C", "trainer-0 (pid 48211, 30.9 GiB)",
		"one, two, game, pid 7", "✗ ", "GPU is lost · restart the machine", "in no node",
		"late-0 waits for 2 GPUs: wants 2 GPUs, and 1 is there", "new-0 waits for 1 GPU: the scheduler has not said why yet",
	} {
		if !strings.Contains(strings.ReplaceAll(out.String(), "one␛[2J", "one"), want) && !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("a Pod's name steers the terminal")
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasSuffix(line, " \n") {
			t.Errorf("blanks at the end of %q", line)
		}
	}
}

// TestGPUsInLittleRoom: no line is wider than the terminal.
func TestGPUsInLittleRoom(t *testing.T) {
	for _, width := range []int{40, 60, 80} {
		var out bytes.Buffer
		if err := GPUs(&out, "shop", gpusOfAll(), Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
				t.Errorf("%d of %d columns: %s", n, width, line)
			}
		}
	}
}

func TestNoGPUs(t *testing.T) {
	var out bytes.Buffer
	if err := GPUs(&out, "", gpu.State{Absence: "there is no driver", Remedies: []string{"install one"}}, Options{}); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "this machine · no GPUs") || !strings.Contains(text, "there is no driver · install one") {
		t.Error(text)
	}
}

func TestGPUsJSON(t *testing.T) {
	data, err := GPUsJSON("shop", gpusOfAll())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema  int
		Devices []struct {
			Phase   string
			Reading map[string]any
		}
	}
	if err := json.Unmarshal(data, &got); err != nil || got.Schema != 1 || len(got.Devices) != 5 {
		t.Fatalf("%s, %v", data, err)
	}
	if value, there := got.Devices[3].Reading["utilisation"]; !there || value != nil {
		t.Errorf("what is not known is %v, there: %v", value, there)
	}
	if data, err := GPUsJSON("", gpu.State{}); err != nil || !strings.Contains(string(data), `"devices":[]`) {
		t.Errorf("%s, %v", data, err)
	}
}

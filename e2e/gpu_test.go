//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// gpuProfile is one whose app's services ask for GPUs.
const gpuProfile = `name: gpus
gpu: {simulate: 3xA100}
stacks: [redis]
apps: [{name: train, files: [./compose.yaml]}]
`

// gpuService is a service that asks for so many GPUs and does nothing.
func gpuService(name string, gpus int) string {
	return fmt.Sprintf("  %s: {image: 'redis:8.10.1-alpine', command: [sleep, infinity], stop_grace_period: 1s, gpus: [{count: %d}]}\n", name, gpus)
}

// gpuState is what tests read of `diorama gpu -o json`.
type gpuState struct {
	Schema    int
	Simulated bool
	Devices   []struct {
		UUID, Model, Phase, Why string
		Reading                 struct{ Utilisation *int }
		Holders                 []struct{ Stack, Service, Pod string }
	}
	Waiting []struct {
		Pod, Why string
		Asked    int
	}
}

// held is how many devices each service holds.
func (s gpuState) held() map[string]int {
	held := make(map[string]int)
	for _, d := range s.Devices {
		for _, h := range d.Holders {
			held[h.Service]++
		}
	}
	return held
}

func (s gpuState) uuids() []string {
	var uuids []string
	for _, d := range s.Devices {
		uuids = append(uuids, d.UUID)
	}
	return uuids
}

func (w *world) gpus(name string) gpuState {
	w.t.Helper()
	var s gpuState
	if err := json.Unmarshal([]byte(w.must("gpu", "--name", name, "-o", "json")), &s); err != nil {
		w.t.Fatalf("gpu -o json: %v", err)
	}
	return s
}

// wantHeld waits until the services hold so many devices of three, and the node
// counts three.
func wantHeld(t *testing.T, w *world, uuids []string, want map[string]int) {
	t.Helper()
	eventually(t, "the devices and their holders", func() error {
		s := w.gpus("gpus")
		if !slices.Equal(s.uuids(), uuids) {
			return fmt.Errorf("devices %v, want %v", s.uuids(), uuids)
		}
		if got := fmt.Sprint(s.held()); got != fmt.Sprint(want) {
			return fmt.Errorf("held %s, want %v", got, want)
		}
		for _, d := range s.Devices {
			if d.Phase == "lost" {
				return fmt.Errorf("%s is lost: %s", d.UUID, d.Why)
			}
		}
		if n, err := tryKubectl(t, "gpus", nil, "get", "node", "-o", `jsonpath={.items[*].status.allocatable.nvidia\.com/gpu}`); n != "3" {
			return fmt.Errorf("the node counts %q, %v", n, err) //nolint:errorlint // there may be none
		}
		if left, err := tryKubectl(t, "gpus", nil, "get", "pods", "--field-selector", "status.phase=Failed", "-o", "name"); left != "" || err != nil {
			return fmt.Errorf("refused Pods are left: %s, %v", left, err) //nolint:errorlint // there may be none
		}
		return nil
	})
}

// TestSimulatedGPUs asks for devices that are not there: they are given, held,
// waited for and come back, whatever is started again.
func TestSimulatedGPUs(t *testing.T) {
	w := newWorld(t)
	profile := w.file("profile.yaml", gpuProfile)
	w.file("compose.yaml", "services:\n"+gpuService("one", 1)+gpuService("pair", 2))
	if plan := w.must("plan", profile); !strings.Contains(plan, "GPUs: 3xA100, simulated") || !strings.Contains(plan, "pair asks for 2") {
		t.Errorf("the plan says\n%s", plan)
	}
	w.must("up", profile, "--timeout", "8m")
	w.wantReady("gpus", "gpu-simulated", "redis", "train")
	first := w.gpus("gpus")
	if first.Schema != 1 || !first.Simulated || len(first.Devices) != 3 || first.Devices[0].Model != "NVIDIA A100-SXM4-40GB" || first.Devices[0].Reading.Utilisation != nil {
		t.Fatalf("%+v", first)
	}
	wantHeld(t, w, first.uuids(), map[string]int{"one": 1, "pair": 2})
	wantSMI(t, w)
	if again := w.must("up", profile, "--timeout", "8m"); strings.Contains(again, "changed") {
		t.Errorf("a second up changes something:\n%s", again)
	}

	w.file("compose.yaml", "services:\n"+gpuService("one", 1)+gpuService("pair", 2)+gpuService("third", 1))
	w.fails(1, []string{"third", "wants 1 GPU, and 3 are there: all are held by pair-"}, "up", profile, "--timeout", "8m")
	waiting := w.gpus("gpus").Waiting
	if len(waiting) != 1 || !strings.HasPrefix(waiting[0].Pod, "third-") || waiting[0].Asked != 1 || !strings.Contains(waiting[0].Why, "held by") {
		t.Errorf("waiting: %+v", waiting)
	}

	w.file("compose.yaml", "services:\n"+gpuService("one", 1)+gpuService("third", 1))
	w.must("up", profile, "--timeout", "8m")
	want := map[string]int{"one": 1, "third": 1}
	wantHeld(t, w, first.uuids(), want)

	deletePods(t, "gpus", "-l", "app=gpu-simulated")
	wantHeld(t, w, first.uuids(), want)

	endNode(t, "stop", "diorama-gpus-control-plane")
	docker(t, "start", "diorama-gpus-control-plane")
	eventually(t, "the plugin after its node's start", func() error {
		restarts, err := tryKubectl(t, "gpus", nil, "get", "pods", "-l", "app=gpu-simulated", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}")
		if err != nil || restarts == "0" {
			return fmt.Errorf("%s restarts, %v", restarts, err) //nolint:errorlint // there may be none
		}
		return nil
	})
	wantHeld(t, w, first.uuids(), want)

	w.must("stop", "--name", "gpus")
	w.must("start", "--name", "gpus")
	wantHeld(t, w, first.uuids(), want)
	w.awaitReady("gpus", "gpu-simulated", "redis", "train")

	w.file("profile.yaml", "name: gpus\ngpu: off\nstacks: [redis]\n")
	w.must("up", profile, "--timeout", "8m")
	w.wantReady("gpus", "redis")
	eventually(t, "the node without GPUs", func() error {
		node, err := tryKubectl(t, "gpus", nil, "get", "node", "-o", `jsonpath={.items[0].metadata.labels}`)
		if s := w.gpus("gpus"); err != nil || strings.Contains(node, "nvidia.com") || len(s.Devices) > 0 {
			return fmt.Errorf("labels %s, devices %v, %v", node, s.Devices, err) //nolint:errorlint // there may be none
		}
		return nil
	})
}

// wantSMI asks the look-alike in both services.
func wantSMI(t *testing.T, w *world) {
	t.Helper()
	var devices []string
	for _, service := range []string{"one", "pair"} {
		list := kubectl(t, "gpus", "exec", "deploy/"+service, "--", "nvidia-smi", "-L")
		for line := range strings.Lines(list) {
			_, uuid, _ := strings.Cut(strings.TrimSpace(line), "(UUID: ")
			devices = append(devices, strings.TrimSuffix(uuid, ")"))
		}
		if table := kubectl(t, "gpus", "exec", "deploy/"+service, "--", "nvidia-smi"); !strings.Contains(table, "Driver Version: simulated") {
			t.Errorf("the table says\n%s", table)
		}
	}
	uuids := w.gpus("gpus").uuids()
	slices.Sort(devices)
	slices.Sort(uuids)
	if !slices.Equal(devices, uuids) {
		t.Errorf("Pods see %v, there are %v", devices, uuids)
	}
	query := kubectl(t, "gpus", "exec", "deploy/one", "--", "nvidia-smi", "--query-gpu=index,name,memory.total,utilization.gpu", "--format=csv,noheader")
	if want := "0, NVIDIA A100-SXM4-40GB, 40960 MiB, [N/A]"; query != want {
		t.Errorf("%q, want %q", query, want)
	}
}

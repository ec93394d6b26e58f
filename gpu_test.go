package diorama

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/nvml"
)

// answers is a driver that has been asked already.
type answers struct {
	inventory gpu.Inventory
	sample    nvml.Sample
	err       error
}

func (a answers) Inventory(context.Context) gpu.Inventory   { return a.inventory }
func (a answers) Read(context.Context) (nvml.Sample, error) { return a.sample, a.err }

func TestMachineGPUs(t *testing.T) {
	there := answers{
		inventory: gpu.Inventory{Driver: "580.1", CUDA: "13.0", Devices: []gpu.Device{
			{Index: 0, UUID: "GPU-a", Model: "A100", MIG: gpu.MIG{Enabled: true, Instances: []gpu.Partition{{UUID: "MIG-1", Profile: "1g.5gb"}, {UUID: "MIG-2", Profile: "1g.5gb"}}}},
			{Index: 1, UUID: "GPU-b", Model: "A100"},
			{Index: 2, Model: "A100", Error: "GPU is lost"},
		}},
		sample: nvml.Sample{Processes: map[string][]gpu.Process{"MIG-1": {{PID: 7}}, "GPU-b": {{PID: 8}, {PID: 9}}}},
	}
	silent := there
	silent.sample, silent.err = nvml.Sample{}, errors.New("it does not answer")
	for name, c := range map[string]struct {
		driver answers
		want   []string
		why    string // of the second
	}{
		"there":           {there, []string{"MIG-1 apart 1", "MIG-2 apart 0", "GPU-b apart 2", " lost 0"}, ""},
		"does not answer": {silent, []string{"MIG-1 apart 0", "MIG-2 apart 0", "GPU-b apart 0", " lost 0"}, "it does not answer"},
		"none":            {answers{inventory: gpu.Inventory{Absence: "no driver"}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			state := machineGPUs(t.Context(), c.driver)
			var got []string
			for _, slot := range state.Slots {
				processes := 0
				for _, h := range slot.Holders {
					processes += len(h.Processes)
				}
				got = append(got, fmt.Sprintf("%s %s %d", slot.UUID, slot.Phase, processes))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if len(got) > 0 && (!strings.Contains(state.Slots[1].Why, c.why) || state.Driver != "580.1" || state.CUDA != "13.0") {
				t.Errorf("%+v", state)
			}
			if none := len(got) == 0; none != (state.Absence == "no driver") || none != (len(state.Remedies) > 0) || none && !strings.Contains(state.Remedies[0], "diorama up") {
				t.Errorf("absence %q, remedies %q", state.Absence, state.Remedies)
			}
		})
	}
}

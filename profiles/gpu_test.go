package profiles_test

import (
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/profiles"
)

func TestWishesForGPUs(t *testing.T) {
	for name, c := range map[string]struct {
		file, set string
		want      profiles.GPU
	}{
		"nothing said":     {want: profiles.GPU{Wish: profiles.GPUAuto}},
		"a word":           {file: "gpu: require", want: profiles.GPU{Wish: profiles.GPURequire}},
		"simulate alone":   {file: "gpu: simulate", want: profiles.GPU{Wish: profiles.GPUSimulate, Simulate: "1xA100"}},
		"a shape":          {file: "gpu: {simulate: 2xL40S}", want: profiles.GPU{Wish: profiles.GPUSimulate, Simulate: "2xL40S"}},
		"shared":           {file: "gpu: {wish: require, share: 4}", want: profiles.GPU{Wish: profiles.GPURequire, Share: 4}},
		"set over a word":  {file: "gpu: auto", set: "gpu.simulate=2xA100", want: profiles.GPU{Wish: profiles.GPUSimulate, Simulate: "2xA100"}},
		"set over nothing": {set: "gpu.simulate=8xH100", want: profiles.GPU{Wish: profiles.GPUSimulate, Simulate: "8xH100"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := "-- mine.yaml --\nstacks: [redis]\n" + c.file + "\n"
			if c.set != "" {
				text += "-- set --\n" + c.set + "\n"
			}
			if got, _ := load(t, text); got.GPU != c.want {
				t.Errorf("%+v, want %+v", got.GPU, c.want)
			}
		})
	}
}

func TestMembersOfTheMesh(t *testing.T) {
	got, _ := load(t, "-- mine.yaml --\nstacks: [redis]\nmesh: [redis, postgres]\n")
	if strings.Join(got.Mesh, " ") != "redis postgres" {
		t.Errorf("members %q", got.Mesh)
	}
}

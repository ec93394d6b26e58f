package plan_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// asking is a profile with an app whose services ask for GPUs, one each by the
// number of names.
func asking(t *testing.T, gpus string, services ...string) plan.Input {
	t.Helper()
	in := input(t)
	folder := t.TempDir()
	var app strings.Builder
	app.WriteString("services:\n")
	for _, s := range services {
		name, n, _ := strings.Cut(s, "=")
		app.WriteString("  " + name + ": {image: busybox:1, gpus: [{count: " + n + "}]}\n")
	}
	if len(services) == 0 {
		app.WriteString("  quiet: {image: busybox:1}\n")
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("app.yaml", app.String())
	write("p.yaml", "name: p\n"+gpus+"\nstacks: [redis]\napps: [{name: mine, files: [app.yaml]}]\n")
	profile, err := profiles.Library{WorkingFolder: folder}.Load(profiles.Request{Name: filepath.Join(folder, "p.yaml"), Catalogue: in.Catalogue})
	if err != nil {
		t.Fatal(err)
	}
	in.Profile = profile
	return in
}

func TestSimulatedGPUs(t *testing.T) {
	p := resolve(t, asking(t, "gpu: {simulate: 2xL40S}", "one=1", "two=2"))
	if p.Stacks[0].Name != "gpu-simulated" {
		t.Errorf("%s comes first", p.Stacks[0].Name)
	}
	g := p.Cluster.GPU
	if !g.Simulated || g.Shape != "2xL40S" || g.Advertised() != 2 || g.Asked != 3 || len(g.Askers) != 2 {
		t.Errorf("%+v", g)
	}
	if mine, _ := p.Stack("mine"); !slices.Contains(mine.Requires, "gpu-simulated") {
		t.Errorf("the app requires %v", mine.Requires)
	}
	if redis, _ := p.Stack("redis"); slices.Contains(redis.Requires, "gpu-simulated") {
		t.Error("redis waits for GPUs")
	}
	for _, image := range p.Images {
		if strings.HasPrefix(image.Reference, "diorama.dev/gpu") && image.Build == nil {
			t.Errorf("%+v", image)
		}
	}
}

func TestGPUWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		gpus     string
		services []string
		want     string // of the only warning; empty: none
	}{
		"enough":                 {gpus: "gpu: {simulate: 2xA100}", services: []string{"a=1", "b=1"}},
		"enough by shares":       {gpus: "gpu: {simulate: 1xA100, share: 4}", services: []string{"a=1", "b=3"}},
		"too many":               {gpus: "gpu: {simulate: 2xA100}", services: []string{"a=2", "b=1"}, want: "a, b ask for 3 GPUs together, there are 2"},
		"too many for one":       {gpus: "gpu: simulate", services: []string{"a=1", "b=1"}, want: "there is 1: some Pods"},
		"a Pod too large":        {gpus: "gpu: {simulate: 2xA100}", services: []string{"a=3"}, want: "asks for 3 GPUs, no node has more than 2"},
		"only who asks for it":   {gpus: "gpu: {simulate: 2xA100}", services: []string{"a=1", "b=3", "c=4"}, want: "a Pod of b asks for 3 GPUs, one of c for 4 GPUs, no node has more than 2"},
		"large over nodes":       {gpus: "gpu: {simulate: 2xA100}\ncluster: {nodes: 3}", services: []string{"a=3"}, want: "no node has more than 2"},
		"enough over nodes":      {gpus: "gpu: {simulate: 2xA100}\ncluster: {nodes: 3}", services: []string{"a=2", "b=2"}},
		"off":                    {gpus: "gpu: off", services: []string{"a=2"}, want: "a asks for 2 GPUs, there are none; --set gpu.simulate=2xA100"},
		"off, and nobody asks":   {gpus: "gpu: off"},
		"there, and nobody asks": {gpus: "gpu: simulate"},
	} {
		t.Run(name, func(t *testing.T) {
			p := resolve(t, asking(t, c.gpus, c.services...))
			got := slices.DeleteFunc(slices.Clone(p.Warnings), func(w string) bool { return !strings.Contains(w, "GPU") })
			if text := strings.Join(got, "; "); len(got) > 1 || c.want == "" && text != "" || !strings.Contains(text, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestStackNamedByThePersonKeepsItsShape(t *testing.T) {
	in := asking(t, "gpu: {simulate: 2xA100}\nparameters: {gpu-simulated: {shape: 4xL4, share: 2}}", "a=1")
	in.Profile.Stacks = append(in.Profile.Stacks, profiles.Selection{Stack: "gpu-simulated", As: "gpu-simulated"})
	g := resolve(t, in).Cluster.GPU
	if g.Shape != "4xL4" || g.Share != 2 || g.Advertised() != 8 {
		t.Errorf("%+v", g)
	}
	in.Profile.GPU = profiles.GPU{Wish: profiles.GPUAuto}
	if g := resolve(t, in).Cluster.GPU; g.Shape != "4xL4" || !g.Simulated {
		t.Errorf("without a wish: %+v", g)
	}
}

func TestBadGPUWishes(t *testing.T) {
	named := profiles.Selection{Stack: "gpu-simulated", As: "gpu-simulated", Position: "p.yaml:3:1"}
	twice := named
	twice.As = "other"
	owned := profiles.Selection{Stack: "gpu-nvidia", As: "gpu-nvidia", Position: "p.yaml:4:1"}
	for name, c := range map[string]struct {
		gpus  string
		extra []profiles.Selection
		want  string
	}{
		"unknown model":   {gpus: "gpu: {simulate: 2xA1000}", want: "A100"},
		"off and named":   {gpus: "gpu: off", extra: []profiles.Selection{named}, want: "take one of them away"},
		"off, real":       {gpus: "gpu: off", extra: []profiles.Selection{owned}, want: "p.yaml:4:1: found the stack gpu-nvidia, and the wish gpu: off; take one of them away"},
		"simulate, real":  {gpus: "gpu: simulate", extra: []profiles.Selection{owned}, want: "p.yaml:4:1: found the stack gpu-nvidia, and the wish gpu: simulate"},
		"both":            {gpus: "gpu: auto", extra: []profiles.Selection{named, owned}, want: "found the stack gpu-nvidia beside gpu-simulated"},
		"named twice":     {gpus: "gpu: simulate", extra: []profiles.Selection{named, twice}, want: "another gpu-simulated"},
		"a wrong default": {gpus: "gpu: {simulate: 2xA100}\nparameters: {gpu-simulated: {shape: many}}", want: "no shape"},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, c.gpus)
			in.Profile.Stacks = append(in.Profile.Stacks, c.extra...)
			if _, err := plan.Resolve(t.Context(), in); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			if _, err := plan.Check(in.Profile, in.Catalogue); err == nil {
				t.Error("a check finds nothing")
			}
		})
	}
}

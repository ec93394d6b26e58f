package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// machine are the facts of one with so many GPUs, all set up.
func machine(gpus int) pass.Facts {
	f := pass.Facts{
		Hardware: gpus, Inventory: gpu.Inventory{Driver: "580.159.04"},
		Engine:  pass.Engine{Here: true, Runtimes: []string{"nvidia"}, DefaultRuntime: "nvidia"},
		Toolkit: pass.Toolkit{Installed: true, Mounts: true, CDI: []string{"all"}},
	}
	for i := range gpus {
		d := gpu.Device{Index: i, Minor: i, UUID: fmt.Sprintf("GPU-%d", i), Model: "NVIDIA H200"}
		f.Inventory.Devices = append(f.Inventory.Devices, d)
		f.Toolkit.CDI = append(f.Toolkit.CDI, d.UUID)
	}
	return f
}

func said(p plan.Plan) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(p.Warnings), func(w string) bool { return !strings.Contains(w, "GPU") }), "\n")
}

func TestOwnGPUs(t *testing.T) {
	in := asking(t, "gpu: auto\ncluster: {nodes: 3}", "one=1", "two=2")
	in.Host.GPU = machine(4)
	p := resolve(t, in)
	if p.Stacks[0].Name != "gpu-nvidia" || said(p) != "" {
		t.Errorf("%s comes first; warnings %q", p.Stacks[0].Name, said(p))
	}
	g := p.Cluster.GPU
	if g.Simulated || g.Nodes != 2 || g.PerNode != 2 || g.Advertised() != 4 || g.Asked != 3 || g.Passing.Way != pass.CDI {
		t.Errorf("%+v", g)
	}
	if mine, _ := p.Stack("mine"); !slices.Contains(mine.Requires, "gpu-nvidia") {
		t.Errorf("the app requires %v", mine.Requires)
	}
	if record := g.Record(); len(record.Nodes) != 2 || record.Nodes[1].Devices[0].UUID != "GPU-2" {
		t.Errorf("remembered are %+v", record)
	}
}

func TestOwnGPUsShared(t *testing.T) {
	in := asking(t, "gpu: {wish: auto, share: 4}", "one=1")
	in.Host.GPU = machine(1)
	p := resolve(t, in)
	if g := p.Cluster.GPU; g.Share != 4 || g.Advertised() != 4 {
		t.Errorf("%+v", g)
	}
	text := ""
	for _, object := range p.Stacks[0].Objects() {
		if object.GetKind() == "ConfigMap" {
			data, _ := object.Object["data"].(map[string]any)
			text, _ = data["config"].(string)
		}
	}
	if !strings.Contains(text, "replicas: 4\n") {
		t.Errorf("the plugin is told %q", text)
	}
}

// TestSeveralSharesOfADevice: NVIDIA's plugin gives a container one.
func TestSeveralSharesOfADevice(t *testing.T) {
	for name, c := range map[string]struct{ gpus, asks, want string }{
		"two shares": {"gpu: {wish: auto, share: 4}", "one=2", "asks for 2 GPUs, and each is shared: its node refuses"},
		"one share":  {"gpu: {wish: auto, share: 4}", "one=1", ""},
		"two, whole": {"gpu: auto", "one=2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, c.gpus, c.asks)
			in.Host.GPU = machine(2)
			if text := said(resolve(t, in)); !strings.Contains(text, c.want) || c.want == "" && text != "" {
				t.Errorf("%q, want %q", text, c.want)
			}
		})
	}
}

func TestOwnMIGDevices(t *testing.T) {
	in := asking(t, "gpu: auto", "one=1")
	in.Host.GPU = machine(1)
	in.Host.GPU.Inventory.Devices[0].MIG = gpu.MIG{Enabled: true, Instances: []gpu.Partition{
		{UUID: "MIG-1", Profile: "3g.71gb"}, {UUID: "MIG-2", Profile: "3g.71gb"},
	}}
	p := resolve(t, in)
	if g := p.Cluster.GPU; g.Passing.MIG != "single" || g.Advertised() != 2 {
		t.Errorf("%+v", g)
	}
}

func TestMachinesWithoutGPUs(t *testing.T) {
	none := pass.Facts{Inventory: gpu.Inventory{Absence: "NVIDIA's driver is not installed; install it"}, Engine: pass.Engine{Here: true}}
	noToolkit := machine(1)
	noToolkit.Toolkit, noToolkit.Engine.DefaultRuntime = pass.Toolkit{}, "runc"
	for name, c := range map[string]struct {
		gpus    string
		facts   pass.Facts
		warning string
		err     string
	}{
		"none":                {gpus: "gpu: auto", facts: none},
		"none, required":      {gpus: "gpu: require", facts: none, err: "not installed; install it"},
		"not asked":           {gpus: "gpu: auto"},
		"no toolkit":          {gpus: "gpu: auto", facts: noToolkit, warning: "stay out of the cluster: NVIDIA's container toolkit is not installed"},
		"no toolkit, require": {gpus: "gpu: require", facts: noToolkit, err: "nvidia-ctk runtime configure"},
		"off":                 {gpus: "gpu: off", facts: machine(1)},
		"simulated":           {gpus: "gpu: simulate", facts: machine(1)},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, c.gpus)
			in.Host.GPU = c.facts
			p, err := plan.Resolve(t.Context(), in)
			if c.err != "" {
				if _, ok := errors.AsType[*plan.GPUError](err); !ok || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if text := said(p); !strings.Contains(text, c.warning) || (c.warning == "" && text != "") {
				t.Errorf("warnings %q, want %q", text, c.warning)
			}
			if _, there := p.Stack("gpu-nvidia"); there || len(p.Cluster.GPU.Passing.Nodes) > 0 {
				t.Errorf("the plan has GPUs: %+v", p.Cluster.GPU)
			}
		})
	}
}

func TestGPUsNeedNodes(t *testing.T) {
	in := asking(t, "gpu: require")
	in.Host.GPU, in.Runtime = machine(1), profiles.RuntimeEmbedded
	if _, err := plan.Resolve(t.Context(), in); err == nil || !strings.Contains(err.Error(), "no nodes") {
		t.Errorf("error %v", err)
	}
}

// TestGPUsOfAClusterThatIsThere holds what its nodes were made with against
// what the machine has now.
func TestGPUsOfAClusterThatIsThere(t *testing.T) {
	made := asking(t, "gpu: auto", "one=1")
	made.Host.GPU = machine(2)
	first := resolve(t, made)
	with := env.ClusterRecord{Name: first.Cluster.Name, NodeImage: first.Cluster.Image, Nodes: 1, Complete: true, Ports: first.Cluster.Ports, GPU: first.Cluster.GPU.Record()}
	without := with
	without.GPU = env.GPURecord{}
	lost, more, absent := machine(2), machine(3), machine(2)
	lost.Inventory.Devices[1].Error = "it has fallen off the bus"
	absent.Inventory = gpu.Inventory{Absence: "the driver is gone"}
	for name, c := range map[string]struct {
		gpus     string
		facts    pass.Facts
		made     env.ClusterRecord
		recreate bool
		services []string
		gpusLeft int
		warning  string
		err      string
	}{
		"as it was":              {gpus: "gpu: auto", facts: machine(2), made: with, gpusLeft: 2},
		"one is lost":            {gpus: "gpu: auto", facts: lost, made: with, gpusLeft: 2, warning: "GPU-1, which node 0 was made with, is lost: it has fallen off the bus"},
		"another one":            {gpus: "gpu: auto", facts: more, made: with, gpusLeft: 2, warning: "the GPU GPU-2, and the cluster was made without it; --recreate"},
		"all are gone":           {gpus: "gpu: auto", facts: absent, made: with, gpusLeft: 2, warning: "the driver is gone"},
		"all are gone, required": {gpus: "gpu: require", facts: absent, made: with, err: "all GPUs that the cluster was made with are gone"},
		"made without":           {gpus: "gpu: auto", facts: machine(2), made: without, services: []string{"one=1"}, warning: "made without the machine's GPUs; --recreate"},
		"made without, required": {gpus: "gpu: require", facts: machine(2), made: without, err: "--recreate"},
		"made anew":              {gpus: "gpu: require", facts: machine(3), made: without, recreate: true, gpusLeft: 3},
		"not asked":              {gpus: "gpu: auto", made: with, gpusLeft: 2},
		"off":                    {gpus: "gpu: off", facts: machine(2), made: with},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, c.gpus, c.services...)
			in.Host.GPU, in.Record.Cluster, in.Recreate, in.Record.Ports = c.facts, c.made, c.recreate, first.Ports
			p, err := plan.Resolve(t.Context(), in)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := len(p.Cluster.GPU.Passing.UUIDs()); n != c.gpusLeft {
				t.Errorf("%d GPUs, want %d", n, c.gpusLeft)
			}
			if text := said(p); !strings.Contains(text, c.warning) || (c.warning == "" && text != "") {
				t.Errorf("warnings %q, want %q", text, c.warning)
			}
		})
	}
}

// TestGPUsThatNobodyAsksFor stay out of the nodes: what they need is built with
// the network.
func TestGPUsThatNobodyAsksFor(t *testing.T) {
	noted := machine(2)
	noted.Engine.Rootless = true
	for name, c := range map[string]struct {
		gpus     string
		services []string
		named    bool
		passed   int
		warning  string
	}{
		"nobody asks":           {gpus: "gpu: auto"},
		"nobody asks, by wish":  {gpus: "gpu: {wish: auto, share: 4}"},
		"required all the same": {gpus: "gpu: require", passed: 2, warning: "rootless"},
		"the stack is named":    {gpus: "gpu: auto", named: true, passed: 2, warning: "rootless"},
		"somebody asks":         {gpus: "gpu: auto", services: []string{"one=1"}, passed: 2, warning: "rootless"},
	} {
		t.Run(name, func(t *testing.T) {
			in := asking(t, c.gpus, c.services...)
			in.Host.GPU = noted
			if c.named {
				in.Profile.Stacks = append(in.Profile.Stacks, profiles.Selection{Stack: "gpu-nvidia", As: "gpu-nvidia"})
			}
			p := resolve(t, in)
			g := p.Cluster.GPU
			if n := len(g.Passing.UUIDs()); n != c.passed {
				t.Errorf("%d GPUs are passed on, want %d", n, c.passed)
			}
			if _, there := p.Stack("gpu-nvidia"); there != (c.passed > 0) {
				t.Errorf("gpu-nvidia is there: %v", there)
			}
			for _, s := range p.Stacks {
				if c.passed == 0 && slices.Contains(s.Requires, "gpu-nvidia") {
					t.Errorf("%s requires gpu-nvidia", s.Name)
				}
			}
			if text := said(p); !strings.Contains(text, c.warning) || c.warning == "" && text != "" {
				t.Errorf("warnings %q, want %q", text, c.warning)
			}
			if c.passed == 0 && (g.Unasked != 2 || !strings.Contains(g.String(), "no service asks")) {
				t.Errorf("it is said: %s", g)
			}
		})
	}
}

// TestClusterWithoutGPUsIsWellWithoutAskers: that it was made without them is
// no news for who asks for none.
func TestClusterWithoutGPUsIsWellWithoutAskers(t *testing.T) {
	in := asking(t, "gpu: auto")
	in.Host.GPU = machine(2)
	first := resolve(t, in)
	in.Record.Cluster = env.ClusterRecord{Name: first.Cluster.Name, NodeImage: first.Cluster.Image, Nodes: 1, Complete: true, Ports: first.Cluster.Ports, GPU: first.Cluster.GPU.Record()}
	in.Record.Ports = first.Ports
	if text := said(resolve(t, in)); text != "" {
		t.Errorf("warnings %q", text)
	}
}

func TestRequiredGPUsThatFailAreTheHosts(t *testing.T) {
	failed := errors.New("no network")
	err := plan.GPUs{Wish: profiles.GPURequire}.Required(failed)
	if _, ok := errors.AsType[*plan.GPUError](err); !ok || !errors.Is(err, failed) || err.Error() != "gpu: require: no network" {
		t.Errorf("%v", err)
	}
	if err := (plan.GPUs{Wish: profiles.GPUAuto}).Required(failed); err != failed { //nolint:errorlint // the same one
		t.Errorf("not required: %v", err)
	}
}

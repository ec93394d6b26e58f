package pass

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// ready are the facts of a machine with so many GPUs, all set up. The minor
// numbers run against the indices, as they do on some boards.
func ready(gpus int) Facts {
	f := Facts{
		Hardware: gpus, Inventory: gpu.Inventory{Driver: "580.159.04", CUDA: "13.0"},
		Engine:  Engine{Here: true, System: "Debian GNU/Linux 13", Runtimes: []string{"nvidia", "runc"}, DefaultRuntime: "nvidia"},
		Toolkit: Toolkit{Installed: true, Mounts: true, CDI: []string{"all"}, CDIDriver: "580.159.04"},
	}
	for i := range gpus {
		d := gpu.Device{Index: i, Minor: gpus - 1 - i, UUID: fmt.Sprintf("GPU-%d", i), Model: "NVIDIA H200", Memory: 141 << 30}
		f.Inventory.Devices = append(f.Inventory.Devices, d)
		f.Toolkit.CDI = append(f.Toolkit.CDI, d.UUID)
	}
	return f
}

// split turns a device into MIG devices of the profiles.
func split(f *Facts, device int, profiles ...string) {
	d := &f.Inventory.Devices[device]
	d.MIG.Enabled = true
	for i, profile := range profiles {
		d.MIG.Instances = append(d.MIG.Instances, gpu.Partition{UUID: fmt.Sprintf("MIG-%d-%d", device, i), Profile: profile, GPUInstance: i + 1})
	}
}

func TestMake(t *testing.T) {
	cases := map[string]struct {
		change func(*Facts)
		gpus   int
		nodes  int
		want   string // nodes with their mounts' names
		way    Way
		mig    string
		note   string
	}{
		"one":                     {gpus: 1, nodes: 1, want: "0:all", way: CDI},
		"no specification":        {gpus: 1, nodes: 1, change: func(f *Facts) { f.Toolkit.CDI = nil }, want: "0:all", way: Mounts},
		"eight, one worker":       {gpus: 8, nodes: 2, want: "1:all", way: CDI},
		"eight, two workers":      {gpus: 8, nodes: 3, want: "1:GPU-0,GPU-1,GPU-2,GPU-3 2:GPU-4,GPU-5,GPU-6,GPU-7", way: CDI},
		"three, two workers":      {gpus: 3, nodes: 3, want: "1:GPU-0 2:GPU-1,GPU-2", way: CDI},
		"one, three workers":      {gpus: 1, nodes: 4, want: "3:all", way: CDI},
		"specified by index only": {gpus: 2, nodes: 3, change: func(f *Facts) { f.Toolkit.CDI = []string{"0", "1", "all"} }, want: "1:GPU-0 2:GPU-1", way: Mounts},
		"a stale specification": {
			gpus: 1, nodes: 1, change: func(f *Facts) { f.Toolkit.CDIDriver = "570.1.2" },
			want: "0:all", way: Mounts, note: "nvidia-ctk cdi generate",
		},
		"one of two is lost": {
			gpus: 2, nodes: 1, change: func(f *Facts) { f.Inventory.Devices[1].Error = "it has fallen off the bus" },
			want: "0:GPU-0", way: CDI, note: "GPU 1 (GPU-1): it has fallen off the bus: it is left out",
		},
		"minor numbers are not known": {
			gpus: 2, nodes: 3, change: func(f *Facts) { f.Inventory.Devices[0].Minor = -1 }, want: "1:all", way: CDI,
		},
		"MIG, alike": {
			gpus: 1, nodes: 1, change: func(f *Facts) { split(f, 0, "1g.18gb", "1g.18gb") }, want: "0:all", way: CDI, mig: "single",
		},
		"MIG, several kinds": {
			gpus: 1, nodes: 1, change: func(f *Facts) { split(f, 0, "1g.18gb", "3g.71gb") }, want: "0:all", way: CDI, mig: "mixed", note: "by profile",
		},
		"MIG over workers": {
			gpus: 2, nodes: 3, change: func(f *Facts) { split(f, 0, "1g.18gb", "1g.18gb"); split(f, 1, "1g.18gb") },
			want: "1:MIG-0-0,MIG-0-1 2:MIG-1-0", way: Mounts, mig: "single", note: "privileged",
		},
		"MIG without instances": {
			gpus: 2, nodes: 1, change: func(f *Facts) { split(f, 1) }, want: "0:GPU-0", way: CDI, note: "not divided",
		},
		"MIG without names": {
			gpus: 3, nodes: 3, change: func(f *Facts) { split(f, 1, "1g.18gb"); f.Inventory.Devices[1].MIG.Instances[0].UUID = "" },
			want: "1:GPU-0 2:GPU-2", way: CDI, note: "GPU 1 (GPU-1): the driver does not say the UUIDs of all its MIG devices: it is left out",
		},
		"rootless, with a specification": {
			gpus: 1, nodes: 1, change: func(f *Facts) { f.Engine.Rootless = true }, want: "0:all", way: CDI, note: "rootless",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := ready(c.gpus)
			if c.change != nil {
				c.change(&f)
			}
			p, obstacles := Make(f, c.nodes)
			if len(obstacles) > 0 {
				t.Fatalf("in the way: %+v", obstacles)
			}
			var got []string
			for _, n := range p.Nodes {
				got = append(got, fmt.Sprintf("%d:%s", n.Node, strings.Join(n.Names(), ",")))
				for _, m := range p.Mounts(n) {
					if m.Host != "/dev/null" || strings.HasPrefix(m.Container, "/var/run/nvidia-container-devices/cdi/nvidia.com/gpu/") != (p.Way == CDI) {
						t.Errorf("mount %+v by way %s", m, p.Way)
					}
				}
			}
			mig := c.mig
			if mig == "" {
				mig = "none"
			}
			if text := strings.Join(got, " "); text != c.want || p.Way != c.way || p.MIG != mig {
				t.Errorf("got %q, %s, %s, want %q, %s, %s", text, p.Way, p.MIG, c.want, c.way, mig)
			}
			if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, c.note) || (c.note == "" && notes != "") {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
		})
	}
}

func TestDeviceFilesAreByMinor(t *testing.T) {
	p, _ := Make(ready(4), 3)
	first, ok := p.Of(1)
	if !ok || first.Devices[0].Minor != 3 || first.Devices[1].Minor != 2 {
		t.Errorf("%+v", first)
	}
	if _, ok := p.Of(0); ok {
		t.Error("the control plane has GPUs")
	}
}

func TestCounts(t *testing.T) {
	f := ready(2)
	split(&f, 0, "1g.18gb", "1g.18gb")
	p, _ := Make(f, 1)
	if n := p.Nodes[0].Count(p.MIG); n != 1 || p.MIG != "mixed" {
		t.Errorf("%d by %s, want the whole one alone", n, p.MIG)
	}
	split(&f, 1, "1g.18gb")
	p, _ = Make(f, 1)
	if n := p.Nodes[0].Count(p.MIG); n != 3 || p.MIG != "single" {
		t.Errorf("%d by %s", n, p.MIG)
	}
}

func TestObstacles(t *testing.T) {
	cases := map[string]struct {
		change func(*Facts)
		ids    string
		remedy string
	}{
		"nothing": {func(*Facts) {}, "", ""},
		"no driver": {func(f *Facts) {
			f.Inventory = gpu.Inventory{Absence: "NVIDIA's driver is not installed"}
		}, "driver", "simulate"},
		"all are lost":      {func(f *Facts) { f.Inventory.Devices[0].Error = "lost" }, "driver", "dmesg"},
		"MIG without names": {func(f *Facts) { split(f, 0, "1g.18gb", "1g.18gb"); f.Inventory.Devices[0].MIG.Instances[1].UUID = "" }, "driver", "dmesg"},
		"MIG without parts": {func(f *Facts) { split(f, 0) }, "driver", "nvidia-smi mig"},
		"WSL 2":             {func(f *Facts) { f.WSL = true }, "wsl", "simulate"},
		"Docker Desktop":    {func(f *Facts) { f.Engine.Here, f.Engine.System = false, "Docker Desktop" }, "engine", "on this machine itself"},
		"rootless":          {func(f *Facts) { f.Engine.Rootless, f.Toolkit.CDI = true, nil }, "rootless", "runs as root"},
		"no toolkit": {func(f *Facts) {
			f.Toolkit, f.Engine.Runtimes, f.Engine.DefaultRuntime = Toolkit{}, []string{"runc"}, "runc"
		}, "toolkit", "nvidia-ctk runtime configure"},
		"not the default": {func(f *Facts) { f.Engine.DefaultRuntime = "runc" }, "runtime", "--set-as-default"},
		"no mounts":       {func(f *Facts) { f.Toolkit.Mounts = false }, "mounts", "accept-nvidia-visible-devices-as-volume-mounts=true"},
		"neither": {func(f *Facts) {
			f.Engine.DefaultRuntime, f.Engine.Runtimes, f.Toolkit.Mounts = "runc", []string{"runc"}, false
		}, "runtime mounts", "--set-as-default"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := ready(1)
			c.change(&f)
			p, obstacles := Make(f, 1)
			var ids []string
			for _, o := range obstacles {
				ids = append(ids, o.ID)
				if o.Found == "" || o.Remedy == "" {
					t.Errorf("%+v says too little", o)
				}
			}
			if got := strings.Join(ids, " "); got != c.ids || (len(ids) > 0) != (len(p.Nodes) == 0) {
				t.Fatalf("in the way are %q, want %q; the plan is %+v", got, c.ids, p)
			}
			if len(obstacles) > 0 && !strings.Contains(obstacles[0].Remedy, c.remedy) {
				t.Errorf("remedy %q, want %q", obstacles[0].Remedy, c.remedy)
			}
		})
	}
}

func TestAny(t *testing.T) {
	if (Facts{Inventory: gpu.Inventory{Absence: "not installed"}}).Any() || !(Facts{Hardware: 1}).Any() || !ready(1).Any() {
		t.Error("whether there is anything of NVIDIA's")
	}
}

const config = `#accept-nvidia-visible-devices-envvar-when-unprivileged = true
accept-nvidia-visible-devices-as-volume-mounts = true

[nvidia-container-cli]
`

const cdiYAML = `---
cdiVersion: 0.5.0
containerEdits:
  env:
  - NVIDIA_VISIBLE_DEVICES=void
  hooks:
  - args: [nvidia-cdi-hook, update-ldcache]
    hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
  mounts:
  - containerPath: /usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04
    hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.580.159.04
devices:
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: "0"
- containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
  name: GPU-1
- name: all
kind: nvidia.com/gpu
`

func TestCollect(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	root := fstest.MapFS{
		"sys/bus/pci/devices/0000:00:06.0/vendor": file("0x10de\n"), "sys/bus/pci/devices/0000:00:06.0/class": file("0x030200\n"),
		"sys/bus/pci/devices/0000:00:06.1/vendor": file("0x10de\n"), "sys/bus/pci/devices/0000:00:06.1/class": file("0x040300\n"),
		"sys/bus/pci/devices/0000:00:02.0/vendor": file("0x8086\n"), "sys/bus/pci/devices/0000:00:02.0/class": file("0x030000\n"),
		"usr/bin/nvidia-container-runtime": file(""), "etc/nvidia-container-runtime/config.toml": file(config),
		"etc/cdi/nvidia.yaml": file(cdiYAML), "etc/cdi/other.json": file(`{"kind": "example.com/nic", "devices": [{"name": "eth9"}]}`),
		"dev/char/195:0": file(""),
	}
	want := Facts{Hardware: 1, Toolkit: Toolkit{Installed: true, Mounts: true, CDI: []string{"0", "GPU-1", "all"}, CDIDriver: "580.159.04", Symlinks: true}}
	if diff := cmp.Diff(want, Collect(root, gpu.Inventory{}, Engine{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(Facts{WSL: true}, Collect(fstest.MapFS{"dev/dxg": file("")}, gpu.Inventory{}, Engine{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// This machine, whatever it is, can be read.
	_ = Collect(os.DirFS("/"), gpu.Inventory{}, Engine{})
}

func TestSpecificationAsJSON(t *testing.T) {
	names, _ := specification(`{"cdiVersion":"0.6.0","kind":"nvidia.com/gpu","devices":[{"name":"0","containerEdits":{}},{"name":"all"}]}`)
	if !slices.Equal(names, []string{"0", "all"}) {
		t.Errorf("names %q", names)
	}
}

func TestTheKeyMustBeSet(t *testing.T) {
	for _, text := range []string{"", "#accept-nvidia-visible-devices-as-volume-mounts = true", "accept-nvidia-visible-devices-as-volume-mounts = false"} {
		if acceptsMounts(text) {
			t.Errorf("%q accepts mounts", text)
		}
	}
}

func FuzzSpecification(f *testing.F) {
	f.Add(cdiYAML)
	f.Add(`{"cdiVersion":"0.6.0","kind":"nvidia.com/gpu","devices":[{"name":"all"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		names, _ := specification(text)
		if slices.Contains(names, "") {
			t.Error("a device without a name")
		}
	})
}

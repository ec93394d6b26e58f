package doctor

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/system"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
)

// withGPU are the facts of a machine whose one GPU gets into nodes.
func withGPU() Facts {
	f := healthy()
	f.GPU = pass.Facts{
		Hardware: 1, Inventory: gpu.Inventory{Driver: "580.159.04", Devices: []gpu.Device{{UUID: "GPU-1", Model: "NVIDIA H200"}}},
		Engine:  pass.Engine{Here: true, Runtimes: []string{"nvidia", "runc"}, DefaultRuntime: "nvidia", CgroupDriver: "systemd"},
		Toolkit: pass.Toolkit{Installed: true, Mounts: true, CDI: []string{"all"}, Symlinks: true},
	}
	return f
}

func TestExamineGPUs(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Facts)
		status Status // of the worst
		said   string // "id found remedy", a line each
	}{
		{"all is well", func(*Facts) {}, OK, "1 of NVIDIA's, driver 580.159.04, by CDI"},
		{"by mounts", func(f *Facts) { f.GPU.Toolkit.CDI = nil }, OK, "by mounts"},
		{"nothing of NVIDIA's", func(f *Facts) { f.GPU = pass.Facts{Inventory: gpu.Inventory{Absence: "not installed; install it"}} }, OK, ""},
		{"nothing, and required", func(f *Facts) {
			f.GPU, f.Wanted.RequireGPUs = pass.Facts{Inventory: gpu.Inventory{Absence: "not installed; install it"}}, true
		}, Fail, "gpu not installed install it"},
		{"no driver", func(f *Facts) {
			f.GPU.Inventory = gpu.Inventory{Absence: "not installed; install it"}
		}, Warn, "gpu not installed install it"},
		{"another version", func(f *Facts) {
			f.GPU.Inventory = gpu.Inventory{Absence: "the library is of another version; restart the machine"}
		}, Warn, "restart the machine"},
		{"no toolkit", func(f *Facts) { f.GPU.Toolkit.Installed = false }, Warn, "toolkit is not installed"},
		{"not the default", func(f *Facts) { f.GPU.Engine.DefaultRuntime = "runc" }, Warn, "--set-as-default"},
		{"no mounts, required", func(f *Facts) { f.GPU.Toolkit.Mounts, f.Wanted.RequireGPUs = false, true }, Fail, "accept-nvidia-visible-devices-as-volume-mounts=true"},
		{"WSL 2", func(f *Facts) { f.GPU.WSL = true }, Warn, "WSL 2"},
		{"rootless", func(f *Facts) { f.GPU.Engine.Rootless, f.GPU.Toolkit.CDI = true, nil }, Warn, "rootless"},
		{"no links", func(f *Facts) { f.GPU.Toolkit.Symlinks = false }, Warn, "gpu-reload"},
		{"no links, no need", func(f *Facts) { f.GPU.Toolkit.Symlinks, f.GPU.Engine.CgroupDriver = false, "cgroupfs" }, OK, ""},
		{"a stale specification", func(f *Facts) { f.GPU.Toolkit.CDIDriver = "1.2" }, Warn, "cdi generate"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := withGPU()
			c.change(&f)
			checks := slices.DeleteFunc(Examine(f), func(check Check) bool { return !strings.HasPrefix(check.ID, "gpu") })
			var said []string
			for _, check := range checks {
				said = append(said, check.ID+" "+check.Found+" "+check.Remedy)
				if check.Status != OK && check.Remedy == "" {
					t.Errorf("no remedy: %+v", check)
				}
			}
			if text := strings.Join(said, "\n"); Worst(checks) != c.status || !strings.Contains(text, c.said) {
				t.Errorf("%s: %q, want %s: %q", Worst(checks), text, c.status, c.said)
			}
		})
	}
}

func TestGPUsWithoutDockerAreNoFinding(t *testing.T) {
	f := withGPU()
	f.Unusable, f.GPU.Engine = errors.New("not there"), pass.Engine{}
	for _, check := range Examine(f) {
		if strings.HasPrefix(check.ID, "gpu") {
			t.Errorf("got %+v", check)
		}
	}
}

func TestEngineOfGPUs(t *testing.T) {
	info := system.Info{
		OperatingSystem: "Debian", DefaultRuntime: "nvidia", CgroupDriver: "systemd", CgroupVersion: "2",
		Runtimes:        map[string]system.RuntimeWithStatus{"runc": {}, "nvidia": {}},
		SecurityOptions: []string{"name=seccomp,profile=builtin", "name=rootless"},
	}
	want := pass.Engine{
		Here: true, System: "Debian", Rootless: true, Runtimes: []string{"nvidia", "runc"}, DefaultRuntime: "nvidia", CgroupVersion: "2", CgroupDriver: "systemd",
	}
	if diff := cmp.Diff(want, gpuEngine(info, true)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

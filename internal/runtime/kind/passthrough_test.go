package kind

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/pass"
	"github.com/diorama-dev/diorama/internal/plan"
)

var update = flag.Bool("update", false, "write the golden files")

// machine are the facts of a machine with so many GPUs, all set up.
func machine(gpus int) pass.Facts {
	f := pass.Facts{
		Hardware: gpus, Inventory: gpu.Inventory{Driver: "580.159.04"},
		Engine:  pass.Engine{Here: true, Runtimes: []string{"nvidia", "runc"}, DefaultRuntime: "nvidia"},
		Toolkit: pass.Toolkit{Installed: true, Mounts: true, CDI: []string{"all"}},
	}
	for i := range gpus {
		uuid := fmt.Sprintf("GPU-0000000%d-2222-3333-4444-555555555555", i)
		f.Inventory.Devices = append(f.Inventory.Devices, gpu.Device{Index: i, Minor: gpus - 1 - i, UUID: uuid, Model: "NVIDIA H200"})
		f.Toolkit.CDI = append(f.Toolkit.CDI, uuid)
	}
	return f
}

// TestConfigWithGPUs shows what kind is told, and what runs in the nodes.
func TestConfigWithGPUs(t *testing.T) {
	cases := map[string]struct {
		gpus, nodes int
		change      func(*pass.Facts)
	}{
		"one":              {gpus: 1, nodes: 1},
		"one-mounts":       {gpus: 1, nodes: 1, change: func(f *pass.Facts) { f.Toolkit.CDI = nil }},
		"eight-over-two":   {gpus: 8, nodes: 3},
		"eight-over-two-m": {gpus: 8, nodes: 3, change: func(f *pass.Facts) { f.Toolkit.CDI = []string{"all", "0"} }},
		"mig": {gpus: 2, nodes: 3, change: func(f *pass.Facts) {
			for i := range f.Inventory.Devices {
				mig := &f.Inventory.Devices[i].MIG
				mig.Enabled = true
				for j := range 2 {
					uuid := fmt.Sprintf("MIG-%d%d000000-2222-3333-4444-555555555555", i, j)
					mig.Instances = append(mig.Instances, gpu.Partition{UUID: uuid, Profile: "3g.71gb", GPUInstance: j + 1})
					f.Toolkit.CDI = append(f.Toolkit.CDI, uuid)
				}
			}
		}},
		"no-toolkit": {gpus: 1, nodes: 1, change: func(f *pass.Facts) { f.Toolkit, f.Engine.DefaultRuntime = pass.Toolkit{}, "runc" }},
		"wsl2":       {gpus: 1, nodes: 1, change: func(f *pass.Facts) { f.WSL, f.Inventory.Devices[0].Minor = true, -1 }},
		"rootless":   {gpus: 1, nodes: 1, change: func(f *pass.Facts) { f.Engine.Rootless, f.Toolkit.CDI = true, nil }},
		"rootless-cdi": {gpus: 1, nodes: 1, change: func(f *pass.Facts) {
			f.Engine.Rootless = true
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := machine(c.gpus)
			if c.change != nil {
				c.change(&f)
			}
			passing, obstacles := pass.Make(f, c.nodes)
			cluster := plan.Cluster{Name: "diorama-shop", Image: "docker.io/kindest/node:v1.36.4", Nodes: c.nodes, GPU: plan.GPUs{Passing: passing}}
			text, err := yaml.Marshal(config(cluster, "diorama.local/node_images/nvidia:0123456789ab"))
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			for _, o := range obstacles {
				fmt.Fprintf(&said, "# in the way: %s; %s\n", o.Found, o.Remedy)
			}
			for _, note := range passing.Notes {
				fmt.Fprintf(&said, "# note: %s\n", note)
			}
			golden(t, "config-"+name+".yaml", said.String()+string(text))
		})
	}
}

func TestScripts(t *testing.T) {
	passing, _ := pass.Make(machine(4), 3)
	var text strings.Builder
	for _, r := range repairs(passing.Nodes[0]) {
		fmt.Fprintf(&text, "### %s: %s\n# check\n%s\n# mend\n%s\n\n", r.Name, r.Title, r.Check, r.Mend)
		for _, script := range []string{r.Check, r.Mend} {
			if out, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", script).CombinedOutput(); err != nil {
				t.Errorf("%s is no shell script: %s", r.Name, out)
			}
		}
	}
	golden(t, "scripts.txt", text.String())
	all, _ := pass.Make(machine(4), 1)
	if slices.ContainsFunc(repairs(all.Nodes[0]), func(r repair) bool { return r.Name == "devices" }) {
		t.Error("a node that gets all loses some")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "gpu", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (-update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got), -update accepts it:\n%s", path, diff)
	}
}

// fakeNode is a folder in the place of a node's root; commands that it has not
// are programs of ours. A mount is a file by the name beside it.
func fakeNode(t *testing.T) (root string, run shell) {
	t.Helper()
	root = t.TempDir()
	for path, text := range map[string]string{
		"dev/nvidiactl": "", "dev/nvidia0": "", "dev/nvidia1": "", "dev/nvidia2": "", "dev/nvidia3": "", "dev/nvidia-uvm": "",
		"dev/nvidia2.mount": "", "proc/driver/nvidia/params": "ResmanDebugLevel: 4294967295\nModifyDeviceFiles: 1\nDeviceFileMode: 438\n",
		"run/.keep": "", "runtimes": "",
		"bin/ldconfig":   "echo 'libnvidia-ml.so.1 (libc6,x86-64) => /usr/lib/libnvidia-ml.so.1'",
		"bin/containerd": "cat ROOT/runtimes", "bin/nvidia-ctk": "echo \"[plugins.x.runtimes.nvidia]\" > ROOT/runtimes", "bin/systemctl": "true",
		"bin/kubectl": "case \"$*\" in *overwrite*) touch ROOT/labelled;; *) [ -e ROOT/labelled ] && printf true;; esac",
		"bin/umount":  "[ -e \"$1.mount\" ] && rm \"$1.mount\"", "bin/mount": "cat \"$2\" > \"$3\"",
	} {
		name := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o600)
		if strings.HasPrefix(path, "bin/") {
			text, mode = "#!/bin/sh\n"+strings.ReplaceAll(text, "ROOT", root)+"\n", 0o700
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return root, func(ctx context.Context, script string) (string, error) {
		script = strings.NewReplacer("/proc/", root+"/proc/", " /run/", " "+root+"/run/", "/dev/nvidia", root+"/dev/nvidia", "/dev/char", root+"/dev/char").Replace(script)
		cmd := exec.CommandContext(ctx, "sh", "-c", script)
		cmd.Env = append(os.Environ(), "PATH="+root+"/bin:"+os.Getenv("PATH"))
		out, err := cmd.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return string(out), err
	}
}

func TestMendNode(t *testing.T) {
	root, run := fakeNode(t)
	passing, _ := pass.Make(machine(4), 3) // the first worker gets minors 3 and 2
	list := repairs(passing.Nodes[1])      // the second 1 and 0
	mended, err := mendNode(t.Context(), run, list)
	if err != nil || !mended {
		t.Fatalf("mended %v, %v", mended, err)
	}
	files, err := filepath.Glob(root + "/dev/nvidia*")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	if want := []string{"nvidia-uvm", "nvidia0", "nvidia1", "nvidiactl"}; !slices.Equal(files, want) {
		t.Errorf("left are %v, want %v", files, want)
	}
	params, err := os.ReadFile(root + "/proc/driver/nvidia/params")
	if err != nil || !strings.Contains(string(params), "ModifyDeviceFiles: 0") || !strings.Contains(string(params), "DeviceFileMode: 438") {
		t.Errorf("parameters %q, %v", params, err)
	}
	if mended, err := mendNode(t.Context(), run, list); mended || err != nil {
		t.Errorf("a second time: mended %v, %v", mended, err)
	}
}

func TestMendNodeWithoutDriver(t *testing.T) {
	root, run := fakeNode(t)
	if err := os.Remove(root + "/dev/nvidiactl"); err != nil {
		t.Fatal(err)
	}
	passing, _ := pass.Make(machine(1), 1)
	_, err := mendNode(t.Context(), run, repairs(passing.Nodes[0]))
	if err == nil || !strings.Contains(err.Error(), "driver is not in the node") || !strings.Contains(err.Error(), "docker run") {
		t.Errorf("error %v", err)
	}
}

func TestMendNodeWithoutParameters(t *testing.T) {
	root, run := fakeNode(t)
	if err := os.RemoveAll(root + "/proc"); err != nil {
		t.Fatal(err)
	}
	passing, _ := pass.Make(machine(1), 1)
	if _, err := mendNode(t.Context(), run, repairs(passing.Nodes[0])); err != nil {
		t.Errorf("where the driver has no parameters: %v", err)
	}
}

func TestMendNodeHasNoToolkit(t *testing.T) {
	root, run := fakeNode(t)
	if err := os.WriteFile(root+"/bin/nvidia-ctk", []byte("#!/bin/sh\necho broken >&2\nexit 1\n"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	passing, _ := pass.Make(machine(1), 1)
	if _, err := mendNode(t.Context(), run, repairs(passing.Nodes[0])); err == nil || !strings.Contains(err.Error(), "runtime nvidia") || !strings.Contains(err.Error(), "broken") {
		t.Errorf("error %v", err)
	}
}

func TestGPUImageIsNamedByBase(t *testing.T) {
	folder := t.TempDir()
	one, err := gpuNodeBuild("node:1", "linux/amd64", folder).Reference(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other, err := gpuNodeBuild("node:2", "linux/amd64", folder).Reference(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := gpuNodeBuild("node:1", "linux/amd64", t.TempDir()).Reference(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if one == other || one != again || !strings.HasPrefix(one, "diorama.local/node_images/nvidia:") {
		t.Errorf("%s, %s and %s", one, other, again)
	}
}

// TestGPUsThatCannotBePrepared are the host's fault where the profile requires
// them, and nobody's where the run was given up.
func TestGPUsThatCannotBePrepared(t *testing.T) {
	failed := errors.New("no network")
	p := plan.Plan{Cluster: plan.Cluster{GPU: plan.GPUs{Wish: "require"}}}
	if _, ok := errors.AsType[*plan.GPUError](ofGPUs(t.Context(), p, failed)); !ok {
		t.Error("not the host's")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := errors.AsType[*plan.GPUError](ofGPUs(ended, p, failed)); ok {
		t.Error("a run that was given up is the host's fault")
	}
}

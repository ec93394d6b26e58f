//go:build linux && cgo

package nvml

import (
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// answers are what a process of its own heard from the library.
type answers struct {
	Inventory gpu.Inventory
	Sample    Sample
	Error     string
	After     string // what an inventory said after the end
	Ended     string // what the library noted of its end
}

// asking is the variable by which a test's child knows what it is.
const asking = "DIORAMA_TEST_ASK_NVML"

// TestAskNVML is the child: symbols are bound once in a process, so that each
// library is asked from one of its own.
func TestAskNVML(t *testing.T) {
	if os.Getenv(asking) == "" {
		t.Skip("only as a child of other tests")
	}
	d := New()
	d.patience = time.Minute
	if os.Getenv("FAKENVML") == "hang" {
		d.patience = 50 * time.Millisecond
	}
	var a answers
	a.Inventory = d.Inventory(t.Context())
	var err error
	if a.Sample, err = d.Read(t.Context()); err != nil {
		a.Error = err.Error()
	}
	d.Close()
	d.Close()
	a.After = d.Inventory(t.Context()).Absence
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		t.Fatal(err)
	}
}

// build compiles the library into a folder of its own.
func build(t *testing.T, flags ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler")
	}
	folder := t.TempDir()
	out := filepath.Join(folder, "libnvidia-ml.so.1")
	args := append([]string{"-shared", "-fPIC", "-w", "-o", out}, flags...)
	if said, err := exec.CommandContext(t.Context(), cc, append(args, "testdata/fakenvml.c")...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return folder
}

// askFake asks the library in the folder from a process of its own.
func askFake(t *testing.T, folder, mode string) answers {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAskNVML$")
	ended := filepath.Join(t.TempDir(), "ended")
	cmd.Env = append(os.Environ(), asking+"=1", "FAKENVML="+mode, "LD_LIBRARY_PATH="+folder, "FAKENVML_ENDED="+ended)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the process that asks ended: %v\n%s", err, out)
	}
	var a answers
	line, _, _ := strings.Cut(string(out), "\n")
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	note, err := os.ReadFile(ended)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	a.Ended = string(note)
	return a
}

const (
	first  = "GPU-00000000-1111-2222-3333-444444444444"
	second = "GPU-00000001-1111-2222-3333-444444444444"
)

func TestLibraryThroughTheLinker(t *testing.T) {
	t.Parallel()
	folder := build(t)
	a := askFake(t, folder, "healthy")
	if a.Inventory.Driver != "580.65.06" || a.Inventory.CUDA != "13.2" || len(a.Inventory.Devices) != 2 || a.Inventory.Absence != "" {
		t.Fatalf("found %+v", a.Inventory)
	}
	d := a.Inventory.Devices[0]
	if d.UUID != first || d.Minor != 1 || d.Index != 0 || d.Memory != 40<<30 || d.Model != "NVIDIA Fake 40GB" || d.MIG.Enabled || d.Error != "" {
		t.Errorf("the first device is %+v", d)
	}
	r := a.Sample.Readings[first]
	if r.Utilisation == nil || *r.Utilisation != 42 || *r.MemoryUsed != 2<<30 || *r.Temperature != 51 || *r.Power != 120500 {
		t.Errorf("its reading is %+v", r)
	}
	if r := a.Sample.Readings[second]; r.Power != nil || r.Utilisation == nil {
		t.Errorf("power is not known of the second, got %+v", r)
	}
	p := a.Sample.Processes[first]
	if len(p) != 2 || p[0].PID != 4711 || p[0].Name != "/usr/bin/python3" || *p[0].Memory != 1<<30 || p[1].Name != "" || p[1].Memory != nil {
		t.Errorf("its processes are %+v", p)
	}
}

func TestLibraryMIG(t *testing.T) {
	t.Parallel()
	a := askFake(t, build(t), "mig")
	mig := a.Inventory.Devices[0].MIG
	want := []gpu.Partition{
		{UUID: "MIG-00000010-1111-2222-3333-444444444444", Profile: "3g.20gb", GPUInstance: 1, Memory: 20 << 30},
		{UUID: "MIG-00000011-1111-2222-3333-444444444444", Profile: "3g.20gb", GPUInstance: 2, Memory: 20 << 30},
	}
	if !mig.Enabled || !slices.Equal(mig.Instances, want) || a.Inventory.Devices[1].MIG.Enabled {
		t.Fatalf("MIG is %+v", mig)
	}
	for i, part := range want {
		if p := a.Sample.Processes[part.UUID]; len(p) != 1 || p[0].PID != 4711+i {
			t.Errorf("%s has the processes %+v", part.UUID, p)
		}
	}
	if len(a.Sample.Processes[first]) != 0 {
		t.Errorf("processes of MIG devices are told of the whole too: %+v", a.Sample.Processes[first])
	}
}

func TestLibraryLosesOneDevice(t *testing.T) {
	t.Parallel()
	folder := build(t)
	for mode, said := range map[string]string{"lost": "fallen off the bus", "unknown": "internal error"} {
		a := askFake(t, folder, mode)
		if len(a.Inventory.Devices) != 2 || a.Inventory.Devices[0].Error != "" || a.Inventory.Absence != "" {
			t.Fatalf("%s: %+v", mode, a.Inventory)
		}
		if d := a.Inventory.Devices[1]; d.UUID != second || !strings.Contains(d.Error, said) {
			t.Errorf("%s: the second device is %+v", mode, d)
		}
		if !strings.Contains(a.Sample.Errors[second], said) || a.Sample.Readings[first].Utilisation == nil || len(a.Sample.Readings) != 1 {
			t.Errorf("%s: %+v", mode, a.Sample)
		}
	}
}

func TestLibraryDoesNotBegin(t *testing.T) {
	t.Parallel()
	folder := build(t)
	for mode, said := range map[string]string{
		"init:9": "modprobe nvidia", "init:18": "different versions", "init:4": "may not ask", "init:999": "999", "hang": "does not answer",
	} {
		a := askFake(t, folder, mode)
		if !strings.Contains(a.Inventory.Absence, said) || len(a.Inventory.Devices) != 0 || a.Error == "" {
			t.Errorf("%s: %+v, %s", mode, a.Inventory, a.Error)
		}
	}
}

// TestLibraryIsEnded: once, and not where it never began; a driver that hangs
// keeps nobody.
func TestLibraryIsEnded(t *testing.T) {
	t.Parallel()
	folder := build(t)
	for mode, want := range map[string]string{"healthy": "ended\n", "lost": "ended\n", "init:9": "", "hang": "", "hang-end": ""} {
		a := askFake(t, folder, mode)
		if a.Ended != want || !strings.Contains(a.After, "has ended") {
			t.Errorf("%s: ended %q, and then %q", mode, a.Ended, a.After)
		}
	}
}

func TestLibraryOfAnOldDriver(t *testing.T) {
	t.Parallel()
	a := askFake(t, build(t, "-DOLD"), "healthy")
	if len(a.Inventory.Devices) != 2 || a.Inventory.CUDA != "" || a.Inventory.Devices[0].Memory != 40<<30 || a.Inventory.Devices[0].Error != "" {
		t.Errorf("found %+v", a.Inventory)
	}
	if r := a.Sample.Readings[first]; r.MemoryUsed == nil || *r.MemoryUsed != 3<<30 {
		t.Errorf("its reading is %+v", r)
	}
	if p := a.Sample.Processes[first]; len(p) != 1 || p[0].PID != 4711 {
		t.Errorf("its processes are %+v", p)
	}
}

func TestLibraryIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/driver/nvidia/version"); err == nil {
		t.Skip("this machine has the driver")
	}
	if a := askFake(t, t.TempDir(), "healthy"); !strings.Contains(a.Inventory.Absence, "not installed") || a.Error == "" {
		t.Errorf("found %+v, %s", a.Inventory, a.Error)
	}
}

// TestNoSymbolIsLeftOpen: a program that is linked to find all symbols at its
// start must start without the library. A newer go-nvml has newer symbols,
// which forward.c must have too.
func TestNoSymbolIsLeftOpen(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, "nvml") {
			t.Errorf("%s is not in forward.c, or not hidden", s.Name)
		}
	}
}

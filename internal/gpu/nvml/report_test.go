package nvml

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

const recordedXML = "../../../testdata/gpu/h200/smi-q.xml"

func recordedReport(t *testing.T) report {
	t.Helper()
	data, err := os.ReadFile(recordedXML)
	if err != nil {
		t.Fatal(err)
	}
	r, err := parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReportOfAnH200(t *testing.T) {
	t.Parallel()
	found := recordedReport(t).inventory()
	want := gpu.Device{UUID: "GPU-11111111-2222-3333-4444-555555555555", Model: "NVIDIA H200", Memory: 143771 << 20}
	if found.Driver != "580.159.04" || found.CUDA != "13.0" || len(found.Devices) != 1 || found.Absence != "" {
		t.Fatalf("found %+v", found)
	}
	if d := found.Devices[0]; d.UUID != want.UUID || d.Model != want.Model || d.Memory != want.Memory || d.Minor != 0 || d.Error != "" || d.MIG.Enabled {
		t.Errorf("got %+v, want %+v", d, want)
	}
	r := recordedReport(t).sample().Readings[want.UUID]
	if *r.Utilisation != 0 || *r.MemoryUsed != 0 || *r.Temperature != 33 || *r.Power != 81250 {
		t.Errorf("read %+v", r)
	}
}

// divided is the report of a device with two MIG devices, made from the manual
// page and the user guide of MIG.
const divided = `<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log><driver_version>535.1</driver_version><cuda_version>12.2</cuda_version>
<gpu id="00000000:07:00.0"><product_name>NVIDIA A100-SXM4-40GB</product_name>
<mig_mode><current_mig>Enabled</current_mig></mig_mode>
<mig_devices>
<mig_device><index>0</index><gpu_instance_id>1</gpu_instance_id><compute_instance_id>0</compute_instance_id><fb_memory_usage><total>19968 MiB</total><used>37 MiB</used></fb_memory_usage></mig_device>
<mig_device><index>1</index><gpu_instance_id>9</gpu_instance_id><compute_instance_id>0</compute_instance_id><fb_memory_usage><total>4864 MiB</total><used>N/A</used></fb_memory_usage></mig_device>
</mig_devices><uuid>GPU-a</uuid><minor_number>3</minor_number>
<fb_memory_usage><total>40960 MiB</total><used>512 MiB</used></fb_memory_usage>
<utilization><gpu_util>N/A</gpu_util></utilization><temperature><gpu_temp>31 C</gpu_temp></temperature>
<gpu_power_readings><power_draw>43.52 W</power_draw></gpu_power_readings>
<processes><process_info><gpu_instance_id>9</gpu_instance_id><compute_instance_id>0</compute_instance_id><pid>99</pid><type>C</type><process_name>python</process_name><used_memory>1024 MiB</used_memory></process_info></processes></gpu>
<gpu id="00000000:0F:00.0"><product_name>NVIDIA A100-SXM4-40GB</product_name><uuid>GPU-b</uuid><minor_number>4</minor_number>
<fb_memory_usage><total>[GPU is lost]</total><used>[GPU is lost]</used></fb_memory_usage></gpu>
</nvidia_smi_log>`

const dividedList = `GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-a)
  MIG 3g.20gb     Device  0: (UUID: MIG-one)
  MIG 1g.5gb      Device  1: (UUID: MIG-two)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-b)
`

// fakeCommand is a program in the place of nvidia-smi.
func fakeCommand(t *testing.T, script string) *Driver {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"q.xml": divided, "list": dividedList} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(folder, "nvidia-smi")
	if err := os.WriteFile(program, []byte("#!/bin/sh\ncd "+folder+"\n"+script+"\n"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return &Driver{ask: command{program: program}, patience: time.Minute}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	d := fakeCommand(t, `case "$*" in "-q -x") cat q.xml;; -L) cat list;; *) exit 2;; esac`)
	found := d.Inventory(t.Context())
	if len(found.Devices) != 2 {
		t.Fatalf("found %+v", found)
	}
	want := []gpu.Partition{
		{UUID: "MIG-one", Profile: "3g.20gb", GPUInstance: 1, Memory: 19968 << 20},
		{UUID: "MIG-two", Profile: "1g.5gb", GPUInstance: 9, Memory: 4864 << 20},
	}
	if d := found.Devices[0]; d.Minor != 3 || !d.MIG.Enabled || !slices.Equal(d.MIG.Instances, want) {
		t.Errorf("the first device is %+v", d)
	}
	if d := found.Devices[1]; !strings.Contains(d.Error, "GPU is lost") {
		t.Errorf("the second device is %+v", d)
	}
	s, err := d.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r := s.Readings["GPU-a"]; r.Utilisation != nil || *r.Power != 43520 || *s.Readings["MIG-one"].MemoryUsed != 37<<20 || s.Readings["MIG-two"].MemoryUsed != nil {
		t.Errorf("read %+v", s.Readings)
	}
	if p := s.Processes["MIG-two"]; len(p) != 1 || p[0].PID != 99 || *p[0].Memory != 1<<30 || s.Errors["GPU-b"] == "" {
		t.Errorf("processes %+v, errors %+v", s.Processes, s.Errors)
	}
}

// TestCommandFailsForOneDevice: nvidia-smi ends with 15 where a device is lost,
// and what it has said of the others is as good.
func TestCommandFailsForOneDevice(t *testing.T) {
	t.Parallel()
	for _, script := range []string{
		`case "$*" in "-q -x") cat q.xml;; -L) cat list;; esac; exit 15`,
		`echo 'Unable to determine the device handle for GPU1: 0000:0F:00.0: GPU is lost.'
case "$*" in "-q -x") cat q.xml;; -L) cat list;; esac; exit 255`,
	} {
		d := fakeCommand(t, script)
		found := d.Inventory(t.Context())
		if len(found.Devices) != 2 || found.Absence != "" {
			t.Fatalf("%s: found %+v", script, found)
		}
		if whole, lost := found.Devices[0], found.Devices[1]; whole.Error != "" || len(whole.MIG.Instances) != 2 || whole.MIG.Instances[1].UUID != "MIG-two" || !strings.Contains(lost.Error, "GPU is lost") {
			t.Errorf("%s: %+v", script, found.Devices)
		}
		s, err := d.Read(t.Context())
		if err != nil || s.Readings["GPU-a"].Power == nil || s.Errors["GPU-b"] == "" {
			t.Errorf("%s: read %+v, %v", script, s, err)
		}
	}
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	for script, said := range map[string]string{
		"cat q.xml; exit 9":                   "modprobe",
		"exit 15":                             "exit code 15",
		"echo '<nvidia_smi_log/>'; exit 15":   "exit code 15",
		"exit 9":                              "modprobe",
		"exit 18":                             "different versions",
		"echo 'no such thing'; exit 77":       "no such thing",
		"echo not xml":                        "nvidia-smi",
		"echo '<nvidia_smi_log/>'":            "finds no GPU",
		"echo '<nvidia_smi_log><gpu>'; cat /": "cannot be asked",
	} {
		if found := fakeCommand(t, script).Inventory(t.Context()); !strings.Contains(found.Absence, said) || len(found.Devices) > 0 {
			t.Errorf("%q: %+v", script, found)
		}
	}
	missing := &Driver{ask: command{program: "nvidia-smi-that-is-not-there"}, patience: time.Minute}
	if found := missing.Inventory(t.Context()); !strings.Contains(found.Absence, "not installed") || found.Devices == nil {
		t.Errorf("without the program: %+v", found)
	}
}

// silent never answers before it is told to.
type silent struct{ release chan struct{} }

func (s silent) inventory(context.Context) gpu.Inventory {
	<-s.release
	return gpu.Inventory{Driver: "1"}
}

func (s silent) sample(context.Context) (Sample, error) {
	<-s.release
	return Sample{}, nil
}

func (s silent) close() { <-s.release }

// TestClosingWaitsForNobody: neither a question nor the end itself that hangs
// keeps the program.
func TestClosingWaitsForNobody(t *testing.T) {
	for _, asked := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := silent{release: make(chan struct{})}
			d := &Driver{ask: s, patience: time.Second}
			if asked {
				d.Inventory(t.Context())
			}
			began := time.Now()
			d.Close()
			if took := time.Since(began); took != closeWithin {
				t.Errorf("it took %s", took)
			}
			close(s.release)
			if _, err := d.Read(t.Context()); !errors.Is(err, errClosed) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

func TestDriverThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := silent{release: make(chan struct{})}
	d := &Driver{ask: s, patience: time.Millisecond}
	for range 3 {
		if found := d.Inventory(t.Context()); !strings.Contains(found.Absence, "does not answer") {
			t.Errorf("found %+v", found)
		}
	}
	if _, err := d.Read(t.Context()); err == nil {
		t.Error("read without an answer")
	}
	close(s.release)
	d.patience = time.Minute
	if found := d.Inventory(t.Context()); found.Driver != "1" {
		t.Errorf("after it came back: %+v", found)
	}
}

func FuzzReport(f *testing.F) {
	data, err := os.ReadFile(recordedXML)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, dividedList)
	f.Add([]byte(divided), dividedList)
	f.Fuzz(func(t *testing.T, data []byte, list string) {
		r, err := parse(data)
		if err != nil {
			return
		}
		r.parts = parseList(list)
		for _, d := range r.inventory().Devices {
			if d.Memory < 0 || d.Minor < -1 {
				t.Errorf("device %+v", d)
			}
		}
		for _, reading := range r.sample().Readings {
			if reading.Utilisation != nil && *reading.Utilisation < 0 {
				t.Errorf("reading %+v", reading)
			}
		}
	})
}

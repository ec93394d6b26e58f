package nvml

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// report is what `nvidia-smi -q -x` says (nvsmi_device_v12.dtd and v13).
type report struct {
	Driver string       `xml:"driver_version"`
	CUDA   string       `xml:"cuda_version"`
	GPUs   []reportGPU  `xml:"gpu"`
	parts  []listedPart // of `nvidia-smi -L`
}

type reportGPU struct {
	Model       string          `xml:"product_name"`
	UUID        string          `xml:"uuid"`
	Minor       string          `xml:"minor_number"`
	MIG         string          `xml:"mig_mode>current_mig"`
	Parts       []reportPart    `xml:"mig_devices>mig_device"`
	Total       string          `xml:"fb_memory_usage>total"`
	Used        string          `xml:"fb_memory_usage>used"`
	Utilisation string          `xml:"utilization>gpu_util"`
	Temperature string          `xml:"temperature>gpu_temp"`
	Power       string          `xml:"gpu_power_readings>instant_power_draw"`
	PowerDraw   string          `xml:"gpu_power_readings>power_draw"` // drivers 530 to 535
	OlderPower  string          `xml:"power_readings>power_draw"`     // before
	Processes   []reportProcess `xml:"processes>process_info"`
}

type reportPart struct {
	Index    string `xml:"index"`
	Instance string `xml:"gpu_instance_id"`
	Compute  string `xml:"compute_instance_id"`
	Total    string `xml:"fb_memory_usage>total"`
	Used     string `xml:"fb_memory_usage>used"`
}

type reportProcess struct {
	Instance string `xml:"gpu_instance_id"`
	Compute  string `xml:"compute_instance_id"`
	PID      string `xml:"pid"`
	Name     string `xml:"process_name"`
	Used     string `xml:"used_memory"`
}

// listedPart is a MIG device as `nvidia-smi -L` names it.
type listedPart struct {
	gpu     string // UUID of the device that it is a part of
	index   string
	profile string
	uuid    string
}

func parse(data []byte) (report, error) {
	var r report
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.Strict = false
	if err := decoder.Decode(&r); err != nil {
		return report{}, fmt.Errorf("read the answer of nvidia-smi: %w", err)
	}
	return r, nil
}

// The lines of `nvidia-smi -L`:
//
//	GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-…)
//	  MIG 1g.5gb      Device  0: (UUID: MIG-c6d4f1ef-…)
var (
	listedGPU = regexp.MustCompile(`^GPU \d+:.*\(UUID: ([^)\s]+)\)`)
	listedMIG = regexp.MustCompile(`^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: ([^)]+)\)`)
)

func parseList(text string) []listedPart {
	var list []listedPart
	device := ""
	for line := range strings.Lines(text) {
		if m := listedGPU.FindStringSubmatch(line); m != nil {
			device = m[1]
		} else if m := listedMIG.FindStringSubmatch(line); m != nil {
			list = append(list, listedPart{gpu: device, profile: m[1], index: m[2], uuid: m[3]})
		}
	}
	return list
}

// divided reports whether a device has MIG devices.
func (r report) divided() bool {
	return slices.ContainsFunc(r.GPUs, func(g reportGPU) bool { return len(g.Parts) > 0 })
}

func (r report) listed(g reportGPU, p reportPart) listedPart {
	for _, part := range r.parts {
		if part.gpu == g.UUID && part.index == p.Index {
			return part
		}
	}
	return listedPart{}
}

func (r report) inventory() gpu.Inventory {
	found := gpu.Inventory{Driver: r.Driver, CUDA: r.CUDA, Devices: []gpu.Device{}}
	if _, known := number(r.CUDA, ""); !known {
		found.CUDA = ""
	}
	for i, g := range r.GPUs {
		d := gpu.Device{Index: i, Minor: -1, UUID: g.uuid(), Model: g.Model, Memory: amount(g.Total), Error: trouble(g)}
		if minor, known := number(g.Minor, ""); known {
			d.Minor = int(minor)
		}
		d.MIG.Enabled = g.MIG == "Enabled"
		for _, p := range g.Parts {
			listed := r.listed(g, p)
			instance, _ := number(p.Instance, "")
			compute, _ := number(p.Compute, "")
			d.MIG.Instances = append(d.MIG.Instances, gpu.Partition{
				UUID: listed.uuid, Profile: listed.profile, GPUInstance: int(instance), ComputeInstance: int(compute), Memory: amount(p.Total),
			})
		}
		found.Devices = append(found.Devices, d)
	}
	if len(found.Devices) == 0 {
		found.Absence = noDevices
	}
	return found
}

// uuid is empty where something else stands in its place, as with a device that
// is lost: it would be taken for the name of each such device.
func (g reportGPU) uuid() string {
	if !strings.HasPrefix(g.UUID, "GPU-") {
		return ""
	}
	return g.UUID
}

// trouble is what stands in the place of a device's numbers where it cannot be
// asked: "[GPU is lost]", "[GPU requires reset]", "[Unknown Error]", "ERR!".
func trouble(g reportGPU) string {
	for _, text := range []string{g.UUID, g.Total, g.Used, g.Utilisation, g.Temperature} {
		plain := strings.Trim(text, "[]")
		switch strings.ToLower(plain) {
		case "gpu is lost", "gpu requires reset", "unknown error", "err!":
			return "nvidia-smi says of it: " + plain
		}
	}
	return ""
}

func (r report) sample() Sample {
	s := Sample{Readings: map[string]gpu.Reading{}, Processes: map[string][]gpu.Process{}, Errors: map[string]string{}}
	for _, g := range r.GPUs {
		if g.uuid() == "" {
			continue // it has none to be told by; the inventory says so
		}
		if text := trouble(g); text != "" {
			s.Errors[g.UUID] = text
			continue
		}
		s.Readings[g.UUID] = g.reading()
		owners := map[[2]string]string{}
		for _, p := range g.Parts {
			if uuid := r.listed(g, p).uuid; uuid != "" {
				owners[[2]string{p.Instance, p.Compute}] = uuid
				s.Readings[uuid] = gpu.Reading{MemoryUsed: optional(p.Used, "MiB", 1<<20)}
			}
		}
		for _, p := range g.Processes {
			pid, ok := number(p.PID, "")
			if !ok {
				continue
			}
			owner := cmp.Or(owners[[2]string{p.Instance, p.Compute}], g.UUID)
			s.Processes[owner] = append(s.Processes[owner], gpu.Process{PID: int(pid), Name: p.Name, Memory: optional(p.Used, "MiB", 1<<20)})
		}
	}
	return s
}

func (g reportGPU) reading() gpu.Reading {
	reading := gpu.Reading{MemoryUsed: optional(g.Used, "MiB", 1<<20)}
	reading.Utilisation = small(optional(g.Utilisation, "%", 1))
	reading.Temperature = small(optional(g.Temperature, "C", 1))
	for _, text := range []string{g.Power, g.PowerDraw, g.OlderPower} {
		if watts := small(optional(text, "W", 1000)); watts != nil {
			reading.Power = watts
			break
		}
	}
	return reading
}

// number reads "33 C" and the like; false: it is not known, as with "N/A".
func number(text, unit string) (float64, bool) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), unit))
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n >= 0 && n < 1<<40
}

// optional reads a number and its unit; nil: it is not known.
func optional(text, unit string, factor float64) *int64 {
	n, ok := number(text, unit)
	if !ok {
		return nil
	}
	value := int64(math.Round(n * factor))
	return &value
}

func small(n *int64) *int {
	if n == nil || *n > math.MaxInt32 {
		return nil
	}
	value := int(*n)
	return &value
}

// amount reads an amount of memory, in bytes; 0: it is not known.
func amount(text string) int64 {
	if n := optional(text, "MiB", 1<<20); n != nil {
		return *n
	}
	return 0
}

//go:build linux && cgo

package nvml

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
)

func driverOf(api nvml.Interface) *Driver {
	return &Driver{ask: &library{api: api}, patience: Patience}
}

// lacking has the imitation know no more than it imitates, and the symbols that
// are added to it.
func lacking(server *dgxa100.Server, added ...string) *dgxa100.Server {
	symbols := append(added, "nvmlSystemGetDriverVersion", "nvmlSystemGetCudaDriverVersion", "nvmlDeviceGetMinorNumber", "nvmlDeviceGetMigMode")
	server.LookupSymbolFunc = func(symbol string) error {
		if !slices.Contains(symbols, symbol) {
			return errors.New("no symbol " + symbol)
		}
		return nil
	}
	return server
}

func TestImitatedDGX(t *testing.T) {
	t.Parallel()
	server := lacking(dgxa100.New())
	found := driverOf(server).Inventory(t.Context())
	if len(found.Devices) != 8 || found.Driver != "550.54.15" || found.CUDA != "12.4" {
		t.Fatalf("found %+v", found)
	}
	for i, d := range found.Devices {
		if d.Index != i || d.Minor != i || d.Memory != 40<<30 || d.UUID == "" || d.Error != "" || d.MIG.Enabled {
			t.Errorf("device %d is %+v", i, d)
		}
	}
	// It imitates none of what a reading asks for but memory.
	sample, err := driverOf(server).Read(t.Context())
	if err != nil || len(sample.Readings) != 8 || len(sample.Errors) != 0 {
		t.Errorf("read %+v, %v", sample, err)
	}
}

// TestImitatedMIG makes MIG devices whose names do not say their profile, as
// drivers before 510 have them.
func TestImitatedMIG(t *testing.T) {
	t.Parallel()
	server := lacking(dgxa100.New(), "nvmlDeviceGetMaxMigDeviceCount", "nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetAttributes_v2")
	device := server.Devices[3].(*dgxa100.Device)
	device.MigMode = nvml.DEVICE_MIG_ENABLE
	device.GetMaxMigDeviceCountFunc = func() (int, nvml.Return) { return 7, nvml.SUCCESS }
	device.GetMigDeviceHandleByIndexFunc = func(i int) (nvml.Device, nvml.Return) {
		parts := map[int]uint32{0: 3, 2: 1}[i]
		if parts == 0 {
			return nil, nvml.ERROR_NOT_FOUND
		}
		return &mock.Device{
			GetUUIDFunc:              func() (string, nvml.Return) { return "MIG-" + string(rune('a'+i)), nvml.SUCCESS },
			GetGpuInstanceIdFunc:     func() (int, nvml.Return) { return i + 1, nvml.SUCCESS },
			GetNameFunc:              func() (string, nvml.Return) { return "Mock NVIDIA A100-SXM4-40GB", nvml.SUCCESS },
			GetComputeInstanceIdFunc: func() (int, nvml.Return) { return 0, nvml.SUCCESS },
			GetMemoryInfoFunc:        func() (nvml.Memory, nvml.Return) { return nvml.Memory{Total: uint64(parts) * 5 << 30}, nvml.SUCCESS },
			GetAttributesFunc: func() (nvml.DeviceAttributes, nvml.Return) {
				return nvml.DeviceAttributes{GpuInstanceSliceCount: parts, ComputeInstanceSliceCount: 1, MemorySizeMB: map[uint32]uint64{1: 4864, 3: 19968}[parts]}, nvml.SUCCESS
			},
		}, nvml.SUCCESS
	}
	mig := driverOf(server).Inventory(t.Context()).Devices[3].MIG
	if len(mig.Instances) != 2 || mig.Instances[0].Profile != "1c.3g.20gb" || mig.Instances[1].Profile != "1g.5gb" || mig.Instances[1].GPUInstance != 3 {
		t.Errorf("MIG is %+v", mig)
	}
}

// recorded answers as testdata/gpu/h200/nvml.json says that a real H200 does.
type recorded struct {
	Driver  answer[string]
	CUDA    answer[int]
	Devices []struct {
		UUID, Name         answer[string]
		Minor              answer[int]
		Power, Temperature answer[uint32]
		Memory             answer[nvml.Memory]
		MemoryV2           answer[nvml.Memory_v2] `json:"memory_v2"`
		MigMode            answer[[]int]
		Utilization        answer[nvml.Utilization]
	}
}

type answer[T any] struct {
	Return string
	Value  T
}

func (a answer[T]) say() (T, nvml.Return) {
	switch a.Return {
	case "Success":
		return a.Value, nvml.SUCCESS
	case "Not Supported":
		return a.Value, nvml.ERROR_NOT_SUPPORTED
	}
	return a.Value, nvml.ERROR_UNKNOWN
}

func h200(t *testing.T) nvml.Interface {
	t.Helper()
	data, err := os.ReadFile("../../../testdata/gpu/h200/nvml.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	d := r.Devices[0]
	device := &mock.Device{
		GetUUIDFunc: d.UUID.say, GetNameFunc: d.Name.say, GetMinorNumberFunc: d.Minor.say, GetPowerUsageFunc: d.Power.say,
		GetMemoryInfoFunc: d.Memory.say, GetMemoryInfo_v2Func: d.MemoryV2.say, GetUtilizationRatesFunc: d.Utilization.say,
		GetTemperatureFunc:       func(nvml.TemperatureSensors) (uint32, nvml.Return) { return d.Temperature.say() },
		GetMaxMigDeviceCountFunc: func() (int, nvml.Return) { return 0, nvml.SUCCESS },
		GetMigModeFunc: func() (int, int, nvml.Return) {
			mode, result := d.MigMode.say()
			return mode[0], mode[1], result
		},
	}
	return &mock.Interface{
		InitFunc: func() nvml.Return { return nvml.SUCCESS },
		ExtensionsFunc: func() nvml.ExtendedInterface {
			return &mock.ExtendedInterface{LookupSymbolFunc: func(symbol string) error {
				if strings.Contains(symbol, "RunningProcesses") {
					return errors.New("none run")
				}
				return nil
			}}
		},
		SystemGetDriverVersionFunc:     r.Driver.say,
		SystemGetCudaDriverVersionFunc: r.CUDA.say,
		DeviceGetCountFunc:             func() (int, nvml.Return) { return len(r.Devices), nvml.SUCCESS },
		DeviceGetHandleByIndexFunc:     func(int) (nvml.Device, nvml.Return) { return device, nvml.SUCCESS },
	}
}

// TestRecordedH200 holds the library and nvidia-smi, of the same machine at
// nearly the same instant, against each other.
func TestRecordedH200(t *testing.T) {
	t.Parallel()
	d := driverOf(h200(t))
	byLibrary, byCommand := d.Inventory(t.Context()), recordedReport(t).inventory()
	if byLibrary.Driver != byCommand.Driver || byLibrary.CUDA != byCommand.CUDA || len(byLibrary.Devices) != 1 {
		t.Fatalf("the library says %+v, the command %+v", byLibrary, byCommand)
	}
	a, b := byLibrary.Devices[0], byCommand.Devices[0]
	if a.UUID != b.UUID || a.Model != b.Model || a.Minor != b.Minor || a.Memory != b.Memory || a.Error != "" || b.Error != "" {
		t.Errorf("the library says %+v, the command %+v", a, b)
	}
	sample, err := d.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reading, other := sample.Readings[a.UUID], recordedReport(t).sample().Readings[a.UUID]
	if *reading.MemoryUsed != *other.MemoryUsed || *reading.Temperature != 34 || *reading.Power != 117371 || *reading.Utilisation != 0 {
		t.Errorf("read %+v, want memory %d", reading, *other.MemoryUsed)
	}
}

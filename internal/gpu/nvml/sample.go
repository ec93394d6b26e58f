//go:build linux && cgo

package nvml

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// notAvailable stands for a number that the driver does not know
// (NVML_VALUE_NOT_AVAILABLE), noInstance for a process of no MIG device.
const (
	notAvailable = math.MaxUint64
	noInstance   = math.MaxUint32
)

func (l *library) sample(ctx context.Context) (Sample, error) {
	s := Sample{Readings: map[string]gpu.Reading{}, Processes: map[string][]gpu.Process{}, Errors: map[string]string{}}
	if result := l.begin(); result != nvml.SUCCESS {
		return s, errors.New(absence(result))
	}
	n, result := l.api.DeviceGetCount()
	if result != nvml.SUCCESS {
		l.end()
		return s, errors.New(absence(result))
	}
	for i := range n {
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		}
		handle, result := l.api.DeviceGetHandleByIndex(i)
		if result != nvml.SUCCESS || handle == nil {
			continue // it has no UUID to be told by; the inventory says so
		}
		uuid, result := handle.GetUUID()
		if result != nvml.SUCCESS {
			continue
		}
		reading, err := l.read(handle)
		if err != "" {
			s.Errors[uuid] = err
			continue
		}
		s.Readings[uuid] = reading
		l.sampleProcesses(s, uuid, handle)
	}
	return s, nil
}

// read asks a device for each number; what it does not have stays unknown. A
// device that is lost answers so to each.
func (l *library) read(device nvml.Device) (reading gpu.Reading, trouble string) {
	note := func(result nvml.Return) bool {
		switch result { //nolint:exhaustive // the rest means: not known
		case nvml.SUCCESS:
			return true
		case nvml.ERROR_GPU_IS_LOST, nvml.ERROR_RESET_REQUIRED, nvml.ERROR_UNKNOWN:
			trouble = cmp.Or(trouble, words(result))
		}
		return false
	}
	if l.has("nvmlDeviceGetUtilizationRates") {
		if used, result := device.GetUtilizationRates(); note(result) {
			reading.Utilisation = known(int(used.Gpu))
		}
	}
	if memory, result := l.memory(device); note(result) {
		reading.MemoryUsed = known(size(memory.Used))
	}
	if l.has("nvmlDeviceGetTemperature") {
		if degrees, result := device.GetTemperature(nvml.TEMPERATURE_GPU); note(result) {
			reading.Temperature = known(int(degrees))
		}
	}
	if l.has("nvmlDeviceGetPowerUsage") {
		if milliwatts, result := device.GetPowerUsage(); note(result) {
			reading.Power = known(int(milliwatts))
		}
	}
	return reading, trouble
}

func known[T any](value T) *T { return &value }

// sampleProcesses adds the processes of the device, each to the MIG device
// that it runs on where there are such.
func (l *library) sampleProcesses(s Sample, uuid string, device nvml.Device) {
	owners := map[uint32]string{} // MIG devices by GPU instance and compute instance
	for _, handle := range l.partitions(device) {
		part, result := handle.GetUUID()
		if result != nvml.SUCCESS {
			continue
		}
		if memory, result := l.memory(handle); result == nvml.SUCCESS {
			s.Readings[part] = gpu.Reading{MemoryUsed: known(size(memory.Used))}
		}
		instance, first := handle.GetGpuInstanceId()
		compute, second := handle.GetComputeInstanceId()
		if first == nvml.SUCCESS && second == nvml.SUCCESS {
			owners[key(instance, compute)] = part
		}
	}
	for _, info := range l.processes(device) {
		owner := uuid
		if info.GpuInstanceId != noInstance {
			owner = cmp.Or(owners[key(int(info.GpuInstanceId), int(info.ComputeInstanceId))], uuid)
		}
		p := gpu.Process{PID: int(info.Pid), Name: l.processName(int(info.Pid))}
		if info.UsedGpuMemory != notAvailable {
			p.Memory = known(size(info.UsedGpuMemory))
		}
		there := slices.ContainsFunc(s.Processes[owner], func(q gpu.Process) bool { return q.PID == p.PID })
		if !there {
			s.Processes[owner] = append(s.Processes[owner], p)
		}
	}
}

func key(instance, compute int) uint32 { return uint32(instance)<<16 | uint32(compute)&0xffff } //nolint:gosec // small numbers

// processes are those that compute and those that draw; one may do both.
func (l *library) processes(device nvml.Device) []nvml.ProcessInfo {
	var all []nvml.ProcessInfo
	if l.has("nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetComputeRunningProcesses") {
		if list, result := device.GetComputeRunningProcesses(); result == nvml.SUCCESS {
			all = append(all, list...)
		}
	}
	if l.has("nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2", "nvmlDeviceGetGraphicsRunningProcesses") {
		if list, result := device.GetGraphicsRunningProcesses(); result == nvml.SUCCESS {
			all = append(all, list...)
		}
	}
	return all
}

func (l *library) processName(pid int) string {
	if !l.has("nvmlSystemGetProcessName") {
		return ""
	}
	name, result := l.api.SystemGetProcessName(pid)
	if result != nvml.SUCCESS {
		return "" // it has ended, or is another user's
	}
	return name
}

//go:build linux && cgo

package nvml

import (
	"fmt"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// mig is how the device is divided.
func (l *library) mig(device nvml.Device) gpu.MIG {
	if !l.has("nvmlDeviceGetMigMode") {
		return gpu.MIG{}
	}
	current, _, result := device.GetMigMode()
	if result != nvml.SUCCESS || current != nvml.DEVICE_MIG_ENABLE {
		return gpu.MIG{}
	}
	divided := gpu.MIG{Enabled: true}
	for _, handle := range l.partitions(device) {
		divided.Instances = append(divided.Instances, l.partition(device, handle))
	}
	return divided
}

// partitions are the handles of the device's MIG devices. Their indices may
// have gaps.
func (l *library) partitions(device nvml.Device) []nvml.Device {
	if !l.has("nvmlDeviceGetMaxMigDeviceCount") || !l.has("nvmlDeviceGetMigDeviceHandleByIndex") {
		return nil
	}
	most, result := device.GetMaxMigDeviceCount()
	if result != nvml.SUCCESS {
		return nil
	}
	var list []nvml.Device
	for i := range most {
		if handle, result := device.GetMigDeviceHandleByIndex(i); result == nvml.SUCCESS && handle != nil {
			list = append(list, handle)
		}
	}
	return list
}

func (l *library) partition(device, handle nvml.Device) gpu.Partition {
	var p gpu.Partition
	if uuid, result := handle.GetUUID(); result == nvml.SUCCESS {
		p.UUID = uuid
	}
	if id, result := handle.GetGpuInstanceId(); result == nvml.SUCCESS {
		p.GPUInstance = id
	}
	if id, result := handle.GetComputeInstanceId(); result == nvml.SUCCESS {
		p.ComputeInstance = id
	}
	if memory, result := l.memory(handle); result == nvml.SUCCESS {
		p.Memory = size(memory.Total)
	}
	p.Profile = l.profile(device, handle)
	return p
}

// profile is the name that NVIDIA's tools give to a MIG device: "1g.10gb", or
// "1c.3g.40gb" where it has a part of its instance's slices. It is the last
// word of the name ("NVIDIA A100-SXM4-40GB MIG 1g.5gb"); drivers before 510
// have no such name, and it is made of the attributes.
func (l *library) profile(device, handle nvml.Device) string {
	if name, result := handle.GetName(); result == nvml.SUCCESS {
		if _, profile, found := strings.Cut(name, " MIG "); found {
			return profile
		}
	}
	if !l.has("nvmlDeviceGetAttributes_v2", "nvmlDeviceGetAttributes") {
		return ""
	}
	attributes, result := handle.GetAttributes()
	if result != nvml.SUCCESS {
		return ""
	}
	memory := l.gigabytes(device, attributes.MemorySizeMB)
	name := fmt.Sprintf("%dg.%dgb", attributes.GpuInstanceSliceCount, memory)
	if c := attributes.ComputeInstanceSliceCount; c != attributes.GpuInstanceSliceCount {
		name = fmt.Sprintf("%dc.%s", c, name)
	}
	return name
}

// gigabytes is the memory that a profile's name says: the device's own, in
// GiB, rounded up, and of that the nearest number of eighths
// (https://docs.nvidia.com/datacenter/tesla/mig-user-guide/, device names).
func (l *library) gigabytes(device nvml.Device, mebibytes uint64) uint64 {
	const gib, eighths = 1 << 30, 8
	memory, result := l.memory(device)
	if result != nvml.SUCCESS || memory.Total == 0 {
		return (mebibytes + 1023) / 1024
	}
	whole := (memory.Total + gib - 1) / gib
	part := float64(mebibytes<<20) / float64(memory.Total)
	n := uint64(part*eighths + 0.5)
	return (n*whole + eighths - 1) / eighths
}

//go:build linux && cgo

package nvml

import (
	"context"
	"fmt"
	"sync"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// library asks NVML. The library is initialised for the first question and
// kept; a driver that is loaded later is found by the next question.
type library struct {
	api nvml.Interface

	mu    sync.Mutex
	ready bool
}

// begin initialises the library, where that has not been done.
func (l *library) begin() nvml.Return {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready {
		return nvml.SUCCESS
	}
	// go-nvml calls symbols that the linker leaves open: one that the library
	// lacks would end the process, so that each is looked for first. Init
	// itself is in every version.
	result := l.api.Init()
	l.ready = result == nvml.SUCCESS
	return result
}

// end gives the library back after an error, so that the next question begins
// anew: a driver may have been replaced meanwhile.
func (l *library) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready && l.has("nvmlShutdown") {
		_ = l.api.Shutdown()
	}
	l.ready = false
}

func (l *library) close() { l.end() }

// has reports whether the library knows one of the symbols: older drivers'
// lack newer ones.
func (l *library) has(symbols ...string) bool {
	for _, symbol := range symbols {
		if l.api.Extensions().LookupSymbol(symbol) == nil {
			return true
		}
	}
	return false
}

func (l *library) inventory(context.Context) gpu.Inventory {
	if result := l.begin(); result != nvml.SUCCESS {
		return gpu.Inventory{Absence: absence(result)}
	}
	var found gpu.Inventory
	if l.has("nvmlSystemGetDriverVersion") {
		if version, result := l.api.SystemGetDriverVersion(); result == nvml.SUCCESS {
			found.Driver = version
		}
	}
	if l.has("nvmlSystemGetCudaDriverVersion") {
		if version, result := l.api.SystemGetCudaDriverVersion(); result == nvml.SUCCESS && version > 0 {
			// 13020 stands for 13.2.
			found.CUDA = fmt.Sprintf("%d.%d", version/1000, version%1000/10)
		}
	}
	n, result := l.api.DeviceGetCount()
	if result != nvml.SUCCESS {
		l.end()
		found.Absence = absence(result)
		return found
	}
	for i := range n {
		found.Devices = append(found.Devices, l.device(i))
	}
	if n == 0 {
		found.Absence = noDevices
	}
	return found
}

// absence says why there are no GPUs.
func absence(result nvml.Return) string {
	switch result {
	case nvml.ERROR_LIBRARY_NOT_FOUND:
		return noDriver
	case nvml.ERROR_DRIVER_NOT_LOADED:
		return notLoaded
	case nvml.ERROR_LIB_RM_VERSION_MISMATCH:
		return mismatch
	case nvml.ERROR_NO_PERMISSION, nvml.ERROR_OPERATING_SYSTEM:
		return notPermitted
	case nvml.ERROR_GPU_NOT_FOUND:
		return noDevices
	default:
		return unknownAnswer(words(result))
	}
}

// words are what NVML's documentation says of a result (nvml.h,
// nvmlReturn_enum). The library is not asked for them: it is what fails here.
func words(result nvml.Return) string {
	switch result {
	case nvml.ERROR_GPU_IS_LOST:
		return "the GPU has fallen off the bus or has otherwise become inaccessible"
	case nvml.ERROR_RESET_REQUIRED:
		return "the GPU needs a reset before it can be used again"
	case nvml.ERROR_IRQ_ISSUE:
		return "the kernel met an interrupt issue with the GPU"
	case nvml.ERROR_INSUFFICIENT_POWER:
		return "the GPU's power cables are not properly attached"
	case nvml.ERROR_NO_PERMISSION, nvml.ERROR_OPERATING_SYSTEM:
		return "this user may not ask for the GPU"
	case nvml.ERROR_NOT_SUPPORTED, nvml.ERROR_FUNCTION_NOT_FOUND:
		return "the driver does not support the question"
	case nvml.ERROR_UNKNOWN:
		return "an internal error of the driver (999)"
	default:
		return fmt.Sprintf("NVML's answer was %d", int(result))
	}
}

// device is the device of the index, with the driver's error where there is
// no more to be known of it.
func (l *library) device(index int) gpu.Device {
	d := gpu.Device{Index: index, Minor: -1}
	handle, result := l.api.DeviceGetHandleByIndex(index)
	if result != nvml.SUCCESS || handle == nil {
		d.Error = words(result)
		return d
	}
	fail := func(result nvml.Return) {
		if d.Error == "" && result != nvml.ERROR_NOT_SUPPORTED {
			d.Error = words(result)
		}
	}
	if d.UUID, result = handle.GetUUID(); result != nvml.SUCCESS {
		d.Error = words(result) // what has no name cannot be passed on
	}
	if d.Model, result = handle.GetName(); result != nvml.SUCCESS {
		fail(result)
	}
	memory, result := l.memory(handle)
	if d.Memory = size(memory.Total); result != nvml.SUCCESS {
		fail(result)
	}
	if l.has("nvmlDeviceGetMinorNumber") { // not on WSL 2
		if minor, result := handle.GetMinorNumber(); result == nvml.SUCCESS {
			d.Minor = minor
		} else {
			fail(result)
		}
	}
	d.MIG = l.mig(handle)
	return d
}

// memory is what the device has and uses, in bytes. The first version of the
// question counts what the driver itself reserves as used; nvidia-smi asks the
// second, as this does where the library has it.
func (l *library) memory(device nvml.Device) (nvml.Memory, nvml.Return) {
	if l.has("nvmlDeviceGetMemoryInfo_v2") {
		if memory, result := device.GetMemoryInfo_v2(); result == nvml.SUCCESS && memory.Total > 0 {
			return nvml.Memory{Total: memory.Total, Free: memory.Free, Used: memory.Used}, result
		}
	}
	return device.GetMemoryInfo()
}

// size bounds what the driver says.
func size(n uint64) int64 {
	const most = 1 << 62
	return int64(min(n, most)) //nolint:gosec // bounded
}

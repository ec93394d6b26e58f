package manifest

import (
	"math"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// GPUResource is what Pods ask for to be given a GPU.
const GPUResource corev1.ResourceName = "nvidia.com/gpu"

// Requests of a service that says a limit but no reservation: without them
// Kubernetes would reserve the limit.
const (
	smallMemory = 32 << 20 // bytes
	smallCPU    = 10       // thousandths of a core
)

// resources are limits and reservations, in the new keys and the old ones.
func (p *pod) resources() corev1.ResourceRequirements {
	limits, reserved := types.Resource{}, types.Resource{}
	if d := p.service.Deploy; d != nil {
		if d.Resources.Limits != nil {
			limits = *d.Resources.Limits
		}
		if d.Resources.Reservations != nil {
			reserved = *d.Resources.Reservations
		}
	}
	memory := firstPositive(int64(limits.MemoryBytes), int64(p.service.MemLimit))
	cpu := firstPositive(milli(float64(limits.NanoCPUs)), milli(float64(p.service.CPUS)), p.quota())
	request := firstPositive(int64(reserved.MemoryBytes), int64(p.service.MemReservation))
	share := milli(float64(reserved.NanoCPUs))
	if request == 0 && memory > 0 {
		request = min(memory, smallMemory)
	}
	if share == 0 && cpu > 0 {
		share = min(cpu, smallCPU)
	}
	if memory > 0 && request > memory {
		p.r.lose("more is reserved than the limit allows; the limit is reserved", p.at("deploy", "resources", "reservations", "memory")...)
		request = memory
	}
	if cpu > 0 && share > cpu {
		p.r.lose("more is reserved than the limit allows; the limit is reserved", p.at("deploy", "resources", "reservations", "cpus")...)
		share = cpu
	}
	p.memory = request
	p.gpus = p.countGPUs(reserved.Devices)
	var r corev1.ResourceRequirements
	set(&r.Limits, corev1.ResourceMemory, memory, resource.BinarySI)
	set(&r.Limits, corev1.ResourceCPU, cpu, resource.DecimalSI)
	set(&r.Limits, GPUResource, p.gpus, resource.DecimalSI)
	set(&r.Requests, corev1.ResourceMemory, request, resource.BinarySI)
	set(&r.Requests, corev1.ResourceCPU, share, resource.DecimalSI)
	return r
}

func set(list *corev1.ResourceList, name corev1.ResourceName, value int64, format resource.Format) {
	if value <= 0 {
		return
	}
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	if name == corev1.ResourceCPU {
		(*list)[name] = *resource.NewMilliQuantity(value, format)
		return
	}
	(*list)[name] = *resource.NewQuantity(value, format)
}

func firstPositive(values ...int64) int64 {
	for _, v := range values {
		if v > 0 {
			return v
		}
	}
	return 0
}

// milli is a number of cores in thousandths, 0 for what is no number.
func milli(cores float64) int64 {
	const most = 1 << 20 // cores
	if !(cores > 0) {
		return 0
	}
	return max(1, int64(math.Round(min(cores, most)*1000)))
}

// quota is cpu_quota as a limit; the period is 100 ms where it is not given.
func (p *pod) quota() int64 {
	if p.service.CPUQuota <= 0 {
		return 0
	}
	period := p.service.CPUPeriod
	if period <= 0 {
		period = 100_000
	}
	return milli(float64(p.service.CPUQuota) / float64(period))
}

// countGPUs is the number of GPUs that the service asks for, in one of the
// three ways to say it.
func (p *pod) countGPUs(devices []types.DeviceRequest) int64 {
	total := int64(0)
	for _, request := range devices {
		total += p.gpusOf(request, p.at("deploy", "resources", "reservations", "devices"))
	}
	for _, request := range p.service.Gpus {
		if len(request.Capabilities) == 0 {
			request.Capabilities = []string{"gpu"}
		}
		total += p.gpusOf(request, p.at("gpus"))
	}
	for _, device := range p.service.Devices {
		if device.Source == "nvidia.com/gpu=all" {
			total++
		}
	}
	return min(total, 1024)
}

func (p *pod) gpusOf(request types.DeviceRequest, at []string) int64 {
	gpu := slices.Contains(request.Capabilities, "gpu") || slices.Contains(request.Capabilities, "nvidia")
	switch {
	case !gpu || request.Driver != "" && request.Driver != "nvidia" && request.Driver != "cdi":
		p.r.lose("only NVIDIA's GPUs can be reserved", at...)
		return 0
	case len(request.IDs) > 0:
		p.r.lose("which GPUs a Pod gets is the cluster's choice; their number is kept", at...)
		return int64(len(request.IDs))
	case request.Count < 0:
		p.r.lose(`a Pod asks for a number of GPUs, not for all; it asks for one`, at...)
		return 1
	}
	return int64(request.Count) // 0 asks for none, as written: compose-go reads no count as all
}

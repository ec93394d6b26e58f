package gpu

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Model is a kind of device as its driver calls it.
type Model struct {
	// Name is what people write in a shape: A100-80GB.
	Name string
	// Product is what the driver calls it: NVIDIA A100-SXM4-80GB.
	Product string
	// Memory is nvidia-smi's memory.total, in bytes.
	Memory int64
	// Capability is the compute capability, as in CUDA's table of GPUs.
	Capability string
}

// Models are those that can be simulated, the smallest first of each
// generation. The memory is what nvidia-smi says of such a device, which is
// less than what the name says where the driver or ECC keeps some.
func Models() []Model {
	model := func(name, product string, mib int64, capability string) Model {
		return Model{Name: name, Product: product, Memory: mib << 20, Capability: capability}
	}
	return []Model{
		model("P100", "Tesla P100-PCIE-16GB", 16384, "6.0"),
		model("V100", "Tesla V100-SXM2-16GB", 16384, "7.0"),
		model("V100-32GB", "Tesla V100-SXM2-32GB", 32768, "7.0"),
		model("T4", "Tesla T4", 15360, "7.5"),
		model("A100", "NVIDIA A100-SXM4-40GB", 40960, "8.0"),
		model("A100-80GB", "NVIDIA A100-SXM4-80GB", 81920, "8.0"),
		model("A30", "NVIDIA A30", 24576, "8.0"),
		model("A10", "NVIDIA A10", 23028, "8.6"),
		model("A10G", "NVIDIA A10G", 23028, "8.6"),
		model("A40", "NVIDIA A40", 46068, "8.6"),
		model("RTX3090", "NVIDIA GeForce RTX 3090", 24576, "8.6"),
		model("RTX-A6000", "NVIDIA RTX A6000", 49140, "8.6"),
		model("L4", "NVIDIA L4", 23034, "8.9"),
		model("L40", "NVIDIA L40", 46068, "8.9"),
		model("L40S", "NVIDIA L40S", 46068, "8.9"),
		model("RTX4090", "NVIDIA GeForce RTX 4090", 24564, "8.9"),
		model("H100", "NVIDIA H100 80GB HBM3", 81559, "9.0"),
		model("H200", "NVIDIA H200", 143771, "9.0"),
		model("B200", "NVIDIA B200", 183359, "10.0"),
		model("RTX5090", "NVIDIA GeForce RTX 5090", 32607, "12.0"),
	}
}

// ModelNames are the names of [Models], sorted.
func ModelNames() []string {
	var names []string
	for _, m := range Models() {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names
}

// Shape is a number of devices of a model.
type Shape struct {
	Count int
	Model Model
}

func (s Shape) String() string { return strconv.Itoa(s.Count) + "x" + s.Model.Name }

// maxShape bounds a shape: no machine has more, and a kubelet lists them all.
const maxShape = 64

// UnknownModelError says that a shape names a model that is not known.
type UnknownModelError struct{ Model string }

func (e *UnknownModelError) Error() string {
	return fmt.Sprintf("no GPU model %q is known; there are %s", e.Model, strings.Join(ModelNames(), ", "))
}

// ParseShape reads a shape such as 2xA100. An unknown model is an
// [UnknownModelError]; case does not count in names.
func ParseShape(text string) (Shape, error) {
	number, name, found := strings.Cut(text, "x")
	count, err := strconv.Atoi(number)
	if !found || err != nil || count < 1 || count > maxShape {
		return Shape{}, fmt.Errorf("%q is no shape: expected a number of devices, 1 to %d, of a model, such as 2xA100", text, maxShape)
	}
	for _, m := range Models() {
		if strings.EqualFold(m.Name, name) {
			return Shape{Count: count, Model: m}, nil
		}
	}
	return Shape{}, &UnknownModelError{Model: name}
}

// Devices are the simulated devices of a node. Their UUIDs come from where
// they are, so that a program that starts again advertises the same.
func (s Shape) Devices(environment, node string) []Device {
	devices := make([]Device, s.Count)
	for i := range devices {
		devices[i] = Device{
			Index: i, Minor: -1, UUID: simulatedUUID(environment, node, i), Model: s.Model.Product, Memory: s.Model.Memory,
		}
	}
	return devices
}

// simulatedUUID is in the form of the driver's: GPU- and a UUID, version 8 of
// RFC 9562, whose bits are the maker's own.
func simulatedUUID(environment, node string, index int) string {
	b := sha256.Sum256([]byte(strings.Join([]string{"diorama simulated gpu", environment, node, strconv.Itoa(index)}, "\x00")))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("GPU-%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// replicaMark stands between a UUID and the number of a share of the device,
// as in NVIDIA's plugin (k8s-device-plugin, internal/rm/devices.go,
// AnnotatedID).
const replicaMark = "::"

// Replica is the ID under which a share of a device is advertised.
func Replica(uuid string, n int) string { return uuid + replicaMark + strconv.Itoa(n) }

// PhysicalUUID is the UUID of the device that an advertised ID stands for, be
// it the device or a share of it.
func PhysicalUUID(id string) string {
	uuid, _, _ := strings.Cut(id, replicaMark)
	return uuid
}

// SimulatedLabel is on nodes whose devices are only advertised.
const SimulatedLabel = "diorama.dev/gpu-simulated"

// migResource begins the resources of MIG devices where they are of several
// kinds: nvidia.com/mig-1g.10gb, and with .shared where they are renamed
// (k8s-device-plugin, MIG_STRATEGY=mixed).
const migResource = "nvidia.com/mig-"

// MIGResource is what Pods ask for to be given a MIG device of the profile where
// there are several kinds (k8s-device-plugin, internal/rm, AddMIGResource).
func MIGResource(profile string) string {
	return migResource + strings.ReplaceAll(profile, "+", ".")
}

// IsResource reports whether Pods ask for devices, whole or parts of one, under
// the name.
func IsResource(name string) bool {
	return name == Resource || name == SharedResource || strings.HasPrefix(name, migResource)
}

// Sort puts slots in the order of their nodes, then of their indices.
func Sort(slots []Slot) {
	slices.SortFunc(slots, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Index, b.Index), cmp.Compare(a.UUID, b.UUID))
	})
}

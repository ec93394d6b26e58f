package pass

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Obstacle is something in the way of GPUs into nodes.
type Obstacle struct {
	// ID names it: driver, wsl, engine, rootless, toolkit, runtime, mounts.
	ID     string `json:"id"`
	Found  string `json:"found"`
	Remedy string `json:"remedy"`
}

// The remedies.
const (
	simulateInstead = "use simulated GPUs (--set gpu.simulate=1xA100)"
	installDriver   = "install NVIDIA's driver as your distribution offers it, restart the machine and try: nvidia-smi"
	rootfulDocker   = "use a Docker that runs as root (docker context use default), or " + simulateInstead
	linuxDocker     = "use a Docker engine that runs on this machine itself, on Linux, or " + simulateInstead
	installToolkit  = "install nvidia-container-toolkit (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html)"
	defaultRuntime  = "sudo nvidia-ctk runtime configure --runtime=docker --set-as-default --cdi.enabled && sudo systemctl restart docker"
	acceptMounts    = "sudo nvidia-ctk config --set accept-nvidia-visible-devices-as-volume-mounts=true --in-place"
	renewCDI        = "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
	makeInstances   = "divide it with `sudo nvidia-smi mig -cgi 9,9 -C`, or turn MIG off with `sudo nvidia-smi -mig 0`"
)

// Remedies are all that an obstacle may ask for, for the documentation.
func Remedies() []string {
	return []string{
		installDriver, simulateInstead, rootfulDocker, linuxDocker, installToolkit, defaultRuntime, acceptMounts, renewCDI, makeInstances,
	}
}

// Obstacles are what stands in the way of the machine's GPUs into nodes, the
// deepest first; none: they can be passed on.
func Obstacles(f Facts) []Obstacle {
	switch {
	case f.WSL:
		return []Obstacle{{"wsl", "on WSL 2 GPUs have no device files and no minor numbers, and nodes in containers do not get to Windows' driver (" +
			"nvidia-container-toolkit#1739)", simulateInstead}}
	case len(f.Inventory.Devices) == 0:
		return []Obstacle{absent(f)}
	case len(f.usable()) == 0:
		return []Obstacle{unusable(f.Inventory.Devices)}
	case !f.Engine.Here:
		return []Obstacle{{"engine", "Docker's machine (" + cmp.Or(f.Engine.System, "a virtual one") + ") is not this one, and does not have its GPUs", linuxDocker}}
	}
	var list []Obstacle
	if f.Engine.Rootless && len(f.Toolkit.CDI) == 0 {
		list = append(list, Obstacle{"rootless", "Docker runs rootless and there is no CDI specification: the toolkit's hooks need root", rootfulDocker})
	}
	if !f.Toolkit.Installed {
		return append(list, Obstacle{"toolkit", "NVIDIA's container toolkit is not installed", installToolkit + ", then: " + acceptMounts + " && " + defaultRuntime})
	}
	if f.Engine.DefaultRuntime != "nvidia" {
		found := "Docker's default runtime is " + cmp.Or(f.Engine.DefaultRuntime, "not known") + ", not nvidia, and kind asks for no other"
		if !slices.Contains(f.Engine.Runtimes, "nvidia") {
			found = "Docker does not know the runtime nvidia"
		}
		list = append(list, Obstacle{"runtime", found, defaultRuntime})
	}
	if !f.Toolkit.Mounts {
		list = append(list, Obstacle{
			"mounts", "the toolkit takes no devices from mounts (accept-nvidia-visible-devices-as-volume-mounts is false in /etc/nvidia-container-runtime/config.toml), and kind has no other way to name them",
			acceptMounts,
		})
	}
	return list
}

// absent is that there are no devices. The inventory says why, and then what
// to do about it.
func absent(f Facts) Obstacle {
	found, remedy, _ := strings.Cut(f.Inventory.Absence, "; ")
	o := Obstacle{ID: "driver", Found: cmp.Or(found, "there is no GPU of NVIDIA's"), Remedy: cmp.Or(remedy, simulateInstead)}
	if f.Hardware > 0 && found == "" {
		o.Found, o.Remedy = "NVIDIA's driver is not installed", installDriver
	}
	return o
}

func unusable(devices []gpu.Device) Obstacle {
	var found []string
	divide := true
	for _, d := range devices {
		said := trouble(d)
		divide = divide && said == undivided
		found = append(found, name(d)+": "+said)
	}
	o := Obstacle{"driver", strings.Join(found, "; "), "look at `sudo dmesg | grep -i nvrm`; a lost GPU comes back with a restart of the machine"}
	if divide {
		o.Remedy = makeInstances
	}
	return o
}

func name(d gpu.Device) string {
	return fmt.Sprintf("GPU %d (%s)", d.Index, cmp.Or(d.UUID, d.Model, "no name"))
}

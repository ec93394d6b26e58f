package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/system"

	"github.com/diorama-dev/diorama/internal/gpu/pass"
)

// gpuEngine is what Docker says of itself that GPUs into nodes depend on.
func gpuEngine(info system.Info, here bool) pass.Engine {
	rootless := slices.ContainsFunc(info.SecurityOptions, func(option string) bool { return strings.Contains(option, "name=rootless") })
	return pass.Engine{
		Here: here, System: info.OperatingSystem, Rootless: rootless, Runtimes: slices.Sorted(maps.Keys(info.Runtimes)),
		DefaultRuntime: info.DefaultRuntime, CgroupVersion: info.CgroupVersion, CgroupDriver: info.CgroupDriver,
	}
}

const keepDevices = "sudo nvidia-ctk system create-dev-char-symlinks --create-all (and a udev rule that does so at every start)"

func gpuRule() rule {
	return rule{RuleDoc{
		"gpu", "GPUs",
		"Whether the machine's GPUs of NVIDIA's can get into the nodes: driver, container toolkit, Docker's default runtime, and how the toolkit takes names of devices. Nothing is said on a machine that has nothing of NVIDIA's, unless the profile requires GPUs.",
		pass.Remedies(),
	}, gpus}
}

func gpuReloadRule() rule {
	return rule{RuleDoc{
		"gpu-reload", "GPUs and systemd",
		"With control groups in systemd's hands, a reload of systemd takes GPUs away from containers (\"Failed to initialize NVML: Unknown Error\"), unless /dev/char leads to them.",
		[]string{keepDevices},
	}, gpuReload}
}

func gpus(f Facts, check Check) []Check {
	if !f.GPU.Any() && !f.Wanted.RequireGPUs {
		return nil
	}
	obstacles := pass.Obstacles(f.GPU)
	if f.Unusable != nil && len(f.GPU.Inventory.Devices) > 0 {
		return nil // of Docker, another check says what is to be said
	}
	if len(obstacles) == 0 {
		passing, _ := pass.Make(f.GPU, 1)
		check.Found = fmt.Sprintf("%d of NVIDIA's, driver %s, by %s", len(f.GPU.Inventory.Devices), f.GPU.Inventory.Driver, wayName(passing.Way))
		if len(passing.Notes) > 0 {
			check.Status, check.Found, check.Remedy = Warn, check.Found+"; "+strings.Join(passing.Notes, "; "), "see docs/gpu.md"
		}
		return []Check{check}
	}
	var list []Check
	for _, o := range obstacles {
		c := check
		c.Status, c.Found, c.Remedy = Warn, o.Found, o.Remedy
		if f.Wanted.RequireGPUs {
			c.Status = Fail
		}
		list = append(list, c)
	}
	return list
}

func wayName(way pass.Way) string {
	switch way {
	case pass.CDI:
		return "CDI"
	case pass.Mounts:
		return "mounts"
	}
	return string(way)
}

func gpuReload(f Facts, check Check) []Check {
	e := f.GPU.Engine
	if f.Unusable != nil || len(f.GPU.Inventory.Devices) == 0 || len(pass.Obstacles(f.GPU)) > 0 || e.CgroupDriver != "systemd" {
		return nil
	}
	check.Found = "/dev/char leads to the devices"
	if !f.GPU.Toolkit.Symlinks {
		check.Status, check.Found, check.Remedy = Warn, "systemd has the control groups, and /dev/char does not lead to the devices", keepDevices
	}
	return []Check{check}
}

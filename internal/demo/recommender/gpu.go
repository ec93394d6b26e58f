package recommender

import (
	"strconv"
	"strings"
)

// GPU says which devices the process was given, from its environment: what
// NVIDIA's runtime and device plugin set, and the sign of devices that are only
// simulated. Nothing is run to find out. It is empty where there are none.
func GPU(getenv func(string) string) string {
	devices := strings.TrimSpace(getenv("NVIDIA_VISIBLE_DEVICES"))
	switch devices {
	case "", "none", "void":
		return ""
	}
	if len(devices) > maxDevices {
		devices = devices[:maxDevices] + "…"
	}
	name := getenv("DIORAMA_GPU_SIMULATED")
	if name == "" {
		return devices
	}
	if count, model, ok := strings.Cut(name, "x"); ok { // 2xA100
		if _, err := strconv.Atoi(count); err == nil {
			name = model
		}
	}
	return devices + " (simulated " + name + ")"
}

// maxDevices bounds what is shown of the devices, in bytes.
const maxDevices = 400

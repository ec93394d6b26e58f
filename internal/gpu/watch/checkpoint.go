// Package watch owns what is known of an environment's GPUs at an instant: the
// devices that its nodes advertise, which Pod holds which, and what the driver
// says of them, folded into one value. Everything here is pure; whoever asks
// nodes and the driver gives what they answered.
package watch

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Checkpoint is what a kubelet notes of devices.
type Checkpoint struct {
	// Registered are the IDs of healthy devices, by resource, as of when the
	// kubelet last wrote.
	Registered map[string][]string
	// Given are the devices that containers were given. It may name containers
	// that have ended: the kubelet takes devices back only when they are asked
	// for again.
	Given []Given
}

// Given are devices of a container.
type Given struct {
	PodUID, Container, Resource string
	IDs                         []string // sorted
}

// checkpointBytes bounds what is read of a checkpoint: that of a node full of
// Pods with shares of 64 devices each is smaller.
const checkpointBytes = 4 << 20

// checkpointFile is kubelet_internal_checkpoint, as Kubernetes has it
// (pkg/kubelet/cm/devicemanager/checkpoint/checkpoint.go). DeviceIDs are by
// NUMA node, and were a list before 1.20.
type checkpointFile struct {
	Data struct {
		PodDeviceEntries []struct {
			PodUID        string
			ContainerName string
			ResourceName  string
			DeviceIDs     json.RawMessage
		}
		RegisteredDevices map[string][]string
	}
}

// ParseCheckpoint reads a kubelet's note of devices. What it does not know it
// leaves out; what is no JSON is an error.
func ParseCheckpoint(data []byte) (Checkpoint, error) {
	if len(data) > checkpointBytes {
		return Checkpoint{}, fmt.Errorf("the kubelet's note of devices has %d bytes, more than %d", len(data), checkpointBytes)
	}
	var file checkpointFile
	if err := json.Unmarshal(data, &file); err != nil {
		return Checkpoint{}, fmt.Errorf("read the kubelet's note of devices: %w", err)
	}
	c := Checkpoint{Registered: file.Data.RegisteredDevices}
	for _, e := range file.Data.PodDeviceEntries {
		ids := deviceIDs(e.DeviceIDs)
		if e.PodUID == "" || len(ids) == 0 {
			continue
		}
		c.Given = append(c.Given, Given{PodUID: e.PodUID, Container: e.ContainerName, Resource: e.ResourceName, IDs: ids})
	}
	return c, nil
}

// deviceIDs are those of all NUMA nodes.
func deviceIDs(data json.RawMessage) []string {
	var ids []string
	var byNode map[string][]string
	if err := json.Unmarshal(data, &byNode); err == nil {
		for _, list := range byNode {
			ids = append(ids, list...)
		}
	} else if err := json.Unmarshal(data, &ids); err != nil {
		return nil
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

package kind

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/gpu"
	"github.com/diorama-dev/diorama/internal/gpu/watch"
	"github.com/diorama-dev/diorama/internal/plan"
)

const (
	// checkpointPath is where a kubelet notes which container was given which
	// device (Kubernetes, pkg/kubelet/cm/devicemanager).
	checkpointPath = "/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint"
	// checkpointBytes bounds what is read of it.
	checkpointBytes = 4 << 20
	// lookWithin bounds how long a first observation is waited for.
	lookWithin = 3 * time.Second
)

// GPUs is what is known now of the environment's GPUs: what its nodes
// advertise, which Pod holds which, and what the driver says. Before is the
// state that was known last, empty at first.
func (r *Runtime) GPUs(ctx context.Context, before gpu.State) (gpu.State, error) {
	p := r.current()
	if p.Cluster.Name == "" {
		return gpu.State{Time: time.Now(), Slots: []gpu.Slot{}, Absence: "the environment has no plan yet"}, nil
	}
	nodes, err := Nodes(ctx, r.options.Engine, p.Cluster.Name)
	if err != nil {
		return gpu.State{}, err
	}
	seen := watch.Seen{
		Time: time.Now(), Sharing: p.Cluster.GPU.Share,
		Planned: p.GivesGPUs(),
	}
	o := r.observing()
	o.looked(ctx)
	counted, pods := o.gpus()
	seen.Pods = pods
	for _, node := range nodes {
		seen.Nodes = append(seen.Nodes, r.gpuNode(ctx, p, node, len(nodes), counted[node.Name]))
	}
	if r.driver.ask != nil && !p.Cluster.GPU.Simulated {
		seen.Driver = r.driver.say(ctx)
	}
	return watch.State(seen, before), nil
}

// gpuNode is a node as its kubelet has noted it.
func (r *Runtime) gpuNode(ctx context.Context, p plan.Plan, node Node, all int, counted map[string]int64) watch.Node {
	n := watch.Node{Name: node.Name, Counted: counted}
	// A control plane works only where it is alone.
	if shape, err := gpu.ParseShape(p.Cluster.GPU.Shape); err == nil && (all == 1 || node.Role == "worker") {
		n.Simulated = shape.Devices(p.Environment, node.Name)
	}
	switch {
	case !node.Running:
		n.Error = "its container is stopped"
	case len(counted) == 0 && len(n.Simulated) == 0:
	default:
		data, err := r.checkpoint(ctx, node.Name)
		if err == nil {
			n.Checkpoint, err = watch.ParseCheckpoint(data)
		}
		if err != nil {
			n.Error = err.Error()
		}
	}
	return n
}

// checkpoint is the kubelet's note of devices, read through Docker, so that
// nothing has to run in the node. A kubelet that has none yet has noted nothing.
func (r *Runtime) checkpoint(ctx context.Context, node string) ([]byte, error) {
	archive, _, err := r.options.Engine.Client.CopyFromContainer(ctx, node, checkpointPath)
	if cerrdefs.IsNotFound(err) {
		return []byte("{}"), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which Pod of node %s was given which device: %w", node, err)
	}
	defer archive.Close()
	files := tar.NewReader(archive)
	if _, err := files.Next(); err != nil {
		return nil, fmt.Errorf("read which Pod of node %s was given which device: %w", node, err)
	}
	data, err := io.ReadAll(io.LimitReader(files, checkpointBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read which Pod of node %s was given which device: %w", node, err)
	}
	return data, nil
}

// looked waits for the first observation, where one is to be had soon.
func (o *observer) looked(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	o.mu.Lock()
	seen, changed := o.seen, o.changed
	o.mu.Unlock()
	if seen {
		return
	}
	select {
	case <-changed:
	case <-ctx.Done():
	}
}

// gpus are, of the last observation, the devices that nodes say they can give,
// by node and resource, and the Pods that have not ended.
func (o *observer) gpus() (counted map[string]map[string]int64, pods []watch.Pod) {
	o.mu.Lock()
	defer o.mu.Unlock()
	counted = make(map[string]map[string]int64)
	for _, node := range o.last.Nodes {
		amounts := make(map[string]int64)
		for name, quantity := range node.Status.Allocatable {
			if gpu.IsResource(string(name)) {
				amounts[string(name)] = quantity.Value()
			}
		}
		counted[node.Name] = amounts
	}
	why := make(map[string]string)
	for _, service := range o.services {
		for _, finding := range service.Why {
			why[finding.Subject] = finding.Summary
		}
	}
	for _, pod := range o.last.Pods {
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		pods = append(pods, watch.Pod{
			UID: string(pod.UID), Name: pod.Name, Node: pod.Spec.NodeName,
			Stack: pod.Labels[diagnose.LabelStack], Service: pod.Labels[diagnose.LabelService],
			Asked: askedGPUs(pod), Why: why["pod/"+pod.Name],
		})
	}
	return counted, pods
}

// askedGPUs is how many devices a Pod asks for.
func askedGPUs(pod corev1.Pod) int64 {
	var asked int64
	for _, container := range pod.Spec.Containers {
		for name, quantity := range container.Resources.Limits {
			if gpu.IsResource(string(name)) {
				asked += quantity.Value()
			}
		}
	}
	return asked
}

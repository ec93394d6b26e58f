package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// fitting is how a Pod's request of one resource compares with the nodes.
type fitting struct {
	resource corev1.ResourceName
	wanted   int64 // of CPU: thousandths
	most     int64 // the most that any node has in all
	free     int64 // the most that any node has left
	never    bool  // no node has as much even when empty
	// held is true when every node that could take it is filled by Pods that stay.
	held     bool
	evidence []string
}

// fit compares a Pod's request with what nodes have and what their Pods hold.
func (f *facts) fit(pod *corev1.Pod, name corev1.ResourceName) fitting {
	fit := fitting{resource: name, wanted: requested(pod, name), never: true, held: true}
	for _, node := range f.Nodes {
		quantity := node.Status.Allocatable[name]
		all := amountOf(name, quantity)
		var used, staying int64
		for _, other := range f.pods {
			if other.Spec.NodeName != node.Name || other.Status.Phase == corev1.PodSucceeded || other.Status.Phase == corev1.PodFailed {
				continue
			}
			n := requested(other.Pod, name)
			used += n
			if !other.leaving() {
				staying += n
			}
		}
		fit.most, fit.free = max(fit.most, all), max(fit.free, all-used)
		fit.never = fit.never && fit.wanted > all
		fit.held = fit.held && fit.wanted > all-staying
		fit.evidence = append(fit.evidence, fmt.Sprintf("node %s: %s in all, %s requested by its Pods",
			clean(node.Name), fit.amount(all), fit.amount(used)))
	}
	if len(f.Nodes) == 0 {
		fit.never, fit.held = false, false
	}
	return fit
}

// leaving reports whether the Pod will end by itself: it is told to, it is a
// Job's, or the workload that it is of has been deleted, which takes a moment
// to come to its Pods.
func (p *podFacts) leaving() bool {
	switch {
	case p.DeletionTimestamp != nil:
		return true
	case p.owner != nil:
		return p.owner.kind == "Job"
	}
	return p.Labels[LabelService] != "" && len(p.OwnerReferences) > 0
}

func (f fitting) text() string {
	switch {
	case f.never && f.most == 0:
		return "no node has any"
	case f.never:
		return fmt.Sprintf("no node has more than %s in all", f.amount(f.most))
	case f.free >= f.wanted: // by what we see, so others hold it
		return "what the nodes have left is held by Pods of other namespaces"
	default:
		return fmt.Sprintf("no node has more than %s left", f.amount(max(0, f.free)))
	}
}

// amount writes an amount of the resource.
func (f fitting) amount(n int64) string {
	switch f.resource {
	case corev1.ResourceCPU:
		return resource.NewMilliQuantity(n, resource.DecimalSI).String()
	case corev1.ResourceMemory, corev1.ResourceEphemeralStorage:
		return bytesText(n)
	default:
		return fmt.Sprint(n)
	}
}

func amountOf(name corev1.ResourceName, quantity resource.Quantity) int64 {
	if name == corev1.ResourceCPU {
		return quantity.MilliValue()
	}
	return quantity.Value()
}

// requested is what a Pod asks of a node: its containers together, or the
// largest of those that run before them.
func requested(pod *corev1.Pod, name corev1.ResourceName) int64 {
	if name == corev1.ResourcePods {
		return 1
	}
	var together, before int64
	for _, container := range pod.Spec.Containers {
		together += amountOf(name, container.Resources.Requests[name])
	}
	for _, container := range pod.Spec.InitContainers {
		n := amountOf(name, container.Resources.Requests[name])
		if container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			together += n
			continue
		}
		before = max(before, n)
	}
	return max(together, before)
}

// gpuOf is the resource under which the Pod requests GPUs.
func gpuOf(pod *corev1.Pod, otherwise corev1.ResourceName) corev1.ResourceName {
	var names []corev1.ResourceName
	for _, container := range pod.Spec.Containers {
		for name := range container.Resources.Requests {
			if strings.Contains(string(name), "gpu") || strings.HasPrefix(string(name), "nvidia.com/") {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return otherwise
	}
	return slices.Min(names)
}

package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// What is advised where GPUs are short; the last only where there are none.
const (
	adviseFewerGPUs = "ask for fewer GPUs or for none, or end what holds them"
	adviseGPUsCome  = "wait a moment; diorama gpu shows which GPUs the nodes have"
	adviseNames     = "ask for GPUs under the name by which they are there, or change that: --set gpu-nvidia.rename=false or gpu-simulated.rename=false for shares"
	adviseSimulated = "where the machine has none: --set gpu.simulate=2xA100 advertises some that schedule and do not compute"
)

// namedHolders bounds how many Pods a sentence names.
const namedHolders = 3

// lacksGPUs says why a Pod that asks for GPUs finds no node: whether there are
// any, and who holds them.
func (f *facts) lacksGPUs(fit fitting, finding *found) {
	held := f.gpuHolders(fit.resource)
	var total, used int64
	for _, node := range f.Nodes {
		quantity := node.Status.Allocatable[fit.resource]
		total += quantity.Value()
	}
	for _, h := range held {
		used += h.gpus
	}
	finding.Advice = []string{adviseFewerGPUs}
	wants := "wants " + gpuCount(fit.wanted) + ", and "
	other := f.otherGPUs(fit.resource)
	switch {
	case total == 0 && other != "":
		finding.Summary = fmt.Sprintf("%sno node has any under the name %s: they are there as %s", wants, fit.resource, other)
		finding.Advice = []string{adviseNames}
	case total == 0 && f.awaitsGPUs(fit.resource) && f.Time.Sub(finding.Since) < schedulePatience:
		finding.Summary = wants + "no node has any yet: the device plugin has still to tell of them"
		finding.Advice = []string{adviseGPUsCome}
	case total == 0:
		finding.Summary = wants + "no node has any"
		finding.Advice = []string{adviseFewerGPUs, adviseSimulated}
	case fit.never:
		finding.Summary = wants + "no node has more than " + fmt.Sprint(fit.most) + " in all"
	case used >= total:
		finding.Summary = fmt.Sprintf("%s%s: %s held by %s", wants, areThere(total), allOf(total), holderNames(held))
	case used == 0:
		finding.Summary = wants + fit.text()
	default:
		finding.Summary = fmt.Sprintf("%s%s, of which no node has more than %d free: the others are held by %s", wants, areThere(total), max(0, fit.free), holderNames(held))
	}
	for _, h := range held {
		finding.Evidence = append(finding.Evidence, fmt.Sprintf("node %s: %s holds %s", clean(h.node), h.pod, gpuCount(h.gpus)))
	}
}

// otherGPUs are the names by which nodes have GPUs, other than this one: shares
// may have a name of their own, and MIG devices of several kinds have. Empty:
// there are none.
func (f *facts) otherGPUs(name corev1.ResourceName) string {
	var names []string
	for _, node := range f.Nodes {
		for other, quantity := range node.Status.Allocatable {
			known := other == "nvidia.com/gpu" || other == "nvidia.com/gpu.shared" || strings.HasPrefix(string(other), "nvidia.com/mig-")
			if known && other != name && quantity.Value() > 0 {
				names = append(names, string(other))
			}
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// gpuHolder is a Pod that has GPUs of a node.
type gpuHolder struct {
	pod, node string
	gpus      int64
}

// gpuHolders are the Pods that have GPUs, those with the most first.
func (f *facts) gpuHolders(name corev1.ResourceName) []gpuHolder {
	var held []gpuHolder
	for _, pod := range f.pods {
		if pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		if n := requested(pod.Pod, name); n > 0 {
			held = append(held, gpuHolder{pod: clean(pod.Name), node: pod.Spec.NodeName, gpus: n})
		}
	}
	slices.SortStableFunc(held, func(a, b gpuHolder) int { return cmp.Or(cmp.Compare(b.gpus, a.gpus), cmp.Compare(a.pod, b.pod)) })
	return held
}

func holderNames(held []gpuHolder) string {
	var names []string
	for _, h := range held {
		if len(names) == namedHolders {
			names = append(names, fmt.Sprintf("%d others", len(held)-namedHolders))
			break
		}
		names = append(names, h.pod)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func gpuCount(n int64) string {
	if n == 1 {
		return "1 GPU"
	}
	return fmt.Sprintf("%d GPUs", n)
}

func areThere(n int64) string {
	if n == 1 {
		return "1 is there"
	}
	return fmt.Sprintf("%d are there", n)
}

func allOf(n int64) string {
	if n == 1 {
		return "it is"
	}
	return "all are"
}

// awaitsGPUs reports whether GPUs may yet appear: something is to advertise
// some, or a node's kubelet has known some before. A node that has just started
// has none before its plugin says so.
func (f *facts) awaitsGPUs(name corev1.ResourceName) bool {
	return slices.ContainsFunc(f.workloads, func(w *workload) bool { return w.labels[LabelCategory] == "gpu" }) ||
		slices.ContainsFunc(f.Nodes, func(n corev1.Node) bool { _, known := n.Status.Capacity[name]; return known })
}

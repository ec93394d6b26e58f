package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// schedulePatience is how long a Pod may find no node before what other Pods
// hold is taken to stay as it is.
const schedulePatience = 30 * time.Second

// shortage is one reason of the scheduler to refuse a node.
type shortage struct {
	doc   RuleDoc
	words []string // in the scheduler's message, in lower case
	// resource is set where the reason is an amount of it.
	resource corev1.ResourceName
	says     string // of an amount: a format for it; else the whole clause
}

// shortages are tried in order; the last takes what no other does.
func shortages() []shortage { return append(amountShortages(), otherShortages()...) }

func scheduleRule() rule {
	var docs []RuleDoc
	for _, s := range shortages() {
		docs = append(docs, s.doc)
	}
	return rule{docs: docs, find: func(f *facts) []found {
		var out []found
		for _, pod := range f.pods {
			for _, condition := range pod.Status.Conditions {
				if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse &&
					condition.Reason == corev1.PodReasonUnschedulable && pod.DeletionTimestamp == nil {
					if finding := f.unschedulable(pod, condition); !f.passing(pod, finding) {
						out = append(out, finding)
					}
				}
			}
		}
		return out
	}}
}

// passing reports whether a Pod waits only for some node to become ready: until
// then it keeps Pods off by taints of Kubernetes' own, and the scheduler's last
// word can outlive the taint. A node that stays so has a finding itself.
func (f *facts) passing(pod *podFacts, finding found) bool {
	if finding.doc.ID != "unschedulable-taint" || f.Time.Sub(finding.Since) >= schedulePatience {
		return false
	}
	_, _, stays := f.taints(pod.Pod)
	return !stays
}

func (f *facts) unschedulable(pod *podFacts, condition corev1.PodCondition) found {
	// What is said of preemption repeats the reasons in other words.
	message, _, _ := strings.Cut(condition.Message, " preemption:")
	all := shortages()
	at := slices.IndexFunc(all, func(s shortage) bool { return containsAny(message, s.words...) })
	short := all[at] // the last matches everything
	if short.resource == "nvidia.com/gpu" {
		short.resource = gpuOf(pod.Pod, short.resource)
	}
	finding := ofPod(pod, short.doc)
	finding.Since = condition.LastTransitionTime.Time
	waited := f.Time.Sub(finding.Since) >= schedulePatience
	finding.Evidence = []string{"scheduler: " + clean(condition.Message)}
	switch {
	case short.resource != "":
		fit := f.fit(pod.Pod, short.resource)
		finding.Summary = fmt.Sprintf("wants "+short.says+", and %s", fit.amount(fit.wanted), fit.text())
		finding.Evidence = append(finding.Evidence, fit.evidence...)
		finding.Terminal = fit.never || fit.held && waited
		if short.doc.ID == "unschedulable-gpu" {
			f.lacksGPUs(fit, &finding)
			finding.Terminal = finding.Terminal && (waited || !f.awaitsGPUs(short.resource))
		}
	default:
		finding.Summary = short.says + ": " + schedulerCause(message, short)
		finding.Terminal = waited && staysSo(short, message)
	}
	if short.doc.ID == "unschedulable-taint" {
		taints, set, stays := f.taints(pod.Pod)
		finding.Evidence = append(finding.Evidence, taints...)
		finding.Terminal = waited && stays
		if !stays {
			set = nil // one of the others is to become well, and no taint to go
		}
		for _, known := range set {
			finding.Advice = append(finding.Advice, short.doc.advise(known)...)
		}
	}
	if short.doc.ID == "unschedulable-port" {
		holders := f.portHolders(pod)
		finding.Evidence = append(finding.Evidence, holders...)
		finding.Terminal = waited && len(holders) > 0
	}
	return finding
}

// schedulerCause is the part of the scheduler's message that the shortage matched.
func schedulerCause(message string, short shortage) string {
	_, reasons, _ := strings.Cut(message, ": ")
	for part := range strings.SplitSeq(cmp.Or(reasons, message), ", ") {
		if containsAny(part, short.words...) {
			part, _, _ = strings.Cut(part, ". ")
			return clean(strings.TrimSuffix(strings.TrimSpace(part), "."))
		}
	}
	return clean(message)
}

// staysSo reports whether a refusal without amounts will not end by itself.
func staysSo(short shortage, message string) bool {
	switch short.doc.ID {
	case "unschedulable-affinity":
		return true
	case "unschedulable-volume":
		return containsAny(message, "node affinity", "\" not found")
	default:
		return false
	}
}

// portHolders names the Pods that hold a node port which the Pod wants.
func (f *facts) portHolders(pod *podFacts) []string {
	wanted := hostPorts(pod.Pod)
	var out []string
	for _, other := range f.pods {
		if other == pod || other.Spec.NodeName == "" {
			continue
		}
		for port := range hostPorts(other.Pod) {
			if wanted[port] {
				out = append(out, fmt.Sprintf("port %d of node %s is held by %s", port, clean(other.Spec.NodeName), other.subject()))
			}
		}
	}
	return out
}

func hostPorts(pod *corev1.Pod) map[int32]bool {
	ports := map[int32]bool{}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.HostPort != 0 {
				ports[port.HostPort] = true
			}
		}
	}
	return ports
}

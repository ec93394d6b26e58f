package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// ownTaints begin the keys of taints that Kubernetes sets and, once the node
// has recovered, removes by itself.
const ownTaints = "node.kubernetes.io/"

// taints lists the taints that keep a Pod off the nodes, those that nobody will
// remove but a person, as advice needs them, and whether every node has one of
// these.
func (f *facts) taints(pod *corev1.Pod) (evidence []string, set []map[string]string, stays bool) {
	stays = len(f.Nodes) > 0
	for _, node := range f.Nodes {
		here := len(set)
		for _, taint := range node.Spec.Taints {
			if tolerated(pod, taint) {
				continue
			}
			evidence = append(evidence, fmt.Sprintf("node %s: taint %s", clean(node.Name), clean(taint.ToString())))
			if !strings.HasPrefix(taint.Key, ownTaints) {
				set = append(set, map[string]string{"node": clean(node.Name), "taint": clean(taint.Key) + ":" + clean(string(taint.Effect))})
			}
		}
		stays = stays && len(set) > here
	}
	return evidence, set, stays
}

// tolerated reports whether a taint does not keep the Pod off a node.
func tolerated(pod *corev1.Pod, taint corev1.Taint) bool {
	if taint.Effect == corev1.TaintEffectPreferNoSchedule {
		return true
	}
	return slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
		sameKey := t.Key == taint.Key || t.Key == "" && t.Operator == corev1.TolerationOpExists
		sameValue := t.Operator == corev1.TolerationOpExists || t.Value == taint.Value
		return sameKey && sameValue && (t.Effect == "" || t.Effect == taint.Effect)
	})
}

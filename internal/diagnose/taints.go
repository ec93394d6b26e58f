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

// taints lists the taints that keep a Pod off the nodes, how to remove those
// that nobody else will, and whether every node has one of these.
func (f *facts) taints(pod *corev1.Pod) (evidence, advice []string, stays bool) {
	stays = len(f.Nodes) > 0
	for _, node := range f.Nodes {
		set := false
		for _, taint := range node.Spec.Taints {
			if tolerated(pod, taint) {
				continue
			}
			evidence = append(evidence, fmt.Sprintf("node %s: taint %s", clean(node.Name), clean(taint.ToString())))
			if !strings.HasPrefix(taint.Key, ownTaints) {
				set = true
				advice = append(advice, fmt.Sprintf("kubectl taint nodes %s %s:%s-", clean(node.Name), clean(taint.Key), clean(string(taint.Effect))))
			}
		}
		stays = stays && set
	}
	return evidence, advice, stays
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

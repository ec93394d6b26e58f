package diagnose

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// nodePatience is how long a node may take to become ready after it was made.
const nodePatience = time.Minute

// ofNode begins a finding about a node.
func ofNode(node corev1.Node, doc RuleDoc) found {
	f := begin(doc, "node/"+clean(node.Name))
	f.known = map[string]string{"node": clean(node.Name)}
	return f
}

func apiRule() rule {
	return rule{
		docs: []RuleDoc{apiDoc()},
		find: func(f *facts) []found {
			if f.API.Error == "" {
				return nil
			}
			finding := begin(apiDoc(), "cluster/api")
			finding.Since = f.API.Since
			finding.Summary = fmt.Sprintf("the cluster's API at %s does not answer", clean(f.API.Address))
			finding.Evidence = []string{clean(f.API.Error)}
			return []found{finding}
		},
	}
}

func nodeRule() rule {
	return rule{
		docs: []RuleDoc{nodeDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, node := range f.Nodes {
				ready, ok := nodeCondition(node, corev1.NodeReady)
				if !ok || ready.Status == corev1.ConditionTrue || f.Time.Sub(node.CreationTimestamp.Time) < nodePatience {
					continue
				}
				finding := ofNode(node, nodeDoc())
				finding.Since = ready.LastTransitionTime.Time
				finding.Summary = fmt.Sprintf("node %s ceased to be ready %s: %s",
					clean(node.Name), ago(f.Time, finding.Since), clean(ready.Message))
				finding.Evidence = []string{fmt.Sprintf("%s: %s", clean(ready.Reason), clean(ready.Message))}
				out = append(out, finding)
			}
			return out
		},
	}
}

func pressureRule() rule {
	var docs []RuleDoc
	for _, p := range pressures() {
		docs = append(docs, p.doc)
	}
	return rule{docs: docs, find: func(f *facts) []found {
		var out []found
		for _, node := range f.Nodes {
			for _, condition := range node.Status.Conditions {
				at := slices.IndexFunc(pressures(), func(p pressure) bool { return p.condition == condition.Type })
				if at < 0 || condition.Status != corev1.ConditionTrue {
					continue
				}
				finding := ofNode(node, pressures()[at].doc)
				finding.Since = condition.LastTransitionTime.Time
				finding.Summary = fmt.Sprintf("node %s: %s", clean(node.Name), clean(condition.Message))
				finding.Evidence = []string{fmt.Sprintf("%s: %s", clean(condition.Reason), clean(condition.Message))}
				out = append(out, finding)
			}
		}
		return out
	}}
}

func addressRule() rule {
	return rule{
		docs: []RuleDoc{addressDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, node := range f.Nodes {
				old, current := f.staleAddress(node)
				move, moved := f.move(node)
				if old == "" && !moved {
					continue
				}
				finding := ofNode(node, addressDoc())
				if moved {
					old, current, finding.Since = move.From, move.To, move.Time
				}
				finding.Summary = fmt.Sprintf("node %s has address %s and had %s",
					clean(node.Name), clean(current), clean(old))
				finding.Evidence = []string{
					"address now: " + clean(current), "address before: " + clean(old),
				}
				out = append(out, finding)
			}
			return out
		},
	}
}

// move is the node's last change of address, while the node or one of its
// Pods has not recovered from it.
func (f *facts) move(node corev1.Node) (Move, bool) {
	at := -1
	for i, move := range f.Moves {
		if move.Node == node.Name {
			at = i
		}
	}
	if at < 0 {
		return Move{}, false
	}
	ready, _ := nodeCondition(node, corev1.NodeReady)
	well := ready.Status == corev1.ConditionTrue
	for _, pod := range f.pods {
		if pod.Spec.NodeName == node.Name && pod.Status.Phase == corev1.PodRunning && !podReady(pod) {
			well = false
		}
	}
	return f.Moves[at], !well
}

// annotationAdvertised is where kubeadm writes the address under which the
// API server is known to the cluster.
const annotationAdvertised = "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint"

// staleAddress is an address that Pods of the node still have and the node no
// longer has, beside the one it has; empty where there is none.
func (f *facts) staleAddress(node corev1.Node) (old, current string) {
	addresses := map[string]bool{}
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			addresses[address.Address] = true
			current = address.Address
		}
	}
	if len(addresses) == 0 {
		return "", ""
	}
	for _, pod := range f.pods {
		if pod.Spec.NodeName != node.Name || pod.Status.Phase != corev1.PodRunning {
			continue
		}
		if ip := pod.Status.HostIP; ip != "" && !addresses[ip] {
			return ip, current
		}
		if host := hostOf(pod.Annotations[annotationAdvertised]); host != "" && !addresses[host] {
			return host, current
		}
	}
	return "", current
}

func nodeCondition(node corev1.Node, kind corev1.NodeConditionType) (corev1.NodeCondition, bool) {
	for _, condition := range node.Status.Conditions {
		if condition.Type == kind {
			return condition, true
		}
	}
	return corev1.NodeCondition{}, false
}

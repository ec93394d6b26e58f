package diagnose

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/diorama-dev/diorama/internal/env"
)

// nodePatience is how long a node may take to become ready after it was made.
const nodePatience = time.Minute

// ofNode begins a finding about a node.
func ofNode(node corev1.Node, id string) found {
	return found{Finding: env.Finding{ID: id, Subject: "node/" + clean(node.Name)}}
}

func apiRule() rule {
	return rule{
		docs: []RuleDoc{{
			"api-unreachable", "Cluster's API unreachable",
			"The cluster's API server does not answer. What is shown is the last that was known.",
			"See whether the node's container runs: `docker ps`; `diorama start` starts a stopped environment.",
		}},
		find: func(f *facts) []found {
			if f.API.Error == "" {
				return nil
			}
			finding := found{Finding: env.Finding{ID: "api-unreachable", Subject: "cluster/api", Since: f.API.Since}}
			finding.Summary = fmt.Sprintf("the cluster's API at %s does not answer", clean(f.API.Address))
			finding.Evidence = []string{clean(f.API.Error)}
			finding.Advice = []string{
				"diorama start, where the environment was stopped",
				"docker ps -a shows whether the node's container runs",
				"see whether Docker runs: diorama doctor",
			}
			return []found{finding}
		},
	}
}

func nodeRule() rule {
	return rule{
		docs: []RuleDoc{{
			"node-not-ready", "Node not ready",
			"A node's kubelet does not report, or reports that it cannot run Pods.",
			"See whether the node's container runs and has memory; `docker logs NODE` has its log.",
		}},
		find: func(f *facts) []found {
			var out []found
			for _, node := range f.Nodes {
				ready, ok := nodeCondition(node, corev1.NodeReady)
				if !ok || ready.Status == corev1.ConditionTrue || f.Time.Sub(node.CreationTimestamp.Time) < nodePatience {
					continue
				}
				finding := ofNode(node, "node-not-ready")
				finding.Since = ready.LastTransitionTime.Time
				finding.Summary = fmt.Sprintf("node %s ceased to be ready %s: %s",
					clean(node.Name), ago(f.Time, finding.Since), clean(ready.Message))
				finding.Evidence = []string{fmt.Sprintf("%s: %s", clean(ready.Reason), clean(ready.Message))}
				finding.Advice = []string{
					"see whether its container runs: docker ps -a",
					"read its log: docker logs " + clean(node.Name),
				}
				out = append(out, finding)
			}
			return out
		},
	}
}

// pressures are a node's conditions that are bad when true.
func pressures() map[corev1.NodeConditionType]RuleDoc {
	return map[corev1.NodeConditionType]RuleDoc{
		corev1.NodeDiskPressure: {
			"disk-pressure", "Node short of disk",
			"A node's disk is nearly full; Kubernetes evicts Pods and takes no new ones.",
			"Free space: docker system df, docker system prune",
		},
		corev1.NodeMemoryPressure: {
			"memory-pressure", "Node short of memory",
			"A node's memory is nearly used up; Kubernetes evicts Pods.",
			"Leave stacks out, lower their limits, or give Docker more memory",
		},
		corev1.NodePIDPressure: {
			"pid-pressure", "Node short of process numbers",
			"A node has nearly as many processes as it may have; Kubernetes takes no new Pods.",
			"Find what makes so many processes: docker stats has a PIDS column",
		},
		corev1.NodeNetworkUnavailable: {
			"node-network", "Node without Pod network",
			"A node's Pod network is not set up.",
			"Make the cluster anew: diorama up --recreate",
		},
	}
}

func pressureRule() rule {
	var docs []RuleDoc
	for _, doc := range pressures() {
		docs = append(docs, doc)
	}
	return rule{docs: docs, find: func(f *facts) []found {
		var out []found
		for _, node := range f.Nodes {
			for _, condition := range node.Status.Conditions {
				doc, ok := pressures()[condition.Type]
				if !ok || condition.Status != corev1.ConditionTrue {
					continue
				}
				finding := ofNode(node, doc.ID)
				finding.Since = condition.LastTransitionTime.Time
				finding.Summary = fmt.Sprintf("node %s: %s", clean(node.Name), clean(condition.Message))
				finding.Evidence = []string{fmt.Sprintf("%s: %s", clean(condition.Reason), clean(condition.Message))}
				finding.Advice = []string{strings.ToLower(doc.Remedy[:1]) + doc.Remedy[1:]}
				out = append(out, finding)
			}
		}
		return out
	}}
}

func addressRule() rule {
	return rule{
		docs: []RuleDoc{{
			"node-address-changed", "Node came back with another address",
			"Docker gave the node another address when it started again. What remembers the old one does not find the node until it asks again.",
			"Most recover by themselves in a minute; restart the services that do not. Failing that, `diorama up --recreate`.",
		}},
		find: func(f *facts) []found {
			var out []found
			for _, node := range f.Nodes {
				old, current := f.staleAddress(node)
				move, moved := f.move(node)
				if old == "" && !moved {
					continue
				}
				finding := ofNode(node, "node-address-changed")
				if moved {
					old, current, finding.Since = move.From, move.To, move.Time
				}
				finding.Summary = fmt.Sprintf("node %s has address %s and had %s",
					clean(node.Name), clean(current), clean(old))
				finding.Evidence = []string{
					"address now: " + clean(current), "address before: " + clean(old),
				}
				finding.Advice = []string{"wait a minute, then restart services that stay unready", "diorama up --recreate"}
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

package diagnose

import corev1 "k8s.io/api/core/v1"

func apiDoc() RuleDoc {
	return RuleDoc{
		ID: "api-unreachable", Title: "Cluster's API unreachable", Sign: NoPlatform,
		Meaning: "The cluster's API server does not answer. What is shown is the last that was known.",
		Look:    "at whether the node's container runs: `docker ps -a`",
		Advice: []string{
			"diorama start, where the environment was stopped",
			"docker ps -a shows whether the node's container runs",
			"see whether Docker runs: diorama doctor",
		},
		Waiting: "Yes, for a minute after a start; not where the node's container is gone.",
	}
}

func nodeDoc() RuleDoc {
	return RuleDoc{
		ID: "node-not-ready", Title: "Node not ready", Sign: NoPlatform,
		Meaning: "A node's kubelet does not report, or reports that it cannot run Pods.",
		Look:    "at whether the node's container runs and has memory, and at its log",
		Advice: []string{
			"see whether its container runs: docker ps -a",
			"read its log: docker logs <node>",
		},
		Waiting: "Yes, for a minute: a node that was short of something recovers.",
	}
}

func addressDoc() RuleDoc {
	return RuleDoc{
		ID: "node-address-changed", Title: "Node came back with another address", Sign: NoPlatform,
		Meaning: "Docker gave the node another address when it started again. What remembers the old one does not find the node until it asks again.",
		Look:    "at which services are not ready: `diorama status`",
		Advice:  []string{"wait a minute, then restart services that stay unready", "diorama up --recreate"},
		Waiting: "Yes: most recover by themselves in a minute.",
	}
}

// pressure is a condition of a node that is bad when true.
type pressure struct {
	condition corev1.NodeConditionType
	doc       RuleDoc
}

func pressures() []pressure {
	return []pressure{
		{corev1.NodeDiskPressure, RuleDoc{
			ID: "disk-pressure", Title: "Node short of disk", Sign: NoPlatform,
			Meaning: "A node's disk is nearly full; Kubernetes evicts Pods and takes no new ones.",
			Look:    "at what takes the room: `docker system df`",
			Advice:  []string{"free space: docker system df, docker system prune"},
			Waiting: "Yes, when space has been freed: the node notices within minutes.",
		}},
		{corev1.NodeMemoryPressure, RuleDoc{
			ID: "memory-pressure", Title: "Node short of memory", Sign: NoPlatform,
			Meaning: "A node's memory is nearly used up; Kubernetes evicts Pods.",
			Look:    "at what uses the memory: the column MEMORY of `diorama status` and of the UI",
			Advice:  []string{"leave stacks out, lower their limits, or give Docker more memory"},
			Waiting: "Yes, when something has ended.",
		}},
		{corev1.NodePIDPressure, RuleDoc{
			ID: "pid-pressure", Title: "Node short of process numbers", Sign: NoPlatform,
			Meaning: "A node has nearly as many processes as it may have; Kubernetes takes no new Pods.",
			Look:    "at what makes so many processes: `docker stats` has a column PIDS",
			Advice:  []string{"find what makes so many processes: docker stats has a PIDS column"},
			Waiting: "Yes, when processes have ended.",
		}},
		{corev1.NodeNetworkUnavailable, RuleDoc{
			ID: "node-network", Title: "Node without Pod network", Sign: NoPlatform,
			Meaning: "A node's Pod network is not set up.",
			Look:    "at the Pods of the network: `kubectl get pods -n kube-system`",
			Advice:  []string{"make the cluster anew: diorama up --recreate"},
			Waiting: "Yes, while the node is new: its network comes last.",
		}},
	}
}

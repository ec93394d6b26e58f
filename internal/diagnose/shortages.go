package diagnose

import corev1 "k8s.io/api/core/v1"

func amountShortages() []shortage {
	return []shortage{
		{RuleDoc{
			"unschedulable-gpu", "No node has the GPU it wants",
			"The Pod requests GPUs, and no node has as many free.",
			"Run with gpu: simulate, or free a GPU; diorama gpu shows who holds which.",
		}, []string{"insufficient nvidia.com/", "insufficient amd.com/", "insufficient gpu"}, "nvidia.com/gpu", "%s GPU", "diorama gpu shows who holds which; gpu: simulate does without"},
		{RuleDoc{
			"unschedulable-memory", "No node has the memory it wants",
			"The Pod requests more memory than any node has left.",
			"Leave stacks out, request less, or give Docker more memory.",
		}, []string{"insufficient memory"}, corev1.ResourceMemory, "%s of memory", "leave a stack out, request less, or give Docker more memory"},
		{RuleDoc{
			"unschedulable-cpu", "No node has the CPU it wants",
			"The Pod requests more CPU than any node has left. Requests count, not use.",
			"Request less, or leave stacks out.",
		}, []string{"insufficient cpu"}, corev1.ResourceCPU, "%s CPU", "request less CPU, or leave a stack out"},
		{RuleDoc{
			"unschedulable-storage", "No node has the scratch space it wants",
			"The Pod requests more ephemeral storage than any node has left.",
			"Request less, or free space on Docker's disk.",
		}, []string{"insufficient ephemeral-storage"}, corev1.ResourceEphemeralStorage, "%s of ephemeral storage", "request less, or free space on Docker's disk"},
	}
}

func otherShortages() []shortage {
	return []shortage{
		{RuleDoc{
			"unschedulable-port", "Port of the node taken",
			"The Pod wants a port of its node (hostPort) that another Pod holds.",
			"Take the hostPort away, or stop the other Pod.",
		}, []string{"free ports for the requested pod ports"}, "", "the port that it wants of its node is taken", "choose another hostPort, or stop the Pod that holds it"},
		{RuleDoc{
			"unschedulable-volume", "Its volume is not to be had",
			"The Pod's volume claim is not bound, not there, or bound to a volume of another node.",
			"See the claim's own finding; a claim bound to a node that is gone must be made anew.",
		}, []string{"persistentvolumeclaim", "unbound immediate", "volume node affinity", "persistent volumes to bind"}, "", "its volume is not to be had", "see the volume claim: it is not there, not bound, or bound to another node"},
		{RuleDoc{
			"unschedulable-taint", "No node accepts it: taints",
			"Every node has a taint that the Pod does not tolerate.",
			"Remove the taint (kubectl taint nodes NODE KEY-), or let the Pod tolerate it.",
		}, []string{"untolerated taint", "had taint"}, "", "no node has only taints that it tolerates", "remove the taint: kubectl taint nodes NODE KEY-"},
		{RuleDoc{
			"unschedulable-affinity", "No node matches what it asks for",
			"No node matches the Pod's node selector, affinity or spread.",
			"Label a node accordingly, or relax the Pod's demand.",
		}, []string{"node affinity", "node selector", "affinity rules", "topology spread", "affinity/selector"}, "", "no node matches its selector or affinity", "label a node accordingly, or relax the demand"},
		{RuleDoc{
			"unschedulable-cordoned", "Nodes are cordoned",
			"Every node that could take the Pod is marked unschedulable.",
			"kubectl uncordon NODE.",
		}, []string{"were unschedulable"}, "", "every node is cordoned", "kubectl uncordon NODE"},
		{RuleDoc{
			"unschedulable-pods", "Node full of Pods",
			"Every node runs as many Pods as its kubelet allows (110 by default).",
			"Add nodes (cluster.nodes in the profile) or leave stacks out.",
		}, []string{"too many pods"}, corev1.ResourcePods, "room for %s more Pod", "more nodes: cluster.nodes in the profile"},
		{RuleDoc{
			"unschedulable", "No node takes it",
			"The scheduler finds no node for the Pod; the evidence has its words.",
			"Read the evidence.",
		}, []string{""}, "", "no node takes it", "read the evidence"},
	}
}

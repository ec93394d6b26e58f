package diagnose

import corev1 "k8s.io/api/core/v1"

// What the amounts of nodes are said to be, and what waiting does about them.
const (
	lookAmounts = "at the evidence: what each node has, and what the requests of its Pods take"
	waitAmounts = "No where no node has as much even when empty, or all that hold it stay; else yes, until they end."
)

func amountShortages() []shortage {
	return []shortage{
		{RuleDoc{
			ID: "unschedulable-gpu", Title: "No node has the GPU it wants", Sign: NoNode,
			Meaning: "The Pod requests GPUs, and no node has as many free.",
			Look:    lookAmounts,
			Advice:  []string{adviseFewerGPUs, adviseNames, adviseSimulated},
			Waiting: waitAmounts,
		}, []string{"insufficient nvidia.com/", "insufficient amd.com/", "insufficient gpu"}, "nvidia.com/gpu", "%s GPU"},
		{RuleDoc{
			ID: "unschedulable-memory", Title: "No node has the memory it wants", Sign: NoNode,
			Meaning: "The Pod requests more memory than any node has left. Requests count, not use.",
			Look:    lookAmounts,
			Advice:  []string{"leave a stack out, request less, or give Docker more memory"},
			Waiting: waitAmounts,
		}, []string{"insufficient memory"}, corev1.ResourceMemory, "%s of memory"},
		{RuleDoc{
			ID: "unschedulable-cpu", Title: "No node has the CPU it wants", Sign: NoNode,
			Meaning: "The Pod requests more CPU than any node has left. Requests count, not use.",
			Look:    lookAmounts,
			Advice:  []string{"request less CPU, or leave a stack out"},
			Waiting: waitAmounts,
		}, []string{"insufficient cpu"}, corev1.ResourceCPU, "%s CPU"},
		{RuleDoc{
			ID: "unschedulable-storage", Title: "No node has the scratch space it wants", Sign: NoNode,
			Meaning: "The Pod requests more ephemeral storage than any node has left.",
			Look:    lookAmounts,
			Advice:  []string{"request less, or free space on Docker's disk"},
			Waiting: waitAmounts,
		}, []string{"insufficient ephemeral-storage"}, corev1.ResourceEphemeralStorage, "%s of ephemeral storage"},
	}
}

func otherShortages() []shortage {
	return append(refusals(), []shortage{
		{RuleDoc{
			ID: "unschedulable-cordoned", Title: "Nodes are cordoned", Sign: NoNode,
			Meaning: "Every node that could take the Pod is marked unschedulable.",
			Look:    "at the nodes: `kubectl get nodes`",
			Advice:  []string{"kubectl uncordon NODE"},
			Waiting: "Yes, until the nodes are uncordoned; that is a person's doing.",
		}, []string{"were unschedulable"}, "", "every node is cordoned"},
		{RuleDoc{
			ID: "unschedulable-pods", Title: "Node full of Pods", Sign: NoNode,
			Meaning: "Every node runs as many Pods as its kubelet allows (110 by default).",
			Look:    lookAmounts,
			Advice:  []string{"more nodes: cluster.nodes in the profile", "leave a stack out"},
			Waiting: waitAmounts,
		}, []string{"too many pods"}, corev1.ResourcePods, "room for %s more Pod"},
		{RuleDoc{
			ID: "unschedulable", Title: "No node takes it", Sign: NoNode,
			Meaning: "The scheduler finds no node for the Pod, for a reason that has no name here.",
			Look:    "at the scheduler's words in the evidence",
			Advice:  []string{"read the evidence"},
			Waiting: "Yes, perhaps: what the reason is decides.",
		}, []string{""}, "", "no node takes it"},
	}...)
}

// refusals are reasons of the scheduler that lie in what the Pod asks for.
func refusals() []shortage {
	return []shortage{
		{RuleDoc{
			ID: "unschedulable-port", Title: "Port of the node taken", Sign: NoNode,
			Meaning: "The Pod wants a port of its node (hostPort) that another Pod holds.",
			Look:    "at the evidence, which names the Pod that holds the port",
			Advice:  []string{"choose another hostPort, or stop the Pod that holds it"},
			Waiting: "At first: the other Pod may be ending.",
		}, []string{"free ports for the requested pod ports"}, "", "the port that it wants of its node is taken"},
		{RuleDoc{
			ID: "unschedulable-volume", Title: "Its volume is not to be had", Sign: NoNode,
			Meaning: "The Pod's volume claim is not bound, not there, or bound to a volume of another node.",
			Look:    "at the claim: `kubectl describe pvc`; it may have a finding of its own",
			Advice: []string{
				"see the volume claim: it is not there, not bound, or bound to another node",
				"where its node is gone, delete the claim: its data is gone too",
			},
			Waiting: "At first: a volume may be being made. Not where the claim is missing or bound to another node.",
		}, []string{"persistentvolumeclaim", "unbound immediate", "volume node affinity", "persistent volumes to bind"}, "", "its volume is not to be had"},
		{RuleDoc{
			ID: "unschedulable-taint", Title: "No node accepts it: taints", Sign: NoNode,
			Meaning: "Every node has a taint that the Pod does not tolerate.",
			Look:    "at the taints in the evidence: those that begin with node.kubernetes.io/ are Kubernetes' own, and say that the node is not well",
			Advice:  []string{"kubectl taint nodes <node> <taint>-", "let the Pod tolerate the taint"},
			Waiting: "At first: Kubernetes takes its own taints away when the node is well again. Those that somebody has set stay.",
		}, []string{"untolerated taint", "had taint"}, "", "no node has only taints that it tolerates"},
		{RuleDoc{
			ID: "unschedulable-affinity", Title: "No node matches what it asks for", Sign: NoNode,
			Meaning: "No node matches the Pod's node selector, affinity or spread.",
			Look:    "at the labels of the nodes: `kubectl get nodes --show-labels`",
			Advice:  []string{"label a node accordingly, or relax the demand"},
			Waiting: "No.",
		}, []string{"node affinity", "node selector", "affinity rules", "topology spread", "affinity/selector"}, "", "no node matches its selector or affinity"},
	}
}

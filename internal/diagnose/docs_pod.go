package diagnose

func configDoc() RuleDoc {
	return RuleDoc{
		ID: "config-missing", Title: "Secret or ConfigMap missing", Sign: NoPod,
		Meaning: "A container or a volume refers to a Secret, a ConfigMap or a key of one that is not there, or its settings contradict each other.",
		Look:    "at the evidence, which has the name that is missing",
		Advice:  []string{"make the Secret, ConfigMap or key that is named, or correct the reference to it"},
		Waiting: "At first: it may be applied a moment later than what uses it.",
	}
}

func mountDoc() RuleDoc {
	return RuleDoc{
		ID: "volume-mount-failed", Title: "Volume cannot be mounted", Sign: NoPod,
		Meaning: "A volume of the Pod cannot be attached or mounted; its containers wait for it.",
		Look:    "at the evidence: a path that is not there, or a volume held by another node",
		Advice:  []string{"check what the volume refers to"},
		Waiting: "Yes, where what holds the volume is ending: it is tried again.",
	}
}

func sandboxDoc() RuleDoc {
	return RuleDoc{
		ID: "sandbox-failed", Title: "Pod's network or sandbox cannot be made", Sign: NoPod,
		Meaning: "The container runtime cannot prepare the Pod before any of its containers starts.",
		Look:    "at the runtime's words in the evidence",
		Advice:  []string{"diorama doctor", "make the cluster anew: diorama up --recreate"},
		Waiting: "Yes, while the node is new: its network comes last, and it is tried again.",
	}
}

func webhookDoc() RuleDoc {
	return RuleDoc{
		ID: "webhook-silent", Title: "Admission webhook does not answer", Sign: NoPod,
		Meaning: "The cluster asks a webhook before it takes an object, and nobody answers there: what serves it has ended, or was removed and left its webhook behind, as half-removed meshes do. Whatever the webhook is asked about is refused.",
		Look:    "at the evidence, which names the webhook and the service behind it; the configuration that has it is in `kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations`",
		Advice: []string{
			"where <server> is to be there: diorama explain <server>, then run up again",
			"where it was removed: kubectl delete the configuration of the webhook <webhook>",
		},
		Waiting: "Yes, while what serves the webhook starts; not where it was removed.",
	}
}

func refusedDoc() RuleDoc {
	return RuleDoc{
		ID: "pods-refused", Title: "Pods refused", Sign: NoPod,
		Meaning: "The cluster refuses to make the workload's Pods: a quota, an admission webhook, a missing ServiceAccount.",
		Look:    "at the refusal in the evidence, which names its cause",
		Advice:  []string{"remove what the refusal names, then run up again"},
		Waiting: "Yes, where the cause is on its way; it is tried again, each time later.",
	}
}

func claimDoc() RuleDoc {
	return RuleDoc{
		ID: "claim-pending", Title: "Volume claim pending", Sign: NoPod,
		Meaning: "A volume claim got no volume: no such storage class, no provisioner, or no volume that fits; or it has lost the one that it had.",
		Look:    "at the storage classes: `kubectl get storageclass`. A kind cluster has one, called standard",
		Advice: []string{
			"see the storage classes: kubectl get storageclass",
			"name one that exists, or leave the name out",
		},
		Waiting: "At first: a provisioner may be starting. Not where the class does not exist or the volume is lost.",
	}
}

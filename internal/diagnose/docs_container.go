package diagnose

import "fmt"

func memoryDoc() RuleDoc {
	return RuleDoc{
		ID: "out-of-memory", Title: "Killed for using too much memory", Sign: Ends,
		Meaning: "A container used more memory than its limit, and the kernel killed it.",
		Look:    "at the limit in the evidence and at the column MEMORY of the UI: a steady climb is a leak, a peak is a limit that is too low",
		Advice:  []string{"--set <parameter>=<amount>", "make it use less: a smaller heap, cache or batch"},
		Waiting: fmt.Sprintf("At first: it is started again. Killed %d times, it is given up.", memoryTerminal),
	}
}

func architectureDoc() RuleDoc {
	return RuleDoc{
		ID: "wrong-architecture", Title: "Image made for another processor", Sign: Ends,
		Meaning: "The container's program is built for another architecture than the node's: the kernel cannot execute it.",
		Look:    "at the architectures of the image: `docker manifest inspect IMAGE`",
		Advice: []string{
			"use an image for <architecture>, with --images or --set",
			"build it for this architecture: docker build --platform linux/<architecture>",
		},
		Waiting: "No.",
	}
}

func startDoc() RuleDoc {
	return RuleDoc{
		ID: "cannot-start", Title: "Container cannot be started", Sign: Ends,
		Meaning: "The container's command does not exist in its image, may not be executed, or its settings are refused by the container runtime.",
		Look:    "at the runtime's words in the evidence, and at the command, the working folder and the mounts",
		Advice:  []string{"check command, entrypoint and mounts of image <image>"},
		Waiting: "No.",
	}
}

func livenessDoc() RuleDoc {
	return RuleDoc{
		ID: "liveness-probe-failing", Title: "Restarted because a probe failed", Sign: Ends,
		Meaning: "The container runs, but its liveness or startup probe fails, so Kubernetes kills and restarts it.",
		Look:    "at the probe's answer in the evidence, and at the log around the restarts",
		Advice: []string{
			"diorama logs <service>, around the restarts",
			"give it more time: a longer start_period of the healthcheck",
		},
		Waiting: fmt.Sprintf("At first: a slow start may be quicker the next time. Restarted %d times, it is given up.", crashTerminal),
	}
}

func crashDoc() RuleDoc {
	return RuleDoc{
		ID: "crash-loop", Title: "Crashes again and again", Sign: Ends,
		Meaning: "The container starts and ends with an error; Kubernetes restarts it, each time later.",
		Look:    "at its last lines, which usually name the cause; they are in the evidence",
		Advice:  []string{"diorama logs <service>"},
		Waiting: fmt.Sprintf("At first: what it needs may be late. After %d crashes it is given up.", crashTerminal),
	}
}

func jobDoc() RuleDoc {
	return RuleDoc{
		ID: "job-failed", Title: "Job failed", Sign: Ends,
		Meaning: "A Job's Pods ended with an error as often as it may try, or it took too long.",
		Look:    "at its last lines, which usually name the cause; they are in the evidence",
		Advice:  []string{"diorama logs <service>", "change it, then run up again: that tries it once more"},
		Waiting: "No.",
	}
}

func evictedDoc() RuleDoc {
	return RuleDoc{
		ID: "evicted", Title: "Evicted by its node", Sign: Ends,
		Meaning: "The node ran short of something and ended the Pod to protect itself.",
		Look:    "at what it ran short of, in the evidence",
		Advice:  []string{"leave stacks out, or give Docker more of what ran short"},
		Waiting: "Yes, perhaps: another Pod is made in its place, and may have more luck.",
	}
}

func readinessDoc() RuleDoc {
	return RuleDoc{
		ID: "readiness-probe-failing", Title: "Not ready: its probe fails", Sign: NotReady,
		Meaning: "The container runs, but its readiness probe says that it cannot serve yet.",
		Look:    "at the probe's answer in the evidence, and at the log; often a service that it needs is missing",
		Advice:  []string{"diorama logs <service>"},
		Waiting: "Yes, where what it waits for is on its way.",
	}
}

func startupDoc() RuleDoc {
	return RuleDoc{
		ID: "startup-probe-failing", Title: "Slow start: its probe still fails", Sign: NotReady,
		Meaning: "The container runs, but its startup probe has not succeeded yet; when its patience ends, the container is restarted.",
		Look:    "at the probe's answer in the evidence, and at the log",
		Advice: []string{
			"diorama logs <service>",
			"give it more time: a longer start_period of the healthcheck",
		},
		Waiting: "Yes, until its patience ends.",
	}
}

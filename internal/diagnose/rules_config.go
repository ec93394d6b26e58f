package diagnose

import (
	"fmt"
	"strings"
	"time"
)

// settingPatience is how long a setting may be missing before waiting is
// called useless: it may be applied a moment later than what uses it.
const settingPatience = 30 * time.Second

func configRule() rule {
	return rule{
		docs: []RuleDoc{{
			"config-missing", "Secret or ConfigMap missing",
			"A container refers to a Secret, a ConfigMap or a key of one that is not there, or its settings contradict each other.",
			"Make it, or correct the reference.",
		}},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				waiting := c.status.State.Waiting
				if waiting == nil || waiting.Reason != "CreateContainerConfigError" {
					return
				}
				finding := ofContainer(c, "config-missing")
				finding.Since = c.pod.CreationTimestamp.Time
				finding.Summary = "its settings are incomplete: " + clean(waiting.Message)
				finding.Evidence = []string{fmt.Sprintf("container %s: %s", clean(c.status.Name), clean(waiting.Message))}
				finding.Advice = []string{"make the Secret or ConfigMap with that key, or correct the reference to it"}
				finding.Terminal = f.Time.Sub(finding.Since) >= settingPatience
				out = append(out, finding)
			})
			return out
		},
	}
}

func mountRule() rule {
	return rule{
		docs: []RuleDoc{{
			"volume-mount-failed", "Volume cannot be mounted",
			"A volume of the Pod cannot be attached or mounted; its containers wait for it.",
			"Read the evidence: a missing Secret or ConfigMap, a path that is not there, a volume held by another node.",
		}},
		find: func(f *facts) []found {
			var out []found
			for _, pod := range f.pods {
				event, ok := pod.lastEvent("FailedMount", "FailedAttachVolume", "FailedMapVolume", "Pulled", "Started")
				if !ok || !strings.HasPrefix(event.Reason, "Failed") || pod.DeletionTimestamp != nil || pod.Status.Phase != "Pending" {
					continue
				}
				id, advice := "volume-mount-failed", "check what the volume refers to"
				absent := containsAny(event.Message, "not found", "references non-existent")
				if absent {
					id, advice = "config-missing", "make what the volume refers to, or correct the reference to it"
				}
				finding := ofPod(pod, id)
				finding.Since = firstSeen(event)
				finding.Summary = "a volume cannot be mounted: " + mountCause(event.Message)
				finding.Evidence = []string{eventLine(event)}
				finding.Advice = []string{advice}
				finding.Terminal = absent && f.Time.Sub(finding.Since) >= settingPatience
				out = append(out, finding)
			}
			return out
		},
	}
}

// mountCause leaves out what is said before the cause.
func mountCause(message string) string {
	if _, cause, ok := strings.Cut(message, " : "); ok {
		return clean(cause)
	}
	return clean(message)
}

func sandboxRule() rule {
	return rule{
		docs: []RuleDoc{{
			"sandbox-failed", "Pod's network or sandbox cannot be made",
			"The container runtime cannot prepare the Pod before any of its containers starts.",
			"Read the evidence; `diorama up --recreate` makes the cluster anew where its network is broken.",
		}},
		find: func(f *facts) []found {
			var out []found
			for _, pod := range f.pods {
				event, ok := pod.lastEvent("FailedCreatePodSandBox", "Pulled", "Pulling", "Created", "Started")
				if !ok || event.Reason != "FailedCreatePodSandBox" || pod.DeletionTimestamp != nil || pod.Status.Phase != "Pending" {
					continue
				}
				finding := ofPod(pod, "sandbox-failed")
				finding.Since = firstSeen(event)
				finding.Summary = "its sandbox cannot be made: " + clean(event.Message)
				finding.Advice = []string{"diorama doctor", "make the cluster anew: diorama up --recreate"}
				if saysInotify(strings.ToLower(event.Message)) {
					finding.ID = "inotify-limit"
					finding.Summary = "its sandbox cannot be made: the host's inotify limit is used up"
					finding.Advice = inotifyAdvice()
				}
				finding.Evidence = []string{eventLine(event)}
				out = append(out, finding)
			}
			return out
		},
	}
}

func creationRule() rule {
	return rule{
		docs: []RuleDoc{{
			"pods-refused", "Pods refused",
			"The cluster refuses to make the workload's Pods: a quota, an admission webhook, a missing ServiceAccount.",
			"Read the evidence; the refusal names its cause.",
		}},
		find: func(f *facts) []found {
			var out []found
			for _, w := range f.workloads {
				if len(w.pods) >= w.desired || w.done() {
					continue
				}
				event, ok := f.creationFailure(w)
				if !ok {
					continue
				}
				finding := found{owner: w, explains: w}
				finding.ID, finding.Service = "pods-refused", clean(w.service())
				finding.Subject = strings.ToLower(w.kind) + "/" + clean(w.name)
				finding.Since = firstSeen(event)
				finding.Summary = "its Pods are refused: " + clean(event.Message)
				finding.Evidence = []string{eventLine(event)}
				finding.Advice = []string{"remove what the refusal names, then run up again"}
				out = append(out, finding)
			}
			return out
		},
	}
}

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
		docs: []RuleDoc{configDoc()},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				waiting := c.status.State.Waiting
				if waiting == nil || waiting.Reason != "CreateContainerConfigError" {
					return
				}
				finding := ofContainer(c, configDoc())
				finding.Since = c.pod.CreationTimestamp.Time
				finding.Summary = "its settings are incomplete: " + clean(waiting.Message)
				finding.Evidence = []string{fmt.Sprintf("container %s: %s", clean(c.status.Name), clean(waiting.Message))}
				finding.Terminal = f.Time.Sub(finding.Since) >= settingPatience
				out = append(out, finding)
			})
			return out
		},
	}
}

func mountRule() rule {
	return rule{
		docs: []RuleDoc{mountDoc(), configDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, pod := range f.pods {
				event, ok := pod.lastEvent("FailedMount", "FailedAttachVolume", "FailedMapVolume", "Pulled", "Started")
				if !ok || !strings.HasPrefix(event.Reason, "Failed") || pod.DeletionTimestamp != nil || pod.Status.Phase != "Pending" {
					continue
				}
				doc := mountDoc()
				if soonThere(event.Message) && f.Time.Sub(firstSeen(event)) < settingPatience {
					continue
				}
				absent := containsAny(event.Message, "not found", "references non-existent")
				if absent {
					doc = configDoc()
				}
				finding := ofPod(pod, doc)
				finding.Since = firstSeen(event)
				finding.Summary = "a volume cannot be mounted: " + mountCause(event.Message)
				finding.Evidence = []string{eventLine(event)}
				finding.Terminal = absent && f.Time.Sub(finding.Since) >= settingPatience
				out = append(out, finding)
			}
			return out
		},
	}
}

// soonThere reports settings that come by themselves: a kubelet that has just
// heard of a Pod may not have heard of its settings yet, and the certificate of
// the API comes to a new namespace when its controller gets to it.
func soonThere(message string) bool {
	return containsAny(message, "failed to sync configmap cache", "failed to sync secret cache", `"kube-root-ca.crt" not found`)
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
		docs: []RuleDoc{sandboxDoc(), inotifyDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, pod := range f.pods {
				event, ok := pod.lastEvent("FailedCreatePodSandBox", "Pulled", "Pulling", "Created", "Started")
				if !ok || event.Reason != "FailedCreatePodSandBox" || pod.DeletionTimestamp != nil || pod.Status.Phase != "Pending" {
					continue
				}
				finding := ofPod(pod, sandboxDoc())
				finding.Since = firstSeen(event)
				finding.Summary = "its sandbox cannot be made: " + clean(event.Message)
				if saysInotify(strings.ToLower(event.Message)) {
					finding.doc = inotifyDoc()
					finding.Summary = "its sandbox cannot be made: the host's inotify limit is used up"
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
		docs: []RuleDoc{webhookDoc(), refusedDoc()},
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
				finding := begin(refusedDoc(), strings.ToLower(w.kind)+"/"+clean(w.name))
				finding.owner, finding.explains, finding.Service = w, w, clean(w.service())
				finding.Since = firstSeen(event)
				finding.Summary = "its Pods are refused: " + clean(event.Message)
				if webhook, silent := silentWebhook(event.Message); silent {
					finding.doc, finding.known = webhookDoc(), webhook.known()
					finding.Summary = webhook.summary("its Pods are refused: ")
				}
				finding.Evidence = []string{eventLine(event)}
				out = append(out, finding)
			}
			return out
		},
	}
}

package diagnose

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// claimPatience is how long a claim may be pending without anybody complaining.
const claimPatience = 30 * time.Second

func claimRule() rule {
	return rule{
		docs: []RuleDoc{claimDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, claim := range f.Claims {
				if finding, ok := f.claimFinding(claim); ok {
					out = append(out, finding)
				}
			}
			return out
		},
	}
}

func (f *facts) claimFinding(claim corev1.PersistentVolumeClaim) (found, bool) {
	lost := claim.Status.Phase == corev1.ClaimLost
	if claim.DeletionTimestamp != nil || claim.Status.Phase != corev1.ClaimPending && !lost {
		return found{}, false
	}
	event, complained := f.claimComplaint(claim)
	if !complained && !lost {
		return found{}, false
	}
	finding := begin(claimDoc(), "persistentvolumeclaim/"+clean(claim.Name))
	if user := f.userOf(claim); user != nil {
		finding.owner, finding.Service, finding.explains = user.owner, clean(user.service()), user.key
	}
	finding.Since = claim.CreationTimestamp.Time
	size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	if lost {
		finding.Summary = fmt.Sprintf("volume claim %s has lost its volume", clean(claim.Name))
		finding.Terminal = true
	} else {
		finding.Summary = fmt.Sprintf("volume claim %s (%s) got no volume: %s", clean(claim.Name), size.String(), clean(event.Message))
		finding.Evidence = []string{eventLine(event)}
		finding.Terminal = containsAny(event.Message, "storageclass", "no storage class is set") &&
			containsAny(event.Message, "not found", "no storage class is set") && f.Time.Sub(finding.Since) >= settingPatience
	}
	return finding, true
}

// claimComplaint is the newest event that says why the claim has no volume;
// waiting for the first Pod, or for a provisioner for a moment, is not one.
func (f *facts) claimComplaint(claim corev1.PersistentVolumeClaim) (corev1.Event, bool) {
	events := f.events[objectKey{"PersistentVolumeClaim", claim.Namespace, claim.Name}]
	for _, event := range slices.Backward(events) {
		switch event.Reason {
		case "ProvisioningFailed", "FailedBinding", "ClaimMisbound", "VolumeMismatch":
			return event, true
		case "ExternalProvisioning":
			return event, f.Time.Sub(claim.CreationTimestamp.Time) > claimPatience
		case "WaitForFirstConsumer", "Provisioning", "WaitForPodScheduled":
			return corev1.Event{}, false
		}
	}
	return corev1.Event{}, false
}

// userOf is a Pod that mounts the claim.
func (f *facts) userOf(claim corev1.PersistentVolumeClaim) *podFacts {
	for _, pod := range f.pods {
		for _, volume := range pod.Spec.Volumes {
			if pod.Namespace == claim.Namespace && volume.PersistentVolumeClaim != nil &&
				volume.PersistentVolumeClaim.ClaimName == claim.Name {
				return pod
			}
		}
	}
	return nil
}

func evictionRule() rule {
	return rule{
		docs: []RuleDoc{evictedDoc()},
		find: func(f *facts) []found {
			var out []found
			for _, pod := range f.pods {
				if pod.Status.Reason != "Evicted" || pod.owner != nil && pod.owner.done() {
					continue
				}
				finding := ofPod(pod, evictedDoc())
				finding.Since = pod.CreationTimestamp.Time
				for _, condition := range pod.Status.Conditions {
					if condition.Type == corev1.DisruptionTarget {
						finding.Since = condition.LastTransitionTime.Time
					}
				}
				finding.Summary = "evicted by its node: " + clean(pod.Status.Message)
				finding.Evidence = []string{clean(pod.Status.Message)}
				out = append(out, finding)
			}
			return out
		},
	}
}

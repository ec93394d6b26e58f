package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// pullAttempts is how often an image may fail to come, for a reason that may
// pass, before waiting is called useless.
const pullAttempts = 3

// imageReasons are the waiting reasons of containers whose image is missing
// (k8s.io/kubernetes/pkg/kubelet/images and pkg/kubelet/container).
func imageReasons() []string {
	return []string{
		"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName",
		"RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed",
	}
}

// imageCause is one reason for an image not to come.
type imageCause struct {
	doc   RuleDoc
	words []string // one of them, in lower case, in the message
	// says completes "image X …".
	says string
	// passing is true for what may be over at the next attempt.
	passing bool
}

func imageRule() rule {
	var docs []RuleDoc
	for _, cause := range imageCauses() {
		docs = append(docs, cause.doc)
	}
	return rule{docs: docs, find: findImages}
}

func findImages(f *facts) []found {
	var out []found
	f.eachContainer(func(c containerFacts) {
		waiting := c.status.State.Waiting
		if waiting == nil || !slices.Contains(imageReasons(), waiting.Reason) {
			return
		}
		message, attempts, since := pullMessage(c)
		if waiting.Reason == "ErrImageNeverPull" || waiting.Reason == "InvalidImageName" {
			message = waiting.Reason + ": " + message
		}
		cause := imageCauseOf(message)
		finding := ofContainer(c, cause.doc)
		finding.Since = since
		finding.Summary = fmt.Sprintf("image %s %s", finding.known["image"], cause.says)
		if cause.passing && attempts > 1 {
			finding.Summary += fmt.Sprintf(" (tried %s)", times(attempts))
		}
		finding.Evidence = []string{
			fmt.Sprintf("container %s: %s", clean(c.status.Name), clean(waiting.Reason)), clean(message),
		}
		finding.Terminal = !cause.passing || attempts >= pullAttempts
		out = append(out, finding)
	})
	return out
}

// pullMessage is the newest word on why the container's image does not come,
// how often it was tried, and when first.
func pullMessage(c containerFacts) (message string, attempts int, since time.Time) {
	message = c.status.State.Waiting.Message
	since = c.pod.CreationTimestamp.Time
	first := true
	for _, event := range slices.Backward(c.pod.events) {
		if event.Reason != "Failed" || !strings.Contains(event.Message, "Failed to pull image") ||
			(c.spec.Image != "" && !strings.Contains(event.Message, c.spec.Image)) {
			continue
		}
		attempts += eventCount(event)
		since = firstSeen(event)
		if first && c.status.State.Waiting.Reason == "ImagePullBackOff" {
			message = event.Message // the back-off's own message may lack the cause
		}
		first = false
	}
	return message, max(1, attempts), since
}

func imageCauseOf(message string) imageCause {
	causes := imageCauses()
	for _, cause := range causes {
		if containsAny(message, cause.words...) {
			return cause
		}
	}
	return causes[len(causes)-1]
}

// imageCauses are told apart by the words of containerd and of registries,
// the more telling before the less; the last takes what no other does.
func imageCauses() []imageCause {
	return []imageCause{
		rateLimitedCause(), platformCause(), diskFullCause(), unauthorisedCause(), notFoundCause(),
		notLoadedCause(), invalidNameCause(), unreachableCause(), otherCause(),
	}
}

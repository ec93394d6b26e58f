package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probePatience is how long after its start a container's probes may fail
// before that is called a trouble and not a start.
const probePatience = 20 * time.Second

func probeRule() rule {
	return rule{
		docs: []RuleDoc{readinessDoc(), startupDoc()},
		find: func(f *facts) []found {
			var out []found
			f.eachContainer(func(c containerFacts) {
				if finding, ok := f.probeFinding(c); ok {
					out = append(out, finding)
				}
			})
			return out
		},
	}
}

// probeFinding is about a container that runs and whose probe has failed for
// longer than a start takes.
func (f *facts) probeFinding(c containerFacts) (found, bool) {
	running := c.status.State.Running
	if running == nil || c.status.Ready || c.init || f.Time.Sub(running.StartedAt.Time) < probePatience {
		return found{}, false
	}
	event, ok := probeFailure(c, "")
	if !ok || eventTime(event).Before(running.StartedAt.Time) {
		return found{}, false
	}
	doc, which := readinessDoc(), "readiness"
	if strings.HasPrefix(event.Message, "Startup") {
		doc, which = startupDoc(), "startup"
	}
	finding := ofContainer(c, doc)
	finding.Since = firstSeen(event)
	if finding.Since.Before(running.StartedAt.Time) {
		finding.Since = running.StartedAt.Time
	}
	finding.Summary = fmt.Sprintf("runs, but its %s probe failed %s: %s",
		which, times(eventCount(event)), probeAnswer(event.Message))
	finding.Evidence = []string{eventLine(event)}
	return finding, true
}

// concerns reports whether an event of the Pod is about the container.
func (c containerFacts) concerns(event corev1.Event) bool {
	path := event.InvolvedObject.FieldPath
	return path == "" || strings.HasSuffix(path, "{"+c.status.Name+"}")
}

// probeFailure is the container's newest event of a failed probe of that
// kind, or of any where the kind is empty.
func probeFailure(c containerFacts, kind string) (corev1.Event, bool) {
	for _, event := range slices.Backward(c.pod.events) {
		if event.Reason == "Unhealthy" && c.concerns(event) && strings.HasPrefix(strings.ToLower(event.Message), kind) {
			return event, true
		}
	}
	return corev1.Event{}, false
}

// probeAnswer is what the probe said, without Kubernetes' own words before it.
func probeAnswer(message string) string {
	if _, answer, ok := strings.Cut(message, "probe failed: "); ok {
		message = answer
	} else if _, answer, ok := strings.Cut(message, "probe errored: "); ok {
		message = answer
	}
	if message = clean(message); message == "" {
		return "it gave no answer"
	}
	return message
}

// eventLine is an event as evidence.
func eventLine(event corev1.Event) string {
	return fmt.Sprintf("event %s (%s): %s", clean(event.Reason), times(eventCount(event)), clean(event.Message))
}

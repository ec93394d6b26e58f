package diagnose

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/diorama-dev/diorama/internal/env"
)

// eventMark tells whether an event of the cluster was seen before as it is.
type eventMark struct {
	uid   types.UID
	count int
	last  time.Time
}

func markOf(event corev1.Event) eventMark {
	return eventMark{event.UID, eventCount(event), eventTime(event)}
}

// Occurrences are the events of the cluster that the later observation has
// and the earlier has not, or not as often, in the order in which they
// happened. Compared with the zero observation, all are new.
func Occurrences(earlier, later Observation) []env.Event {
	known := make(map[eventMark]bool, len(earlier.Events))
	for _, event := range earlier.Events {
		known[markOf(event)] = true
	}
	fresh := slices.DeleteFunc(slices.Clone(later.Events), func(e corev1.Event) bool { return known[markOf(e)] })
	if len(fresh) == 0 {
		return nil
	}
	services := index(later).services()
	slices.SortStableFunc(fresh, func(a, b corev1.Event) int { return eventTime(a).Compare(eventTime(b)) })
	out := make([]env.Event, 0, len(fresh))
	for _, event := range fresh {
		about := event.InvolvedObject
		out = append(out, env.Event{Time: eventTime(event), Occurred: &env.Occurrence{
			Source:  "kubernetes",
			Subject: strings.ToLower(clean(about.Kind)) + "/" + clean(about.Name),
			Service: services[objectKey{about.Kind, about.Namespace, about.Name}],
			Warning: event.Type == corev1.EventTypeWarning,
			Reason:  clean(event.Reason), Message: clean(event.Message), Count: eventCount(event),
		}})
	}
	return out
}

// services names the service of every Pod and workload that has one.
func (f *facts) services() map[objectKey]string {
	out := map[objectKey]string{}
	for _, w := range f.workloads {
		if w.labels[LabelStack] != "" {
			out[objectKey{w.kind, w.namespace, w.name}] = clean(w.service())
		}
	}
	for _, pod := range f.pods {
		if pod.stack() != "" {
			out[objectKey{"Pod", pod.Namespace, pod.Name}] = clean(pod.service())
		}
	}
	return out
}

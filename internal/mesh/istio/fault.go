package istio

import (
	"fmt"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// planFault gives a route what it does to requests on purpose, or takes that away.
func planFault(after Object, edit mesh.Edit) (string, error) {
	r, where, err := shown(after, edit)
	if err != nil {
		return "", err
	}
	f := edit.Fault
	switch {
	case f.Delay < 0:
		return "", cannot("a delay of %s is none: expected such as 3s", f.Delay)
	case f.Delay > 0 && f.Delay < time.Millisecond:
		return "", cannot("a delay of %s is too short: Istio takes 1ms and above", f.Delay)
	case f.Delay > 0 && !share(f.DelayShare) || f.Abort != 0 && !share(f.AbortShare):
		return "", cannot("the share of requests must be above 0 and at most 100 per cent")
	case f.Abort != 0 && (f.Abort < 200 || f.Abort > 599):
		return "", cannot("HTTP has no status %d to answer with: expected 200 to 599", f.Abort)
	}
	fault := map[string]any{}
	var words []string
	if f.Delay > 0 {
		fault["delay"] = map[string]any{"fixedDelay": f.Delay.String(), "percentage": map[string]any{"value": f.DelayShare}}
		words = append(words, fmt.Sprintf("delay %g %% of requests to %s by %s", f.DelayShare, edit.Service, f.Delay))
	}
	if f.Abort != 0 {
		fault["abort"] = map[string]any{"httpStatus": int64(f.Abort), "percentage": map[string]any{"value": f.AbortShare}}
		words = append(words, fmt.Sprintf("answer %g %% of requests to %s with %d", f.AbortShare, edit.Service, f.Abort))
	}
	if len(fault) == 0 {
		if _, ok := r["fault"]; !ok {
			return "", cannot("that route of %s has no fault to take away", edit.Service)
		}
		delete(r, "fault")
		return "take the fault of " + edit.Service + " away" + where, nil
	}
	r["fault"] = fault
	return strings.Join(words, " and ") + where, nil
}

// share tells whether a share is one: Envoy counts in ten-thousandths.
func share(v float64) bool { return v >= 0.0001 && v <= 100 }

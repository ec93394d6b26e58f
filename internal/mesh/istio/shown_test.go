package istio

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// TestPlanIsOfTheRouteThatWasShown checks that no other route is changed where
// somebody has put one in front, or taken one away.
func TestPlanIsOfTheRouteThatWasShown(t *testing.T) {
	o := observed(t)
	r := service(t, Fold(o, Memory{}), "recommender").Routes
	edits := map[string]mesh.Edit{
		"weights of the one for all": {Kind: mesh.EditWeights, Service: "recommender", Route: 1, Weights: map[string]int{"v1": 80, "v2": 20}, Shown: &mesh.Shown{}},
		"weights of one for some":    {Kind: mesh.EditWeights, Service: "recommender", Weights: map[string]int{"v1": 80, "v2": 20}, Shown: &mesh.Shown{Match: r[0].Match}},
		"a fault":                    {Kind: mesh.EditFault, Service: "recommender", Route: 1, Fault: mesh.Fault{Abort: 503, AbortShare: 1}, Shown: &mesh.Shown{Fault: r[1].Fault}},
	}
	moved := planned(t, o, mesh.Edit{Kind: mesh.EditHeader, Service: "recommender", Header: mesh.Header{Name: "x-b", Value: "1"}, To: "v2"}, now())
	for name, e := range edits {
		if _, err := Plan(o, e, now()); err != nil {
			t.Errorf("%s, as shown: %v", name, err)
		}
		_, err := Plan(moved, e, now())
		if refused, ok := errors.AsType[*CannotError](err); !ok || !strings.Contains(refused.Message, "look again") {
			t.Errorf("%s, where another one is there by now: %v", name, err)
		}
	}
}

// TestPlanKeepsAFaultThatWasNotShown checks that of two who change a route's
// fault at once, the second does not take the first's away.
func TestPlanKeepsAFaultThatWasNotShown(t *testing.T) {
	o := observed(t)
	delay := mesh.Edit{Kind: mesh.EditFault, Service: "recommender", Route: -1, Fault: mesh.Fault{Delay: time.Second, DelayShare: 2.5}, Shown: &mesh.Shown{}}
	aborted := planned(t, o, mesh.Edit{Kind: mesh.EditFault, Service: "recommender", Route: -1, Fault: mesh.Fault{Abort: 503, AbortShare: 0.3}}, now())
	if _, err := Plan(o, delay, now()); err != nil {
		t.Errorf("as shown: %v", err)
	}
	_, err := Plan(aborted, delay, now())
	if refused, ok := errors.AsType[*CannotError](err); !ok || !strings.Contains(refused.Message, "look again") {
		t.Errorf("where another fault is there by now: %v", err)
	}
	delay.Fault.Abort, delay.Fault.AbortShare = 503, 0.3
	delay.Shown.Fault = service(t, Fold(aborted, Memory{}), "recommender").Routes[1].Fault
	if _, err := Plan(aborted, delay, now()); err != nil {
		t.Errorf("as shown beside another: %v", err)
	}
	weights := mesh.Edit{Kind: mesh.EditWeights, Service: "recommender", Route: -1, Weights: map[string]int{"v1": 80, "v2": 20}, Shown: &mesh.Shown{}}
	if _, err := Plan(aborted, weights, now()); err != nil {
		t.Errorf("weights are not of the fault: %v", err)
	}
}

// TestSummariesNameTheRoute checks that what is said of a change tells a route
// for some requests from the one for all.
func TestSummariesNameTheRoute(t *testing.T) {
	for want, e := range map[string]mesh.Edit{
		"send 80 % to v1 and 20 % to v2 of recommender, where user-agent: Android*":  {Kind: mesh.EditWeights, Weights: map[string]int{"v1": 80, "v2": 20}},
		"send 80 % to v1 and 20 % to v2 of recommender":                              {Kind: mesh.EditWeights, Weights: map[string]int{"v1": 80, "v2": 20}, Route: -1},
		"answer 1 % of requests to recommender with 503, where user-agent: Android*": {Kind: mesh.EditFault, Fault: mesh.Fault{Abort: 503, AbortShare: 1}},
	} {
		e.Service = "recommender"
		p, err := Plan(observed(t), e, now())
		if err != nil || p.Draft.Summary != want {
			t.Errorf("it is %q, %v, want %q", p.Draft.Summary, err, want)
		}
	}
}

// TestUndoIsOfTheChangeThatWasShown checks that what somebody else has changed
// meanwhile is not taken back unseen.
func TestUndoIsOfTheChangeThatWasShown(t *testing.T) {
	o := planned(t, observed(t), aborts(503), now())
	last := Changes(o)[0].ID
	meanwhile := planned(t, o, mesh.Edit{Kind: mesh.EditTLS, TLS: mesh.Strict}, now().Add(time.Second))
	for _, all := range []bool{false, true} {
		u, err := Undo(o, all)
		if err != nil || u.As(last) != nil || u.As("") != nil {
			t.Errorf("what was shown is not undone: %v, %v", u.As(last), err)
		}
		if u, err = Undo(meanwhile, all); err != nil {
			t.Fatal(err)
		}
		if refused, ok := errors.AsType[*CannotError](u.As(last)); !ok || !strings.Contains(refused.Message, "look again") {
			t.Errorf("all %v: a change that was not shown is answered with %v", all, refused)
		}
	}
}

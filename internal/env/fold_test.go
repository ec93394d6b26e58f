package env_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(seconds int, e env.Event) env.Event {
	e.Time = noon.Add(time.Duration(seconds) * time.Second)
	return e
}

func began() env.Event {
	return at(0, env.Event{Began: &env.Began{
		Identity: env.Identity{Environment: "shop", Profile: "minimal", Runtime: "kind", Namespace: "diorama"},
		Steps:    []env.Step{{ID: "apply/redis", Kind: env.StepApply, Subject: "redis"}, {ID: "wait/redis", Kind: env.StepWait, Subject: "redis"}},
		Services: []env.Service{{Stack: "redis", Category: "cache", Name: "redis", Phase: env.PhasePlanned, Desired: 1}},
	}})
}

func step(seconds int, id string, phase env.StepPhase) env.Event {
	return at(seconds, env.Event{Step: &env.StepChange{ID: id, Phase: phase}})
}

func observed(seconds int, services ...env.Service) env.Event {
	return at(seconds, env.Event{Observed: &env.Observed{Services: services}})
}

func ended(seconds int, phase env.Phase) env.Event {
	return at(seconds, env.Event{Ended: &env.Ended{Phase: phase}})
}

func redis(phase env.Phase) env.Service {
	return env.Service{Stack: "redis", Name: "redis", Phase: phase, Desired: 1}
}

func fold(events ...env.Event) env.Snapshot {
	var s env.Snapshot
	for _, e := range events {
		s = s.With(e)
	}
	return s
}

func TestPhaseOfAnEnvironment(t *testing.T) {
	done := []env.Event{began(), step(1, "apply/redis", env.StepDone), step(2, "wait/redis", env.StepDone)}
	gaveUp := []env.Event{began(), step(1, "apply/redis", env.StepDone), step(2, "wait/redis", env.StepFailed)}
	tests := map[string]struct {
		events []env.Event
		want   env.Phase
	}{
		"begun":                       {[]env.Event{began()}, env.PhaseStarting},
		"services early are no end":   {[]env.Event{began(), observed(1, redis(env.PhaseReady))}, env.PhaseStarting},
		"ended well":                  {append(done, observed(3, redis(env.PhaseReady)), ended(4, env.PhaseReady)), env.PhaseReady},
		"ended well, fallen since":    {append(done, ended(4, env.PhaseReady), observed(5, redis(env.PhaseStarting))), env.PhaseDegraded},
		"fallen and recovered":        {append(done, ended(4, env.PhaseReady), observed(5, redis(env.PhaseFailed)), observed(6, redis(env.PhaseReady))), env.PhaseReady},
		"failed":                      {append(gaveUp, ended(4, env.PhaseFailed)), env.PhaseFailed},
		"failed, became well by time": {append(gaveUp, ended(4, env.PhaseFailed), observed(5, redis(env.PhaseReady))), env.PhaseReady},
		"interrupted before applying": {[]env.Event{began(), step(1, "apply/redis", env.StepCancelled), ended(2, env.PhaseFailed), observed(3, redis(env.PhaseReady))}, env.PhaseFailed},
		"stopped":                     {append(done, ended(4, env.PhaseReady), ended(5, env.PhaseStopped)), env.PhaseStopped},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fold(test.events...).Phase; got != test.want {
				t.Errorf("phase = %s, want %s", got, test.want)
			}
		})
	}
}

func TestStepsKeepTheirTimes(t *testing.T) {
	s := fold(began(), step(3, "apply/redis", env.StepRunning), step(5, "apply/redis", env.StepRunning), step(7, "apply/redis", env.StepDone),
		step(9, "no/such/step", env.StepDone))
	if got := s.Steps[0].Elapsed(noon.Add(time.Hour)); got != 4*time.Second {
		t.Errorf("elapsed = %s, want 4s", got)
	}
	if got := s.Steps[1].Elapsed(noon.Add(time.Hour)); got != 0 {
		t.Errorf("a step that has not begun has run for %s", got)
	}
	running := fold(began(), step(3, "apply/redis", env.StepRunning))
	if got := running.Steps[0].Elapsed(noon.Add(10 * time.Second)); got != 7*time.Second {
		t.Errorf("elapsed = %s, want 7s", got)
	}
}

func TestObservedServicesKeepPlaceAndCategory(t *testing.T) {
	s := fold(began(), observed(1, env.Service{Stack: "app", Name: "b"}, env.Service{Stack: "app", Name: "a"}))
	var names []string
	for _, service := range s.Services {
		names = append(names, service.Stack+"/"+service.Name+" "+service.Category)
	}
	// What is planned and not there yet stays; what nobody planned follows.
	if diff := cmp.Diff([]string{"redis/redis cache", "app/a ", "app/b "}, names); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	s = s.With(observed(2, redis(env.PhaseReady)))
	if diff := cmp.Diff([]string{"cache"}, []string{s.Services[0].Category}); diff != "" || len(s.Services) != 1 {
		t.Errorf("services after the next observation: %v", s.Services)
	}
}

func TestOccurrences(t *testing.T) {
	happened := func(seconds int, message string, count int) env.Event {
		return at(seconds, env.Event{Occurred: &env.Occurrence{Source: "kubernetes", Subject: "pod/a", Reason: "BackOff", Message: message, Count: count}})
	}
	t.Run("are in order of time and told once", func(t *testing.T) {
		s := fold(happened(5, "late", 1), happened(2, "early", 1), happened(9, "early", 2))
		var got []string
		for _, r := range s.Recent {
			got = append(got, fmt.Sprintf("%s %d", r.Message, r.Count))
		}
		if diff := cmp.Diff([]string{"late 1", "early 2"}, got); diff != "" {
			t.Errorf("recent (-want +got):\n%s", diff)
		}
	})
	t.Run("are bounded, the oldest go", func(t *testing.T) {
		var s env.Snapshot
		for i := range 2000 {
			s = s.With(happened(i, fmt.Sprint(i), 1))
		}
		if len(s.Recent) != 500 || s.Recent[499].Message != "1999" {
			t.Errorf("%d are kept, the last is %q", len(s.Recent), s.Recent[len(s.Recent)-1].Message)
		}
	})
}

// TestWithIsPure folds each event of a run into a snapshot that others hold
// and finds theirs unchanged.
func TestWithIsPure(t *testing.T) {
	s := fold(began(), observed(1, redis(env.PhaseReady)), at(1, env.Event{Occurred: &env.Occurrence{Message: "x"}}))
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []env.Event{
		began(), step(2, "apply/redis", env.StepDone), observed(2, redis(env.PhaseFailed)), ended(2, env.PhaseStopped),
		at(0, env.Event{Occurred: &env.Occurrence{Message: "x"}}), at(2, env.Event{Logs: &env.LogCounters{Lines: 3}}),
	} {
		s.With(e)
		if after, _ := json.Marshal(s); string(after) != string(before) {
			t.Errorf("folding %+v changed the snapshot it was folded into:\n%s\n%s", e, before, after)
		}
	}
}

package env

import (
	"cmp"
	"slices"
	"time"
)

// maxRecent bounds the occurrences that a snapshot carries.
const maxRecent = 500

// With returns the snapshot after the event. It is pure: neither the receiver
// nor the event's slices are changed, so snapshots may be shared freely.
func (s Snapshot) With(e Event) Snapshot {
	if e.Time.After(s.Updated) {
		s.Updated = e.Time
	}
	switch {
	case e.Began != nil:
		return s.withBegan(*e.Began, e.Time)
	case e.Step != nil:
		return s.withStep(*e.Step, e.Time)
	case e.Observed != nil:
		return s.withObserved(*e.Observed, e.Time)
	case e.Occurred != nil:
		return s.withOccurrence(*e.Occurred, e.Time)
	case e.Logs != nil:
		s.Logs = *e.Logs
	case e.Ended != nil:
		return s.withEnded(*e.Ended, e.Time)
	}
	return s
}

func (s Snapshot) withBegan(b Began, at time.Time) Snapshot {
	known := make(map[string]Service, len(s.Services))
	for _, service := range s.Services {
		known[service.Name] = service
	}
	s.Identity = b.Identity
	s.Phase, s.Reason, s.Error = PhaseStarting, "", ""
	s.Started, s.ReadyAt = at, time.Time{}
	s.Budget = b.Budget
	s.Endpoints = b.Endpoints
	s.Steps = make([]StepState, len(b.Steps))
	for i, step := range b.Steps {
		s.Steps[i] = StepState{Step: step, Phase: StepPending}
	}
	s.Services = slices.Clone(b.Services)
	for i, service := range s.Services {
		if seen, ok := known[service.Name]; ok && seen.Stack == service.Stack {
			s.Services[i] = seen
		}
	}
	return s
}

func (s Snapshot) withStep(c StepChange, at time.Time) Snapshot {
	i := slices.IndexFunc(s.Steps, func(step StepState) bool { return step.ID == c.ID })
	if i < 0 {
		return s
	}
	s.Steps = slices.Clone(s.Steps)
	step := &s.Steps[i]
	if step.Started.IsZero() && c.Phase == StepRunning {
		step.Started = at
	}
	if c.Phase.Ended() && step.Ended.IsZero() {
		step.Ended = at
	}
	step.Phase, step.Detail, step.Error, step.Advice = c.Phase, c.Detail, c.Error, c.Advice
	if c.Progress != (Progress{}) {
		step.Progress = c.Progress
	}
	return s
}

// withObserved replaces what is known of services. Those that are planned and
// not yet there stay, so that a screen shows what is still to come.
func (s Snapshot) withObserved(o Observed, at time.Time) Snapshot {
	services := slices.Clone(o.Services)
	for _, planned := range s.Services {
		there := slices.ContainsFunc(services, func(o Service) bool { return o.Name == planned.Name })
		if !there && planned.Phase == PhasePlanned {
			services = append(services, planned)
		}
	}
	order := make(map[string]int, len(s.Services))
	category := make(map[string]string, len(s.Services))
	for i, service := range s.Services {
		if _, ok := order[service.Stack]; !ok {
			order[service.Stack] = i
		}
		category[service.Stack] = service.Category
	}
	for i, service := range services {
		services[i].Category = cmp.Or(service.Category, category[service.Stack])
	}
	slices.SortStableFunc(services, func(a, b Service) int { return compareServices(a, b, order) })
	s.Services, s.Findings, s.Usage = services, o.Findings, o.Usage
	return s.settled(at)
}

func (s Snapshot) withOccurrence(o Occurrence, at time.Time) Snapshot {
	recent := slices.Clone(s.Recent)
	recent = slices.DeleteFunc(recent, func(r Recent) bool {
		return r.Source == o.Source && r.Subject == o.Subject && r.Reason == o.Reason && r.Message == o.Message
	})
	i, _ := slices.BinarySearchFunc(recent, at, func(r Recent, t time.Time) int {
		if r.Time.After(t) {
			return 1
		}
		return -1
	})
	recent = slices.Insert(recent, i, Recent{Time: at, Occurrence: o})
	if extra := len(recent) - maxRecent; extra > 0 {
		recent = recent[extra:]
	}
	s.Recent = recent
	return s
}

func (s Snapshot) withEnded(e Ended, at time.Time) Snapshot {
	s.Phase, s.Reason, s.Error = e.Phase, e.Reason, e.Error
	switch e.Phase {
	case PhaseReady:
		s.ReadyAt = at
		return s.settled(at)
	case PhaseStopped:
		s.Services = slices.Clone(s.Services)
		for i := range s.Services {
			service := &s.Services[i]
			service.Phase, service.Ready, service.Why, service.Waiting = PhaseStopped, 0, nil, ""
			service.Usage = Usage{}
		}
		s.Usage, s.Findings = Usage{}, nil
	case PhasePlanned, PhaseStarting, PhaseDegraded, PhaseFailed:
	}
	return s
}

// settled moves an environment whose run is over between ready and degraded,
// as its services fall and recover.
func (s Snapshot) settled(at time.Time) Snapshot {
	well := !slices.ContainsFunc(s.Services, func(o Service) bool { return o.Phase != PhaseReady })
	switch {
	case s.Phase == PhaseReady && !well:
		s.Phase = PhaseDegraded
	case (s.Phase == PhaseDegraded || s.Phase == PhaseFailed) && well && s.succeeded():
		s.Phase, s.Reason, s.Error = PhaseReady, "", ""
		if s.ReadyAt.IsZero() {
			s.ReadyAt = at
		}
	}
	return s
}

// succeeded reports whether every step has been done, or needs only what is
// now seen to be well: a stack that became ready after its step had given up.
func (s Snapshot) succeeded() bool {
	return !slices.ContainsFunc(s.Steps, func(step StepState) bool {
		return !step.Phase.Succeeded() && (step.Kind != StepWait || step.Phase != StepFailed)
	})
}

func compareServices(a, b Service, order map[string]int) int {
	at := func(o Service) int {
		if i, ok := order[o.Stack]; ok {
			return i
		}
		return len(order)
	}
	return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.Stack, b.Stack), cmp.Compare(a.Name, b.Name))
}

// Unwell are all findings of the snapshot: the services' own, then those of
// the cluster and the host.
func (s Snapshot) Unwell() []Finding {
	var all []Finding
	for _, service := range s.Services {
		all = append(all, service.Why...)
	}
	return append(all, s.Findings...)
}

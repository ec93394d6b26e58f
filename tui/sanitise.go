package tui

import (
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/tui/layout"
)

// harmless returns the snapshot with every text made safe for a terminal: all
// of it may come from containers.
func harmless(s env.Snapshot) env.Snapshot {
	s.Environment, s.Profile = layout.Safe(s.Environment), layout.Safe(s.Profile)
	s.Runtime, s.Namespace = layout.Safe(s.Runtime), layout.Safe(s.Namespace)
	s.Error = layout.Safe(s.Error)
	s.Findings = layout.Each(s.Findings, harmlessFinding)
	s.Services = layout.Each(s.Services, harmlessService)
	s.Steps = layout.Each(s.Steps, harmlessStep)
	s.Recent = layout.Each(s.Recent, harmlessRecent)
	s.Endpoints = layout.Each(s.Endpoints, harmlessEndpoint)
	return s
}

func harmlessFinding(f env.Finding) env.Finding {
	f.ID, f.Subject, f.Service = layout.Safe(f.ID), layout.Safe(f.Subject), layout.Safe(f.Service)
	f.Summary = layout.Safe(f.Summary)
	f.Evidence = layout.Each(f.Evidence, layout.Safe)
	f.Advice = layout.Each(f.Advice, layout.Safe)
	return f
}

func harmlessService(s env.Service) env.Service {
	s.Stack, s.Category = layout.Safe(s.Stack), layout.Safe(s.Category)
	s.Name, s.Kind, s.Waiting = layout.Safe(s.Name), layout.Safe(s.Kind), layout.Safe(s.Waiting)
	s.Pods = layout.Each(s.Pods, layout.Safe)
	s.Why = layout.Each(s.Why, harmlessFinding)
	return s
}

func harmlessStep(s env.StepState) env.StepState {
	s.ID, s.Subject = layout.Safe(s.ID), layout.Safe(s.Subject)
	s.Needs = layout.Each(s.Needs, layout.Safe)
	s.Detail, s.Error = layout.Safe(s.Detail), layout.Safe(s.Error)
	s.Advice = layout.Each(s.Advice, layout.Safe)
	return s
}

func harmlessRecent(r env.Recent) env.Recent {
	r.Source, r.Subject, r.Service = layout.Safe(r.Source), layout.Safe(r.Subject), layout.Safe(r.Service)
	r.Reason, r.Message = layout.Safe(r.Reason), layout.Safe(r.Message)
	return r
}

func harmlessEndpoint(e env.Endpoint) env.Endpoint {
	e.Stack, e.Name, e.Service = layout.Safe(e.Stack), layout.Safe(e.Name), layout.Safe(e.Service)
	e.Host, e.URL, e.Env = layout.Safe(e.Host), layout.Safe(e.URL), layout.Safe(e.Env)
	e.Variable, e.User, e.Password = layout.Safe(e.Variable), layout.Safe(e.User), layout.Safe(e.Password)
	return e
}

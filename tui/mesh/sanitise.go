package mesh

import (
	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
)

// harmless returns the state with every text made safe for a terminal. YAML is
// made so line by line as it is drawn, conditions of routes by matchText: an edit
// brings those back as they came.
func harmless(s mesh.State) mesh.State {
	s.Stack, s.Title, s.Absence = layout.Safe(s.Stack), layout.Safe(s.Title), layout.Safe(s.Absence)
	s.Services = layout.Each(s.Services, harmlessService)
	s.Workloads = layout.Each(s.Workloads, harmlessWorkload)
	s.Problems = layout.Each(s.Problems, func(p mesh.Problem) mesh.Problem {
		p.ID, p.Object, p.Summary = layout.Safe(p.ID), layout.Safe(p.Object), layout.Safe(p.Summary)
		p.Advice = layout.Each(p.Advice, layout.Safe)
		return p
	})
	s.Doors = layout.Each(s.Doors, harmlessDoor)
	s.Changes = layout.Each(s.Changes, func(c mesh.Change) mesh.Change {
		c.ID, c.Service, c.Summary = layout.Safe(c.ID), layout.Safe(c.Service), layout.Safe(c.Summary)
		c.Stuck = layout.Safe(c.Stuck)
		return c
	})
	return s
}

func harmlessDoor(d mesh.Door) mesh.Door {
	d.Endpoint, d.Address = layout.Safe(d.Endpoint), layout.Safe(d.Address)
	d.Workload, d.Policy = layout.Safe(d.Workload), layout.Safe(d.Policy)
	return d
}

func harmlessService(s mesh.Service) mesh.Service {
	s.Name, s.Rule = layout.Safe(s.Name), layout.Safe(s.Rule)
	s.Callers = layout.Each(s.Callers, layout.Safe)
	s.Policy.Rule, s.Policy.Eject = layout.Safe(s.Policy.Rule), layout.Safe(s.Policy.Eject)
	s.Policy.TLS, s.Policy.Balancer = layout.Safe(s.Policy.TLS), layout.Safe(s.Policy.Balancer)
	s.Routes = layout.Each(s.Routes, func(r mesh.Route) mesh.Route {
		r.Name = layout.Safe(r.Name)
		if r.Retries != nil {
			t := *r.Retries
			t.On = layout.Safe(t.On)
			r.Retries = &t
		}
		r.Destinations = layout.Each(r.Destinations, harmlessDestination)
		return r
	})
	return s
}

func harmlessDestination(d mesh.Destination) mesh.Destination {
	d.Name, d.Service, d.Subset = layout.Safe(d.Name), layout.Safe(d.Service), layout.Safe(d.Subset)
	d.Endpoints = layout.Each(d.Endpoints, func(e mesh.Endpoint) mesh.Endpoint {
		e.Address, e.Pod, e.EjectedBy = layout.Safe(e.Address), layout.Safe(e.Pod), layout.Each(e.EjectedBy, layout.Safe)
		return e
	})
	return d
}

func harmlessWorkload(w mesh.Workload) mesh.Workload {
	w.Name, w.Stack, w.Policy = layout.Safe(w.Name), layout.Safe(w.Stack), layout.Safe(w.Policy)
	w.TLS = mesh.TLSMode(layout.Safe(string(w.TLS)))
	w.Proxies = layout.Each(w.Proxies, func(p mesh.Proxy) mesh.Proxy {
		p.Pod, p.Version, p.Behind = layout.Safe(p.Pod), layout.Safe(p.Version), layout.Each(p.Behind, layout.Safe)
		return p
	})
	return w
}

package mesh

import (
	"fmt"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/paper"
	"github.com/diorama-dev/diorama/tui/theme"
)

// servicePaper is all that is known of a service's routes.
func (m Model) servicePaper(s *mesh.Service) *paper.Paper {
	p := paper.New(m.theme, m.width, s.Name+" · in the mesh")
	p.Field("called by", strings.Join(s.Callers, ", "))
	rule := s.Rule
	if rule == "" {
		rule = "none: requests go to all Pods that the service selects"
	}
	p.Field("rule", rule)
	for i := range s.Routes {
		m.routePart(p, s, i)
	}
	x := s.Policy
	if x != (mesh.Policy{}) {
		p.Heading("connections to it")
		p.Field("rule", x.Rule)
		p.Field("policy", policyText(x))
		if x.Interval > 0 {
			p.Field("looks every", duration(x.Interval))
		}
	}
	return p
}

func (m Model) routePart(p *paper.Paper, s *mesh.Service, i int) {
	r := &s.Routes[i]
	title := "requests"
	switch {
	case len(r.Match) > 0:
		title = "requests where " + matchText(r)
	case len(s.Routes) > 1:
		title = "all other requests"
	}
	if r.Name != "" {
		title += " (" + r.Name + ")"
	}
	p.Heading(title)
	if text := faultText(r.Fault); text != "" {
		p.Field("fault", text+m.since(s.Name, r.Fault))
	}
	if r.Timeout > 0 {
		p.Field("timeout", duration(r.Timeout))
	}
	if r.Retries != nil {
		p.Field("retries", patienceText(&mesh.Route{Retries: r.Retries}))
	}
	for _, d := range r.Destinations {
		p.Blank()
		p.Field("to", d.Name)
		if d.Service != "" && d.Service != s.Name {
			p.Field("of", d.Service)
		}
		p.Field("set", fmt.Sprintf("%d %%", d.Weight))
		seen := theme.Unknown
		if d.Seen.Share != nil {
			seen = fmt.Sprintf("%s of the last %s requests, %s failed", seenText(d.Seen), layout.Count(total(r)), layout.Count(d.Seen.Errors))
		}
		switch {
		case d.Seen.Shared && d.Seen.Share == nil:
			seen = "not known: another route goes there too, and proxies count by where requests go"
		case d.Seen.Shared:
			seen += ", those of other routes that go there among them"
		}
		p.Field("seen", seen)
		p.Field("p99", p99Text(d.Seen.P99))
		for _, e := range d.Endpoints {
			text := endpointText(e)
			if text == "" {
				text = strings.TrimSpace(e.Pod + " " + e.Address)
				p.Field(theme.SignWell, text)
				continue
			}
			p.Field(theme.SignUnwell, text)
		}
	}
}

// blames reports whether a problem is one of a service's or of its rules.
func blames(p mesh.Problem, s *mesh.Service) bool {
	return concerns(p, s.Name) || concerns(p, lastOf(s.Rule)) || concerns(p, lastOf(s.Policy.Rule))
}

// concerns reports whether a problem names an object.
func concerns(p mesh.Problem, name string) bool {
	return name != "" && (lastOf(p.Object) == name || strings.HasPrefix(lastOf(p.Object), name+"."))
}

// lastOf is what stands behind the last stroke of kind/name or namespace/name.
func lastOf(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

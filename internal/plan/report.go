package plan

import (
	"slices"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/seed"
)

// Report is the plan as `diorama plan -o json` prints it: no credentials, no
// object bodies.
type Report struct {
	Schema int `json:"schema"`
	env.Identity
	Cluster   Cluster        `json:"cluster,omitzero"`
	Stacks    []StackReport  `json:"stacks"`
	Images    []Image        `json:"images"`
	Endpoints []env.Endpoint `json:"endpoints"`
	Steps     []env.Step     `json:"steps"`
	Memory    Memory         `json:"memory"`
	// Differences are what would change in the running environment.
	Differences []Difference `json:"differences"`
	Warnings    []string     `json:"warnings"`
	// Placement says why it runs where it runs, and what cannot.
	Placement Placement `json:"placement,omitzero"`
}

// StackChange is what a plan means for a stack of a running environment.
type StackChange string

// The changes.
const (
	StackAdded   StackChange = "add"
	StackKept    StackChange = "keep"
	StackChanged StackChange = "change"
	StackRemoved StackChange = "remove"
)

// StackReport is a stack of a report.
type StackReport struct {
	Name     string          `json:"name"`
	Category string          `json:"category,omitempty"`
	Change   StackChange     `json:"change"`
	Requires []string        `json:"requires"`
	Objects  []ObjectName    `json:"objects"`
	Images   []string        `json:"images"`
	Losses   []manifest.Loss `json:"losses"`
	// Servers are what the embedded runtime runs.
	Servers []ServerReport `json:"servers,omitempty"`
	Memory  int64          `json:"memory"` // bytes
	// Seed is what is put there, without the text of files.
	Seed *seed.Set `json:"seed,omitempty"`
}

// ServerReport is a server of a report.
type ServerReport struct {
	Service string `json:"service"`
	env.Server
	Program string `json:"program,omitempty"`
	Fetch   string `json:"fetch,omitempty"`
}

// ObjectName names an object of the plan.
type ObjectName struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Report sums the plan up.
func (p Plan) Report() Report {
	r := Report{
		Schema: 1, Identity: p.Identity, Cluster: p.Cluster, Images: append([]Image{}, p.Images...), Steps: append([]env.Step{}, p.Steps...),
		Memory: p.Memory, Warnings: append([]string{}, p.Warnings...), Differences: append([]Difference{}, p.Differences...), Stacks: []StackReport{}, Endpoints: []env.Endpoint{},
		Placement: p.Placement,
	}
	for _, e := range p.Endpoints {
		r.Endpoints = append(r.Endpoints, e.Endpoint)
	}
	for _, s := range p.Stacks {
		report := StackReport{
			Name: s.Name, Category: s.Category, Change: StackAdded, Memory: s.Memory, Objects: []ObjectName{}, Seed: outline(s.Seed),
			Requires: append([]string{}, s.Requires...), Images: append([]string{}, s.Images...), Losses: append([]manifest.Loss{}, s.Losses...),
		}
		if slices.Contains(p.Present, s.Name) {
			report.Change = StackKept
		}
		if slices.ContainsFunc(p.Differences, func(d Difference) bool { return d.Stack == s.Name }) && report.Change == StackKept {
			report.Change = StackChanged
		}
		for _, object := range s.Objects() {
			report.Objects = append(report.Objects, ObjectName{Kind: object.GetKind(), Name: object.GetName()})
		}
		for _, server := range s.Servers {
			report.Servers = append(report.Servers, ServerReport{
				Service: server.Service, Server: server.Server, Program: server.Program, Fetch: server.Fetch,
			})
		}
		r.Stacks = append(r.Stacks, report)
	}
	for _, name := range p.Removed {
		r.Stacks = append(r.Stacks, StackReport{
			Name: name, Change: StackRemoved, Requires: []string{}, Objects: []ObjectName{}, Images: []string{}, Losses: []manifest.Loss{},
		})
	}
	return r
}

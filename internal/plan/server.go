package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/diorama-dev/diorama/internal/env"
)

// Server is a server of the embedded runtime: a process that the environment's
// keeper owns.
type Server struct {
	Service string `json:"service"`
	// Kind names what the embedded runtime knows how to run: a stack's
	// "embedded", or [KindProgram].
	Kind string `json:"kind"`
	Offer
	// Arguments are those of a program of this module.
	Arguments []string `json:"arguments,omitempty"`
	// Environment is that of a program of this module, with [Placeholder] in
	// place of each credential.
	Environment map[string]string `json:"environment,omitempty"`
	// Settings are the stack's parameters.
	Settings map[string]string `json:"settings,omitempty"`
	// Ports are those of 127.0.0.1 that it listens on, by endpoint.
	Ports map[string]int `json:"ports,omitempty"`
	// Health is a page that answers 200 once the server is ready; empty where
	// its kind knows better how to ask.
	Health string `json:"health,omitempty"`
}

// KindProgram is a program of this module, run by our own binary.
const KindProgram = "program"

// kindServer is what [manifest.Workload] calls a process.
const kindServer = "Server"

// Offer is how the embedded runtime would run a kind of server on this host.
type Offer struct {
	env.Server
	// Program is the file that runs it; empty for one of our own, and for one
	// that is fetched first.
	Program string `json:"program,omitempty"`
	// Fetch names what has to be fetched before it can run; empty: nothing.
	Fetch string `json:"fetch,omitempty"`
	// Memory is about what it takes, in bytes.
	Memory int64 `json:"memory"`
}

// Placeholder stands for a credential in a plan.
func Placeholder(instance, name string) string { return "${" + instance + "/" + name + "}" }

// placeholders are credentials of the same names, each a [Placeholder].
func placeholders(credentials map[string]map[string]string) map[string]map[string]string {
	all := make(map[string]map[string]string, len(credentials))
	for instance, names := range credentials {
		all[instance] = make(map[string]string, len(names))
		for name := range names {
			all[instance][name] = Placeholder(instance, name)
		}
	}
	return all
}

// Placement says why an environment runs where it runs, and what cannot.
type Placement struct {
	// Why says why the runtime was chosen; empty where the user named it.
	Why string `json:"why,omitempty"`
	// LeftOut are stacks and apps of the profile that this host cannot run.
	LeftOut []LeftOut `json:"leftOut,omitempty"`
}

// LeftOut is a stack or an app that a plan does without.
type LeftOut struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func (l LeftOut) String() string { return l.Name + " is left out: " + l.Reason }

// LeftOutError says that a plan would have to do without something, where
// that was not to be.
type LeftOutError struct{ All []LeftOut }

func (e *LeftOutError) Error() string {
	lines := make([]string, len(e.All))
	for i, out := range e.All {
		lines[i] = out.String()
	}
	return strings.Join(lines, "\n") + "\ntake them out of the profile, or leave out --strict"
}

// ImitationError says that imitations would stand in for servers, where
// somebody must have asked for them.
type ImitationError struct{ Services []string }

func (e *ImitationError) Error() string {
	return fmt.Sprintf("without Docker, imitations would stand in for %s, and with CI=true nobody would notice; allow it with --allow-imitation, start Docker, or put the real servers on PATH",
		strings.Join(e.Services, ", "))
}

// Imitations are the services of the plan that imitations stand in for.
func (p Plan) Imitations() []Server {
	var all []Server
	for _, stack := range p.Stacks {
		for _, server := range stack.Servers {
			if server.Form == env.FormImitation {
				all = append(all, server)
			}
		}
	}
	return all
}

// Allow checks what a person must have asked for.
func (p Plan) Allow(strict, imitation bool) error {
	if strict && len(p.Placement.LeftOut) > 0 {
		return &LeftOutError{All: p.Placement.LeftOut}
	}
	if len(p.Stacks) == 0 && len(p.Placement.LeftOut) > 0 {
		return &LeftOutError{All: p.Placement.LeftOut}
	}
	if imitations := p.Imitations(); !imitation && len(imitations) > 0 {
		e := &ImitationError{}
		for _, server := range imitations {
			e.Services = append(e.Services, server.Service)
		}
		return e
	}
	return nil
}

var errNeedsDocker = errors.New("it runs in containers; that needs Docker")

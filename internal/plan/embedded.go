package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// keeperMemory is what the keeper takes beside the servers that it owns.
const keeperMemory = 60 << 20

// embedded reports whether the plan is for the embedded runtime.
func (r *resolver) embedded() bool { return r.in.Runtime == profiles.RuntimeEmbedded }

// leaveOut says that the plan does without something.
func (r *resolver) leaveOut(name, reason string) {
	out := LeftOut{Name: name, Reason: reason}
	r.plan.Placement.LeftOut = append(r.plan.Placement.LeftOut, out)
	r.plan.Warnings = append(r.plan.Warnings, out.String())
}

// resolveOffers asks how each stack would run here, and leaves out those that
// cannot, and those that need one of them.
func (r *resolver) resolveOffers(all []instance) []instance {
	r.offers = make(map[string]Offer)
	var kept []instance
	gone := make(map[string]bool)
	for _, i := range all {
		offer, err := r.offer(i)
		if err != nil {
			gone[i.As] = true
			r.leaveOut(i.As, err.Error())
			continue
		}
		r.offers[i.As] = offer
		kept = append(kept, i)
	}
	for changed := true; changed; {
		changed = false
		kept = slices.DeleteFunc(kept, func(i instance) bool {
			at := slices.IndexFunc(i.requires, func(name string) bool { return gone[name] })
			if at < 0 {
				return false
			}
			gone[i.As], changed = true, true
			r.leaveOut(i.As, "it needs "+i.requires[at])
			return true
		})
	}
	return kept
}

func (r *resolver) offer(i instance) (Offer, error) {
	if i.stack.Embedded == "" {
		return Offer{}, errNeedsDocker
	}
	return r.in.Offer(i.stack.Embedded)
}

// resolvePorts gives every endpoint, and every page that says whether a
// program is ready, its port.
func (r *resolver) resolvePorts(context.Context) (err error) {
	r.ports, err = freePorts(append(wishes(r.all, r.in.Profile), r.pages()...), r.in.Record.Ports, r.in.Host)
	r.plan.Ports = r.ports
	return err
}

// pages are the ports that programs answer on beside their endpoints: each
// service of a program whose probe asks a port that no endpoint has.
func (r *resolver) pages() []wish {
	var list []wish
	for _, i := range r.all {
		for _, service := range slices.Sorted(maps.Keys(i.stack.Probes)) {
			probe := i.stack.Probes[service].HTTP
			if i.stack.Embedded != KindProgram || probe == nil || r.endpointOf(i, service, probe.Port) != "" {
				continue
			}
			list = append(list, wish{key: i.As + "/" + service, preferred: probe.Port})
		}
	}
	return list
}

// endpointOf names the endpoint of the service's port; empty where none is.
func (r *resolver) endpointOf(i instance, service string, port int) string {
	for _, name := range slices.Sorted(maps.Keys(i.stack.Endpoints)) {
		if e := i.stack.Endpoints[name]; e.Service == service && e.Port == port {
			return name
		}
	}
	return ""
}

// resolveServers makes the servers of each stack.
func (r *resolver) resolveServers(ctx context.Context) error {
	for _, i := range r.all {
		stack := Stack{
			Name: i.As, Stack: i.Stack, Title: i.stack.Title, Category: string(i.stack.Category),
			Requires: i.requires, Console: Console{Client: i.stack.Client, Queues: i.stack.Queues},
		}
		var err error
		if i.stack.Embedded == KindProgram {
			stack.Servers, err = r.processes(ctx, i)
		} else {
			stack.Servers = []Server{r.server(i)}
		}
		if err != nil {
			return err
		}
		r.plan.Stacks = append(r.plan.Stacks, withWorkloads(stack))
		r.plan.Endpoints = append(r.plan.Endpoints, r.endpoints(i)...)
	}
	return nil
}

// withWorkloads names the stack's servers as its services.
func withWorkloads(s Stack) Stack {
	for _, server := range s.Servers {
		s.Memory += server.Memory
		s.Workloads = append(s.Workloads, manifest.Workload{
			Service: server.Service, Name: server.Service, Kind: kindServer, Replicas: 1, Memory: server.Memory,
		})
	}
	return s
}

// server is the one of a stack that the embedded runtime has a kind for.
func (r *resolver) server(i instance) Server {
	s := Server{
		Service: i.As, Kind: i.stack.Embedded, Offer: r.offers[i.As], Settings: r.parameters[i.As],
		Ports: make(map[string]int, len(i.stack.Endpoints)),
	}
	for name, endpoint := range i.stack.Endpoints {
		s.Service = i.rename(endpoint.Service)
		s.Ports[name] = r.ports[i.As+"/"+name].Host
	}
	return s
}

// processes are the processes of a stack whose services are programs of this
// module, as its Compose file has them.
func (r *resolver) processes(ctx context.Context, i instance) ([]Server, error) {
	project, err := compose.LoadStack(ctx, i.stack.Folder.FS, i.As, r.variables(i))
	if err != nil {
		return nil, fmt.Errorf("load stack %s: %w", i.As, err)
	}
	var list []Server
	for _, name := range slices.Sorted(maps.Keys(project.Model.Services)) {
		if i.stack.LeavesOut(name, r.parameters[i.As]) {
			continue
		}
		server := r.program(project, name, r.offers[i.As])
		server.Service = i.rename(name)
		if probe := i.stack.Probes[name].HTTP; probe != nil {
			key := r.endpointOf(i, name, probe.Port)
			if key == "" {
				key = name
			}
			port := r.ports[i.As+"/"+key].Host
			server.Ports = map[string]int{key: port}
			server.Health = "http://" + Localhost + ":" + strconv.Itoa(port) + probe.Path
		}
		list = append(list, server)
	}
	return list, nil
}

// program is a service of a Compose file whose image is a program of this
// module.
func (r *resolver) program(project compose.Project, name string, offer Offer) Server {
	service := project.Model.Services[name]
	s := Server{Service: name, Kind: KindProgram, Offer: offer, Arguments: service.Command, Environment: make(map[string]string)}
	for key, value := range service.Environment {
		if value != nil {
			s.Environment[key] = *value
		}
	}
	return s
}

// resolveProgramApps lets the apps join whose services are all programs of this
// module: consumers that were added to the demo. Others need containers.
func (r *resolver) resolveProgramApps(ctx context.Context) error {
	vars := map[string]string{"DIORAMA_LISTEN": Localhost + ":0"}
	built := make(map[string]bool)
	var names []string
	for _, i := range r.all {
		maps.Copy(vars, r.inside(i))
		names = append(names, i.As)
		for _, build := range i.stack.Builds {
			built[build.Image] = true
		}
	}
	for _, wanted := range r.in.Profile.Apps {
		project, err := r.in.LoadApp(ctx, wanted, vars)
		if err != nil {
			return fmt.Errorf("load app %s: %w", wanted.Name, err)
		}
		stack := Stack{Name: wanted.Name, Stack: wanted.Name, Title: wanted.Name, Category: string(stacks.App), Requires: slices.Clone(names)}
		offer, err := r.in.Offer(KindProgram)
		for _, name := range slices.Sorted(maps.Keys(project.Model.Services)) {
			if !built[repository(project.Model.Services[name].Image)] {
				err = errNeedsDocker
			}
			stack.Servers = append(stack.Servers, r.program(project, name, offer))
		}
		if err != nil {
			r.leaveOut(wanted.Name, err.Error())
			continue
		}
		r.plan.Stacks = append(r.plan.Stacks, withWorkloads(stack))
	}
	return nil
}

// resolveServerMemory holds what the servers take against the machine.
func (r *resolver) resolveServerMemory(context.Context) error { return r.fits(keeperMemory) }

// serverSteps makes the graph of the embedded runtime: what has to be fetched
// is fetched at once, and each stack starts as soon as what it requires is
// ready and has its seeds.
func serverSteps(p Plan) []env.Step {
	var list []env.Step
	add := func(kind env.StepKind, subject string, needs ...string) string {
		id := stepID(kind, subject)
		if !slices.ContainsFunc(list, func(s env.Step) bool { return s.ID == id }) {
			list = append(list, env.Step{ID: id, Kind: kind, Subject: subject, Needs: slices.Compact(needs)})
		}
		return id
	}
	for _, name := range p.Removed {
		add(env.StepRemove, name)
	}
	for _, stack := range p.Stacks {
		var needs []string
		for _, server := range stack.Servers {
			if server.Fetch != "" {
				needs = append(needs, add(env.StepFetch, server.Fetch))
			}
		}
		for _, required := range stack.Requires {
			needs = append(needs, p.done(required))
		}
		waited := add(env.StepWait, stack.Name, add(env.StepApply, stack.Name, needs...))
		if stack.Seed != nil {
			add(env.StepSeed, stack.Name, waited)
		}
	}
	return list
}

// listens are the variables that tell programs where to listen and where each
// other are: DIORAMA_GATEWAY_LISTEN and DIORAMA_GATEWAY_INSIDE.
func (r *resolver) listens(i instance) map[string]string {
	vars := make(map[string]string)
	for key, port := range r.ports {
		instance, name, _ := strings.Cut(key, "/")
		if instance != i.As {
			continue
		}
		upper := stacks.EndpointVariable(name)
		address := Localhost + ":" + strconv.Itoa(port.Host)
		vars[upper+"_LISTEN"], vars[upper+"_INSIDE"] = address, address
	}
	return vars
}

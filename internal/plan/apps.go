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

// app is a Compose file of the user's, and what a first look at it showed: the
// images that are built, and the ports that are published.
type app struct {
	profiles.App
	project compose.Project
	built   map[string]string // references of built images, by what the file calls them
	ports   []appPort
}

// appPort is a port that an app publishes.
type appPort struct {
	service   string
	name      string // of the endpoint
	container int
	preferred int
}

// surveyApps loads the user's Compose files. What is built is named after its
// source, and host ports are given before anything is rendered for good.
func (r *resolver) surveyApps(ctx context.Context) error {
	vars := make(map[string]string)
	for _, i := range r.all {
		maps.Copy(vars, r.inside(i))
	}
	for _, wanted := range r.in.Profile.Apps {
		project, err := r.in.LoadApp(ctx, wanted, vars)
		if err != nil {
			return fmt.Errorf("load app %s: %w", wanted.Name, err)
		}
		first, err := r.render(wanted.Name, stacks.App, project, manifest.Input{})
		if err != nil {
			return err
		}
		a := app{App: wanted, project: project, built: make(map[string]string)}
		for _, workload := range first.Workloads {
			a.ports = append(a.ports, published(workload)...)
			if workload.Build == nil {
				continue
			}
			if a.built[workload.Requested], err = r.in.AppImage(ctx, workload.Service, *workload.Build); err != nil {
				return err
			}
		}
		r.apps = append(r.apps, a)
	}
	return nil
}

// published are the TCP ports that a service publishes, each an endpoint: the
// first is called as the service, others have their number behind.
func published(w manifest.Workload) []appPort {
	var ports []appPort
	for _, port := range w.Ports {
		if port.Protocol != "tcp" {
			continue
		}
		p := appPort{service: w.Service, name: w.Service, container: port.Container, preferred: port.Container}
		if wanted, err := strconv.Atoi(port.Published); err == nil {
			p.preferred = wanted
		}
		if len(ports) > 0 {
			p.name += "-" + strconv.Itoa(port.Container)
		}
		ports = append(ports, p)
	}
	return ports
}

// resolveApps renders the user's Compose files; each becomes a stack that
// comes after all others.
func (r *resolver) resolveApps(context.Context) error {
	var names []string
	for _, i := range r.all {
		names = append(names, i.As)
	}
	for _, a := range r.apps {
		var hostPorts []manifest.HostPort
		for _, port := range a.ports {
			record := r.ports[a.Name+"/"+port.name]
			hostPorts = append(hostPorts, manifest.HostPort{Service: port.service, Name: port.name, Port: port.container, NodePort: record.Node})
			r.plan.Endpoints = append(r.plan.Endpoints, a.endpoint(port, record))
		}
		image := func(reference string) (string, error) {
			if own, ok := a.built[reference]; ok {
				return own, nil
			}
			return r.image(reference)
		}
		rendered, err := r.render(a.Name, stacks.App, a.project, manifest.Input{Image: image, HostPorts: hostPorts})
		if err != nil {
			return err
		}
		rendered.Stack, rendered.Title = a.Name, a.Name
		rendered.Requires = slices.Clone(names)
		for _, workload := range rendered.Workloads {
			rendered.Memory += workload.Memory
		}
		rendered.Memory += r.proxies(rendered)
		r.plan.Stacks = append(r.plan.Stacks, rendered)
	}
	return nil
}

// endpoint is a published port as seen from the host. What is spoken there is
// not known, so its URL is host and port.
func (a app) endpoint(port appPort, record env.PortRecord) Endpoint {
	address := Localhost + ":" + strconv.Itoa(record.Host)
	return Endpoint{
		Endpoint: env.Endpoint{
			Stack: a.Name, Name: port.name, Service: port.service, Host: Localhost, Port: record.Host, Preferred: port.preferred,
			URL: address, Env: strings.ToUpper(strings.ReplaceAll(port.name, "-", "_")),
		},
		Template: address,
	}
}

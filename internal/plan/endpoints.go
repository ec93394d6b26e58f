package plan

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/stacks"
)

// Localhost is the only address that anything is published on: never
// "localhost", which some resolve to ::1 first.
const Localhost = "127.0.0.1"

// Redacted stands for a credential wherever a person did not ask for it.
const Redacted = "xxxxx"

// Endpoint is an endpoint of a plan: where it is, and how its URL is made once
// somebody asks for the credentials in it.
type Endpoint struct {
	env.Endpoint
	// Template is the URL with ${NAME} in place of each credential.
	Template string `json:"template"`
	// Username goes to Env + "_USER".
	Username string `json:"username,omitempty"`
	// Credential names the one that goes to Env + "_PASSWORD".
	Credential string `json:"credential,omitempty"`
}

// Reveal returns the endpoint with its credentials in place.
func (e Endpoint) Reveal(credentials map[string]string) env.Endpoint {
	revealed := e.Endpoint
	revealed.URL = os.Expand(e.Template, func(name string) string { return credentials[name] })
	revealed.User = e.Username
	revealed.Password = credentials[e.Credential]
	return revealed
}

// endpoints lists the endpoints of an instance as seen from the host.
func (r *resolver) endpoints(i instance) []Endpoint {
	var list []Endpoint
	for _, name := range slices.Sorted(maps.Keys(i.stack.Endpoints)) {
		e := i.stack.Endpoints[name]
		port := r.ports[i.As+"/"+name]
		known := map[string]string{"HOST": Localhost, "PORT": strconv.Itoa(port.Host)}
		maps.Copy(known, r.parameters[i.As])
		template := expand(e.URL, known, nil)
		list = append(list, Endpoint{
			Endpoint: env.Endpoint{
				Stack: i.As, Name: name, Service: i.rename(e.Service), Host: Localhost, Port: port.Host, Preferred: e.HostPort,
				URL: os.Expand(template, func(string) string { return Redacted }),
				Env: i.prefix(e.Env), Variable: i.prefix(e.Variable), SQL: e.SQL, Web: e.Web,
			},
			Template: template, Username: expand(e.User, known, nil), Credential: e.Password,
		})
	}
	return list
}

// inside returns the variables that lead a program within the environment to
// the instance's endpoints, named as those of `diorama env`.
func (r *resolver) inside(i instance) map[string]string {
	vars := make(map[string]string)
	credentials := r.in.Credentials[i.As]
	for name, e := range i.stack.Endpoints {
		if e.Env == "" {
			continue
		}
		host, port, address := i.rename(e.Service), strconv.Itoa(e.Port), cmp.Or(e.Internal, e.URL)
		if r.embedded() { // there is no inside
			host, port, address = Localhost, strconv.Itoa(r.ports[i.As+"/"+name].Host), e.URL
		}
		known := map[string]string{"HOST": host, "PORT": port}
		maps.Copy(known, r.parameters[i.As])
		prefix := i.prefix(e.Env)
		vars[i.prefix(e.URLVariable())] = expand(address, known, credentials)
		vars[prefix+"_HOST"], vars[prefix+"_PORT"] = host, port
		if e.User != "" {
			vars[prefix+"_USER"] = expand(e.User, known, credentials)
		}
		if e.Password != "" {
			vars[prefix+"_PASSWORD"] = credentials[e.Password]
		}
		if e.SQL {
			r.insideSeeded(vars, i, prefix, address, known)
		}
	}
	return vars
}

// expand replaces ${NAME} by what is known; credentials that are not given
// stay as ${NAME}.
func expand(template string, known, credentials map[string]string) string {
	return os.Expand(template, func(name string) string {
		if value, ok := known[name]; ok {
			return value
		}
		if value, ok := credentials[name]; ok {
			return value
		}
		return "${" + name + "}"
	})
}

// rename gives the services of a second instance names of their own: the
// service that is called as its stack takes the instance's name, others get it
// as a prefix.
func (i instance) rename(service string) string {
	switch {
	case i.As == i.Stack:
		return service
	case service == i.Stack:
		return i.As
	default:
		return i.As + "-" + service
	}
}

// prefix makes the variables of a second instance begin with its name:
// SESSIONS_URL beside REDIS_URL.
func (i instance) prefix(name string) string {
	if i.As == i.Stack || name == "" {
		return name
	}
	upper := func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }
	return upper(i.As) + strings.TrimPrefix(name, upper(i.Stack))
}

// variables are what the Compose file of an instance may refer to.
func (r *resolver) variables(i instance) map[string]string {
	vars := maps.Clone(r.parameters[i.As])
	if vars == nil {
		vars = make(map[string]string)
	}
	maps.Copy(vars, r.in.Credentials[i.As])
	for name := range i.stack.Endpoints {
		vars[stacks.EndpointVariable(name)+"_HOST"] = Localhost
		vars[stacks.EndpointVariable(name)+"_PORT"] = strconv.Itoa(r.ports[i.As+"/"+name].Host)
	}
	if r.embedded() {
		maps.Copy(vars, r.listens(i))
	}
	if len(i.stack.Optional) > 0 { // it says itself which services are there
		vars[compose.ProfilesVariable] = "*"
	}
	for _, required := range r.all {
		if slices.Contains(i.requires, required.As) {
			maps.Copy(vars, r.inside(required))
		}
	}
	return vars
}

// secrets are the values that must not stand in the open.
func (r *resolver) secrets() []string {
	var all []string
	for _, values := range r.in.Credentials {
		all = slices.AppendSeq(all, maps.Values(values))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

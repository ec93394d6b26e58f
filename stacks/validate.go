package stacks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

var (
	dnsLabel       = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	parameterName  = regexp.MustCompile(`^[a-z][a-zA-Z0-9]{0,62}$`)
	driftPointer   = regexp.MustCompile(`^([A-Z][A-Za-z0-9]*(/[a-z0-9][a-z0-9.\-]*)?:)?/`)
	environmentKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,62}$`)
)

// ValidName reports whether a name can be a stack's, an instance's or an
// endpoint's: a DNS label, since it becomes part of names in a cluster.
func ValidName(name string) bool { return dnsLabel.MatchString(name) }

// validator holds the parts of a stack against each other.
type validator struct {
	root     *yamlpos.Node
	stack    Stack
	workload workload
	// workloads are the names of those of the manifests.
	workloads map[string]bool
	problems  yamlpos.Problems
	decoded   yamlpos.Problems // those that decoding found
}

func (v *validator) report(message string, path ...string) {
	shown := ""
	for _, key := range path {
		shown = yamlpos.Join(shown, key)
	}
	if !v.decoded.Touch(shown) {
		v.problems = append(v.problems, yamlpos.Problem{Position: v.root.At(path...), Path: shown, Message: message})
	}
}

func (v *validator) validate(folder string) {
	v.identity(folder)
	v.names()
	v.variables()
	v.optional()
	v.workloads = v.readManifests()
	if v.charts(); len(v.stack.Charts) > 0 {
		v.workload.present, v.workload.services = true, nil // what charts make is known once they are rendered
	}
	v.leaves()
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(v.stack.Endpoints)) {
		endpoint := v.stack.Endpoints[name]
		v.endpoint(name, endpoint)
		if other, ok := owner[endpoint.Env]; ok {
			v.report("the endpoint "+other+" has the same: expected another prefix", "endpoints", name, "env")
		}
		owner[endpoint.Env] = name
	}
	for _, service := range slices.Sorted(maps.Keys(v.stack.Probes)) {
		v.probe(service, v.stack.Probes[service])
	}
	for i, build := range v.stack.Builds {
		if path := yamlpos.Index("builds", i); (build.Image == "" || build.Package == "") && !v.decoded.Touch(path) {
			v.problems = append(v.problems, v.root.Get("builds").Items[i].Problem(path, "expected an image and a package"))
		}
	}
	for _, pointer := range v.stack.IgnoreDrift {
		if !driftPointer.MatchString(pointer) {
			v.report(fmt.Sprintf("found %s, expected a JSON pointer such as /spec/replicas, with Kind: or Kind/name: before it where it is not for all objects",
				yamlpos.Quote(pointer)), "ignoreDrift")
		}
	}
	if !v.workload.present {
		v.report("the folder has no workload: expected " + composeFile + ", " + manifests + "/ or " + chartFolder + "/ beside " + stackFile)
	}
}

func (v *validator) identity(folder string) {
	s := v.stack
	for _, field := range []struct{ key, value string }{
		{"name", s.Name}, {"title", s.Title}, {"category", string(s.Category)}, {"summary", s.Summary},
	} {
		if field.value == "" {
			v.report("missing: every stack has one", field.key)
		}
	}
	switch {
	case s.Name == "":
	case !ValidName(s.Name):
		v.report(fmt.Sprintf("found %s, expected small letters, digits and dashes", yamlpos.Quote(s.Name)), "name")
	case s.Name != folder:
		v.report(fmt.Sprintf("found %s in the folder %s: expected the two to be the same", yamlpos.Quote(s.Name), yamlpos.Quote(folder)), "name")
	}
	for i, requirement := range s.Requires {
		if requirement.Stack == s.Name && s.Name != "" {
			v.report("a stack cannot require itself", "requires")
		}
		if requirement.When != nil {
			at := yamlpos.Join(yamlpos.Index("requires", i), "when")
			v.condition(v.root.Get("requires").Items[i].Get("when"), at, requirement.When)
		}
	}
}

func (v *validator) names() {
	check := func(section string, names []string, form *regexp.Regexp, expected string) {
		slices.Sort(names)
		for _, name := range names {
			if !form.MatchString(name) {
				v.report("found the name "+yamlpos.Quote(name)+", expected "+expected, section, name)
			}
		}
	}
	check("parameters", slices.Collect(maps.Keys(v.stack.Parameters)), parameterName, "a small letter, then letters and digits")
	check("credentials", slices.Collect(maps.Keys(v.stack.Credentials)), environmentKey, "capital letters, digits and underscores")
	check("endpoints", slices.Collect(maps.Keys(v.stack.Endpoints)), dnsLabel, "small letters, digits and dashes")
	for _, name := range slices.Sorted(maps.Keys(v.stack.Credentials)) {
		if n := v.stack.Credentials[name].Generate; n < 8 || n > 128 {
			v.report(fmt.Sprintf("found %d, expected 8 to 128 characters", n), "credentials", name, "generate")
		}
	}
}

func (v *validator) endpoint(name string, e Endpoint) {
	at := func(key string) []string { return []string{"endpoints", name, key} }
	if !v.workloads[e.Service] {
		v.service(e.Service, at("service")...)
	}
	v.port(e.Port, at("port")...)
	v.port(e.HostPort, at("hostPort")...)
	if e.URL == "" {
		v.report("no url: expected one such as http://${HOST}:${PORT}", at("url")...)
	}
	v.template(e.URL, at("url")...)
	v.template(e.Internal, at("internal")...)
	if !environmentKey.MatchString(e.Env) {
		v.report("found "+yamlpos.Quote(e.Env)+", expected the prefix of variables such as POSTGRES", at("env")...)
	}
	if e.Variable != "" && !environmentKey.MatchString(e.Variable) {
		v.report("found "+yamlpos.Quote(e.Variable)+", expected a variable's name such as KAFKA_BOOTSTRAP_SERVERS", at("variable")...)
	}
	if _, ok := v.stack.Credentials[e.Password]; e.Password != "" && !ok {
		v.report(yamlpos.Unknown("credential", e.Password, slices.Collect(maps.Keys(v.stack.Credentials))), at("password")...)
	}
}

// template checks that a URL names nothing that will have no value.
func (v *validator) template(text string, path ...string) {
	known := append(v.values(), hostVariable, portVariable)
	for _, name := range placeholders(text) {
		if !slices.Contains(known, name) {
			v.report(yamlpos.Unknown("variable", name, known), path...)
		}
	}
}

// variables checks that the Compose file names no variable that will have no
// value. Those of a required stack are known only with the catalogue: where
// there is one, every name in capitals is let pass.
func (v *validator) variables() {
	known := v.values()
	for name := range v.stack.Endpoints {
		prefix := EndpointVariable(name)
		known = append(known, prefix+"_HOST", prefix+"_PORT")
	}
	for _, used := range v.workload.variables {
		required := len(v.stack.Requires) > 0 && environmentKey.MatchString(used.name)
		if !required && !slices.Contains(known, used.name) {
			v.problems = append(v.problems, yamlpos.Problem{Position: used.Position, Message: yamlpos.Unknown("variable", used.name, known)})
		}
	}
}

// values are the names of the parameters and credentials.
func (v *validator) values() []string {
	var names []string
	for name, parameter := range v.stack.Parameters {
		if parameter.Type != MapParameter {
			names = append(names, name)
		}
	}
	return slices.AppendSeq(names, maps.Keys(v.stack.Credentials))
}

func (v *validator) service(name string, path ...string) {
	switch {
	case name == "":
		v.report("no service: expected a service of "+composeFile, path...)
	case v.workload.services != nil && !v.workload.services[name]:
		known := slices.Collect(maps.Keys(v.workload.services))
		v.report(yamlpos.Unknown("service", name, known)+" (services of "+composeFile+")", path...)
	}
}

func (v *validator) port(port int, path ...string) {
	if port < 1 || port > 65535 {
		v.report(fmt.Sprintf("found %d, expected a port from 1 to 65535", port), path...)
	}
}

func (v *validator) probe(service string, p Probe) {
	v.service(service, "probes", service)
	set := 0
	if len(p.Exec) > 0 {
		set++
	}
	if p.TCP != 0 {
		set++
		v.port(p.TCP, "probes", service, "tcp")
	}
	if p.HTTP != nil {
		set++
		v.port(p.HTTP.Port, "probes", service, "http", "port")
		if p.HTTP.Path == "" || p.HTTP.Path[0] != '/' {
			v.report("found "+yamlpos.Quote(p.HTTP.Path)+", expected a path that begins with /", "probes", service, "http", "path")
		}
	}
	if set != 1 {
		v.report("expected exactly one of exec, tcp and http", "probes", service)
	}
}

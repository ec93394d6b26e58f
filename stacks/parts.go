package stacks

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// Parts are what a stack runs beside its Compose file, and what of it is there
// only sometimes.
type Parts struct {
	// Optional are services of compose.yaml that are there only where
	// parameters have certain values; endpoints and probes go with them.
	Optional map[string]Condition `yaml:"optional"`
	// Manifests are folders of Kubernetes objects, in the order in which they
	// are read. A stack that has the folder "manifests" and names none has that.
	Manifests []Manifests `yaml:"manifests"`
	// Charts are Helm charts, each applied once those before it are ready.
	Charts []Chart `yaml:"charts"`
	// Leaves are objects that the stack's own programs make in the cluster, in
	// whatever namespace. They go when the stack is removed.
	Leaves []Leftover `yaml:"leaves"`
}

// Leftover names objects that a program makes.
type Leftover struct {
	APIVersion string `yaml:"apiVersion" jsonschema:"required"`
	Kind       string `yaml:"kind" jsonschema:"required"`
	Name       string `yaml:"name" jsonschema:"required"`
}

// Condition is met where every parameter that it names has the value. A stack
// that was loaded has it as [Stack.Resolve] writes it.
type Condition map[string]string

// Manifests is a folder of Kubernetes objects as YAML.
type Manifests struct {
	Folder string    `yaml:"folder" jsonschema:"required"` // "manifests" or below it
	When   Condition `yaml:"when"`
	// Set puts values in the place of those that the files have.
	Set []Assignment `yaml:"set"`

	documents []document
}

// Assignment puts a value into a field of an object.
type Assignment struct {
	Object string `yaml:"object" jsonschema:"required"` // Kind/name
	// Path leads to a field that is there, as in Kustomize: names with dots
	// between them, items of a list by a field of theirs, as in
	// spec.template.spec.containers.[name=agent].image.
	Path string `yaml:"path" jsonschema:"required"`
	// Value is text with ${NAME} for parameters and credentials; where the
	// field holds a number or a boolean, so must the value.
	Value string `yaml:"value" jsonschema:"required"`
}

// DecodeNode reads a mapping of parameters to scalars, which need no quotes.
func (c *Condition) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	if n.Kind != yamlpos.Mapping {
		return yamlpos.Problems{n.Mismatch(path, "a mapping of parameters to values")}
	}
	*c = make(Condition, len(n.Entries))
	var problems yamlpos.Problems
	for _, e := range n.Entries {
		if kind := e.Value.Kind; kind == yamlpos.Null || kind > yamlpos.Bool {
			problems = append(problems, e.Value.Mismatch(yamlpos.Join(path, e.Key.Text), "a parameter's value"))
		}
		(*c)[e.Key.Text] = e.Value.Text
	}
	return problems
}

// Met reports whether the parameters, as [Stack.Resolve] gives them, are as the
// condition wants them. The empty condition is always met.
func (c Condition) Met(parameters map[string]string) bool {
	for name, want := range c {
		if parameters[name] != want {
			return false
		}
	}
	return true
}

// Composed reports whether the stack has a Compose file.
func (s Stack) Composed() bool {
	_, err := fs.Stat(s.Folder.FS, composeFile)
	return err == nil
}

// LeavesOut reports whether the parameters leave the Compose service out.
func (s Stack) LeavesOut(service string, parameters map[string]string) bool {
	return !s.Optional[service].Met(parameters)
}

// With is the stack as the parameters have it: without the endpoints and probes
// of services that they leave out.
func (s Stack) With(parameters map[string]string) Stack {
	if len(s.Optional) == 0 {
		return s
	}
	s.Endpoints, s.Probes = maps.Clone(s.Endpoints), maps.Clone(s.Probes)
	maps.DeleteFunc(s.Endpoints, func(_ string, e Endpoint) bool { return s.LeavesOut(e.Service, parameters) })
	maps.DeleteFunc(s.Probes, func(service string, _ Probe) bool { return s.LeavesOut(service, parameters) })
	return s
}

// condition checks that the parameters are there and can have the values, and
// has the condition hold these as Resolve writes them.
func (v *validator) condition(n *yamlpos.Node, path string, c Condition) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		at := yamlpos.Join(path, name)
		parameter, ok := v.stack.Parameters[name]
		if !ok {
			v.reportAt(n, path, yamlpos.Unknown("parameter", name, slices.Collect(maps.Keys(v.stack.Parameters))))
			continue
		}
		wanted := n.Get(name)
		if parameter.Type == MapParameter {
			v.reportAt(wanted, at, "found a parameter of the type map, expected one with a single value")
			continue
		}
		if wanted == nil || v.decoded.Touch(at) {
			continue
		}
		value, problems := parameter.Decode(wanted, at)
		v.problems = append(v.problems, problems...)
		if text, err := parameter.text(value); len(problems) == 0 && err == nil {
			c[name] = text
		}
	}
}

// optional checks that the services that may be left out are there.
func (v *validator) optional() {
	for _, service := range slices.Sorted(maps.Keys(v.stack.Optional)) {
		n := v.root.Get("optional").Get(service)
		if known := v.workload.services; known != nil && !known[service] {
			v.report(yamlpos.Unknown("service", service, slices.Collect(maps.Keys(known)))+" (services of "+composeFile+")", "optional", service)
		}
		v.condition(n, yamlpos.Join("optional", service), v.stack.Optional[service])
	}
}

// reportAt is a problem at a node, unless decoding has found one there.
func (v *validator) reportAt(n *yamlpos.Node, path, message string) {
	if n != nil && !v.decoded.Touch(path) {
		v.problems = append(v.problems, n.Problem(path, message))
	}
}

// typed is the value in the type of what it replaces.
func typed(kind yamlpos.Kind, text string) (any, error) {
	switch kind {
	case yamlpos.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no whole number, which the field holds", text)
		}
		return int(n), nil
	case yamlpos.Bool:
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("%q is neither true nor false, which the field holds", text)
		}
		return text == "true", nil
	default:
		return text, nil
	}
}

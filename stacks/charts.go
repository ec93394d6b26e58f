package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// Chart is a Helm chart that a stack installs.
type Chart struct {
	Name string `yaml:"name" jsonschema:"required"` // of the release
	// Source is a folder of the stack, module:PATH//FOLDER for one that is
	// embedded in a Go module, or oci://REPOSITORY:VERSION.
	Source string `yaml:"chart" jsonschema:"required"`
	// Namespace is the release's; empty: the environment's.
	Namespace string `yaml:"namespace"`
	// Version takes the place of the chart's own version and appVersion.
	Version string `yaml:"version"`
	// After are charts of the stack that must be ready first; nil: all that
	// stand before this one.
	After  []string    `yaml:"after"`
	When   Condition   `yaml:"when"`
	Values ChartValues `yaml:"values"`
	// Variants are values that go over these where parameters want them.
	Variants []ChartVariant `yaml:"variants"`
	// Merge names parameters of the type map whose values go over those of the
	// chart, the later ones over the earlier.
	Merge []string `yaml:"merge"`
	// Images are what Pods run that stand in no Pod of the chart.
	Images []ChartImage `yaml:"images"`

	position string
}

// ChartVariant is what of a chart's values is there only sometimes.
type ChartVariant struct {
	When   Condition   `yaml:"when" jsonschema:"required"`
	Values ChartValues `yaml:"values" jsonschema:"required"`
}

// ChartImage is an image that a chart has something else put into Pods.
type ChartImage struct {
	// Value is where the chart takes the whole reference: names with dots between.
	Value string `yaml:"value" jsonschema:"required"`
	// Reference is what it would be, as a template of the chart.
	Reference string `yaml:"reference" jsonschema:"required"`
}

// ChartValues are values with ${NAME} in their texts.
type ChartValues struct{ node *yamlpos.Node }

// DecodeNode keeps the values as they stand there.
func (c *ChartValues) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	if n.Kind != yamlpos.Mapping {
		return yamlpos.Problems{n.Mismatch(path, "a mapping, as in the chart's values.yaml")}
	}
	c.node = n
	return nil
}

// Release is a chart with all that it is installed with.
type Release struct {
	Name, Source, Namespace, Version string
	// Position is where stack.yaml says so, as file:line:column.
	Position string
	// After are releases that must be ready first.
	After []string
	// Values go over the chart's own, the later ones over the earlier.
	Values []map[string]any
	Images []ChartImage
}

// namespaceVariable is the environment's namespace.
const namespaceVariable = "NAMESPACE"

// Releases are the charts whose conditions the parameters meet, for an
// instance of that name, in the order of stack.yaml. The variables are the
// parameters and credentials; values are what the profile sets, of which those
// of the type map are merged over the charts'.
func (s Stack) Releases(instance, namespace string, variables map[string]string, values map[string]any) ([]Release, error) {
	variables = maps.Clone(variables)
	if variables == nil {
		variables = make(map[string]string, 2)
	}
	variables[instanceVariable], variables[namespaceVariable] = instance, namespace
	var list []Release
	instead := make(map[string][]string) // of charts that are left out: what they come after
	for _, c := range s.Charts {
		if !c.When.Met(variables) {
			instead[c.Name] = c.After
			if c.After == nil {
				instead[c.Name] = names(list)
			}
			continue
		}
		r, err := s.release(c, variables, values)
		if err != nil {
			return nil, fmt.Errorf("%s: chart %s: %w", c.position, c.Name, err)
		}
		if r.Namespace == "" {
			r.Namespace = namespace
		}
		if r.After == nil {
			r.After = names(list)
		}
		r.After = follow(r.After, instead)
		list = append(list, r)
	}
	return list, nil
}

func names(list []Release) []string {
	var all []string
	for _, r := range list {
		all = append(all, r.Name)
	}
	return all
}

// follow puts what charts that are left out come after in their place.
func follow(after []string, instead map[string][]string) []string {
	var all []string
	for _, name := range after {
		if others, left := instead[name]; left {
			all = append(all, follow(others, instead)...)
		} else {
			all = append(all, name)
		}
	}
	return all
}

func (s Stack) release(c Chart, variables map[string]string, values map[string]any) (Release, error) {
	r := Release{Position: c.position, Source: c.Source, After: slices.Clone(c.After), Images: c.Images}
	for _, text := range []struct {
		from string
		to   *string
	}{{c.Name, &r.Name}, {c.Namespace, &r.Namespace}, {c.Version, &r.Version}, {c.Source, &r.Source}} {
		var err error
		if *text.to, err = expand(text.from, "", 0, variables); err != nil {
			return r, err
		}
	}
	for _, v := range append([]ChartVariant{{Values: c.Values}}, c.Variants...) {
		if v.Values.node == nil || !v.When.Met(variables) {
			continue
		}
		filled, err := s.fill(v.Values.node, variables)
		if err != nil {
			return r, err
		}
		if own, ok := filled.(map[string]any); ok {
			r.Values = append(r.Values, own)
		}
	}
	for _, name := range c.Merge {
		over, ok := values[name]
		if !ok {
			over = s.Parameters[name].Default
		}
		if m, ok := over.(map[string]any); ok && len(m) > 0 {
			r.Values = append(r.Values, m)
		}
	}
	return r, nil
}

// fill is the value with its variables in place. A text that is one variable
// and nothing else becomes a value of the parameter's type.
func (s Stack) fill(n *yamlpos.Node, variables map[string]string) (any, error) {
	switch n.Kind {
	case yamlpos.Mapping:
		filled := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			value, err := s.fill(e.Value, variables)
			if err != nil {
				return nil, err
			}
			filled[e.Key.Text] = value
		}
		return filled, nil
	case yamlpos.Sequence:
		filled := make([]any, len(n.Items))
		for i, item := range n.Items {
			value, err := s.fill(item, variables)
			if err != nil {
				return nil, err
			}
			filled[i] = value
		}
		return filled, nil
	case yamlpos.String:
		text, err := expand(n.Text, "", 0, variables)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Position, err)
		}
		if names := placeholders(n.Text); len(names) == 1 && n.Text == "${"+names[0]+"}" {
			return s.Parameters[names[0]].Type.value(text), nil
		}
		return text, nil
	default:
		return n.Value(), nil
	}
}

// value is a variable's text in the parameter's type.
func (t ParameterType) value(text string) any {
	switch t {
	case IntParameter:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case BoolParameter:
		return text == "true"
	case StringParameter, QuantityParameter, EnumParameter, MapParameter:
	}
	return text
}

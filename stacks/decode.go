package stacks

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// categories are all there are, in the order in which they are shown.
func categories() []Category {
	return []Category{
		Platform, Mesh, Queue, Cache, Database, Logs, Metrics, Traces,
		Discovery, Config, Gateway, Storage, GPU, App,
	}
}

func parameterTypes() []ParameterType {
	return []ParameterType{
		StringParameter, IntParameter, BoolParameter, QuantityParameter, EnumParameter, MapParameter,
	}
}

// DecodeNode reads one of the categories.
func (c *Category) DecodeNode(n *yamlpos.Node, path string) (problems yamlpos.Problems) {
	*c, problems = yamlpos.DecodeWord(n, path, "category", categories())
	return problems
}

// DecodeNode reads one of the parameter types.
func (t *ParameterType) DecodeNode(n *yamlpos.Node, path string) (problems yamlpos.Problems) {
	*t, problems = yamlpos.DecodeWord(n, path, "type", parameterTypes())
	return problems
}

// DecodeNode reads a stack's name, or a mapping with a name or a category.
func (r *Requirement) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	r.Position = n.Position.String()
	if n.Kind != yamlpos.Mapping {
		if n.Kind != yamlpos.String {
			return yamlpos.Problems{n.Mismatch(path, "a stack's name or {category: NAME}")}
		}
		r.Stack = n.Text
		return nil
	}
	var file struct {
		Stack    string    `yaml:"stack"`
		Category Category  `yaml:"category"`
		When     Condition `yaml:"when"`
	}
	problems := yamlpos.Decode(n, &file, path)
	if len(problems) == 0 && (file.Category == "") == (file.Stack == "") {
		problems = append(problems, n.Problem(path, "expected a stack's name, {stack: NAME} or {category: NAME}"))
	}
	r.Stack, r.Category, r.When = file.Stack, file.Category, file.When
	return problems
}

// DecodeNode reads a parameter; a quantity's default keeps its text.
func (p *Parameter) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	var file struct {
		Type        ParameterType `yaml:"type"`
		Default     *yamlpos.Node `yaml:"default"`
		Values      []string      `yaml:"values"`
		Description string        `yaml:"description"`
	}
	problems := yamlpos.Decode(n, &file, path)
	*p = Parameter{Type: file.Type, Values: file.Values, Description: file.Description}
	switch {
	case len(problems) > 0:
		return problems
	case p.Type == "":
		return append(problems, n.Problem(path, "no type: expected one of "+strings.Join(wordList(parameterTypes()), ", ")))
	case (p.Type == EnumParameter) != (len(p.Values) > 0):
		return append(problems, n.Problem(path, "values are for the type enum, which needs them"))
	case file.Default == nil && p.Type == MapParameter:
		p.Default = map[string]any{}
		return nil
	case file.Default == nil:
		return append(problems, n.Problem(path, "no default: every parameter has one, so that the stack runs by itself"))
	}
	p.Default, problems = p.Decode(file.Default, yamlpos.Join(path, "default"))
	return problems
}

// Decode reads a value of the parameter's type: a string (of quantities and
// enums too), int, bool or map[string]any.
func (p Parameter) Decode(n *yamlpos.Node, path string) (any, yamlpos.Problems) {
	switch p.Type {
	case IntParameter:
		var value int
		problems := yamlpos.Decode(n, &value, path)
		return value, append(problems, notNull(n, path)...)
	case BoolParameter:
		var value bool
		problems := yamlpos.Decode(n, &value, path)
		return value, append(problems, notNull(n, path)...)
	case QuantityParameter:
		if _, err := ParseQuantity(n.Text); err != nil || n.Kind > yamlpos.Float || n.Kind == yamlpos.Null {
			return nil, yamlpos.Problems{n.Mismatch(path, "a quantity such as 512Mi or 0.5")}
		}
		return n.Text, nil
	case EnumParameter:
		return enumValue(n, path, p.Values)
	case MapParameter:
		if n.Kind != yamlpos.Mapping {
			return nil, yamlpos.Problems{n.Mismatch(path, "a mapping")}
		}
		return n.Value(), nil
	default:
		return decodeString(n, path)
	}
}

func enumValue(n *yamlpos.Node, path string, values []string) (any, yamlpos.Problems) {
	value, problems := yamlpos.DecodeWord(n, path, "value", values)
	return value, problems
}

func decodeString(n *yamlpos.Node, path string) (any, yamlpos.Problems) {
	value, problems := n.DecodeText(path)
	return value, problems
}

// notNull refuses an empty value where a key without one would mean zero.
func notNull(n *yamlpos.Node, path string) yamlpos.Problems {
	if n.Kind == yamlpos.Null {
		return yamlpos.Problems{n.Problem(path, "found nothing, expected a value: give one or leave the key out")}
	}
	return nil
}

// DecodeNode reads quantities of memory, CPU and image size.
func (f *Footprint) DecodeNode(n *yamlpos.Node, path string) yamlpos.Problems {
	var file map[string]*yamlpos.Node
	if problems := yamlpos.Decode(n, &file, path); problems != nil {
		return problems
	}
	fields := map[string]*int64{"memory": &f.Memory, "cpu": &f.CPU, "image": &f.Image}
	var problems yamlpos.Problems
	for _, e := range n.Entries {
		at := yamlpos.Join(path, e.Key.Text)
		field, ok := fields[e.Key.Text]
		if !ok {
			problems = append(problems, e.Key.Problem(path, yamlpos.Unknown("key", e.Key.Text, []string{"memory", "cpu", "image"})))
			continue
		}
		quantity, err := ParseQuantity(e.Value.Text)
		if err != nil || e.Value.Kind > yamlpos.Float {
			problems = append(problems, e.Value.Mismatch(at, "a quantity such as 128Mi, 50m or 110MB"))
			continue
		}
		if *field = quantity.Value(); e.Key.Text == "cpu" {
			*field = quantity.MilliValue()
		}
	}
	return problems
}

func wordList[W ~string](words []W) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = string(word)
	}
	return list
}

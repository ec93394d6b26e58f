package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// Resolve checks the values against the stack's parameters, takes defaults for
// those that are not given, and returns them as variables for Compose. A
// quantity becomes a decimal number without a unit, which Compose and
// Kubernetes read alike; parameters of the type map are no variables and are
// left out. All that is wrong is named in one error.
func (s Stack) Resolve(values map[string]any) (map[string]string, error) {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, ok := s.Parameters[name]; !ok {
			wrong = append(wrong, yamlpos.Unknown("parameter", name, slices.Collect(maps.Keys(s.Parameters))))
		}
	}
	variables := make(map[string]string, len(s.Parameters))
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		parameter := s.Parameters[name]
		value, ok := values[name]
		if !ok {
			value = parameter.Default
		}
		text, err := parameter.text(value)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("parameter %s: %v", name, err))
			continue
		}
		if parameter.Type != MapParameter {
			variables[name] = text
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("stack %s: %s", s.Name, strings.Join(wrong, "; "))
	}
	return variables, nil
}

// text is the value as a variable's, checked against the type.
func (p Parameter) text(value any) (string, error) {
	switch v := value.(type) {
	case string:
		switch p.Type {
		case StringParameter:
			return v, nil
		case QuantityParameter:
			return plainQuantity(v)
		case EnumParameter:
			if slices.Contains(p.Values, v) {
				return v, nil
			}
			return "", fmt.Errorf("%s", yamlpos.Unknown("value", v, p.Values))
		case IntParameter, BoolParameter, MapParameter:
		}
	case int:
		switch p.Type {
		case IntParameter:
			return strconv.Itoa(v), nil
		case QuantityParameter:
			return plainQuantity(strconv.Itoa(v))
		case StringParameter, BoolParameter, EnumParameter, MapParameter:
		}
	case float64:
		if p.Type == QuantityParameter {
			return plainQuantity(strconv.FormatFloat(v, 'f', -1, 64))
		}
	case bool:
		if p.Type == BoolParameter {
			return strconv.FormatBool(v), nil
		}
	case map[string]any:
		if p.Type == MapParameter {
			return "", nil
		}
	}
	return "", fmt.Errorf("found %v (%T), expected a value of type %s", value, value, p.Type)
}

package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"sigs.k8s.io/yaml"
	goyaml "sigs.k8s.io/yaml/goyaml.v2"
)

// parseBody reads a YAML document as an object's plain values. What YAML has
// beyond them takes the way over JSON, as everything does in Kubernetes' own
// tools: that way is slower by half.
func parseBody(text string) (map[string]any, error) {
	var value any
	if err := goyaml.Unmarshal([]byte(text), &value); err == nil {
		if converted, ok := plain(value); ok {
			if body, ok := converted.(map[string]any); ok || converted == nil {
				return body, nil
			}
		}
	}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("it makes what is no YAML: %w", err)
	}
	body, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("expected Kubernetes objects: %w", err)
	}
	return body, nil
}

// plain is a YAML value as the way over JSON would have it; false where it has
// something of YAML's own.
func plain(value any) (any, bool) {
	switch v := value.(type) {
	case nil, string, bool, int64:
		return v, true
	case int:
		return int64(v), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		if v == math.Trunc(v) && v >= math.MinInt64 && v < math.MaxInt64 {
			return int64(v), true // JSON does not know 1.0 from 1
		}
		return v, true
	case []any:
		for i, item := range v {
			converted, ok := plain(item)
			if !ok {
				return nil, false
			}
			v[i] = converted
		}
		return v, true
	case map[any]any:
		return plainMap(v)
	default:
		return nil, false
	}
}

func plainMap(m map[any]any) (any, bool) {
	converted := make(map[string]any, len(m))
	for key, item := range m {
		name, isText := key.(string)
		inner, ok := plain(item)
		if !isText || !ok {
			return nil, false
		}
		converted[name] = inner
	}
	return converted, true
}

// decode reads JSON with whole numbers as such.
func decode(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var body map[string]any
	if err := decoder.Decode(&body); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	whole(body)
	return body, nil
}

// whole replaces numbers below the value.
func whole(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case map[string]any:
		for key, child := range v {
			v[key] = whole(child)
		}
	case []any:
		for i, child := range v {
			v[i] = whole(child)
		}
	}
	return value
}

// fromYAML is Helm's function of that name, which reads each text once: a chart
// may have it read a definition of 100 kB for its name, and once more for itself.
func fromYAML() func(string) map[string]any {
	known := make(map[string]map[string]any)
	return func(text string) map[string]any {
		value, ok := known[text]
		if !ok {
			value = make(map[string]any)
			if err := yaml.Unmarshal([]byte(text), &value); err != nil {
				value["Error"] = err.Error()
			}
			known[text] = value
		}
		copied, _ := clone(value).(map[string]any)
		return copied // nil where the text is null, as Helm has it
	}
}

// clone copies a value of JSON's.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		copied := make(map[string]any, len(v))
		for key, item := range v {
			copied[key] = clone(item)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, item := range v {
			copied[i] = clone(item)
		}
		return copied
	default:
		return value
	}
}

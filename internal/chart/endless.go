package chart

import (
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"strconv"
	"text/template"

	"helm.sh/helm/v4/pkg/chart/common"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

// Helm bounds templates that include themselves, but not values that have
// themselves rendered by tpl: Go would end the program, for want of stack.
const (
	// deepest is how many calls may be under way in a value. A tpl is a dozen.
	deepest = 2000
	// depth is the function that such values ask first, in a rendering of their own.
	depth = "dioramaDepth"
)

// asksTpl finds texts that have others rendered.
var asksTpl = regexp.MustCompile(`(?s)\{\{.*\btpl\b`)

// endless refuses values that ask for themselves without an end.
func endless(parsed *helmchart.Chart, all common.Values) error {
	var m marked
	values := m.value(all["Values"], "")
	if len(m.paths) == 0 {
		return nil
	}
	all = maps.Clone(all)
	all["Values"] = values
	deep := ""
	ask := func(text int) (string, error) {
		if runtime.Callers(deepest, make([]uintptr, 1)) == 0 {
			return "", nil
		}
		deep = m.paths[text]
		return "", fmt.Errorf("the value %s is too deep", deep)
	}
	// All else that may be wrong is told by the rendering that counts.
	_, err := engine.Engine{CustomTemplateFuncs: template.FuncMap{depth: ask}}.Render(parsed, all) //nolint:staticcheck // its context is for questions to a cluster: there is none
	if err != nil && deep != "" {
		return fmt.Errorf("the value %s asks for itself by tpl, again and again without an end", deep)
	}
	return nil
}

// marked are the paths of the texts that begin with a question for the depth.
type marked struct{ paths []string }

// value is a copy of a value with its texts marked.
func (m *marked) value(value any, path string) any {
	switch v := value.(type) {
	case common.Values:
		return common.Values(m.mapping(v, path))
	case map[string]any:
		return m.mapping(v, path)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = m.value(item, path+"["+strconv.Itoa(i)+"]")
		}
		return list
	case string:
		if !asksTpl.MatchString(v) {
			return v
		}
		m.paths = append(m.paths, path)
		return "{{" + depth + " " + strconv.Itoa(len(m.paths)-1) + "}}" + v
	default:
		return value
	}
}

func (m *marked) mapping(values map[string]any, path string) map[string]any {
	copied := make(map[string]any, len(values))
	for key, value := range values {
		here := key
		if path != "" {
			here = path + "." + key
		}
		copied[key] = m.value(value, here)
	}
	return copied
}

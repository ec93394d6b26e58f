package stacks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

// steps lead from an object to one of its fields.
type steps []step

// step is a key of a mapping, or the item of a list whose key has the value.
type step struct {
	key, value string
	item       bool
}

func (s step) String() string {
	if s.item {
		return "[" + s.key + "=" + s.value + "]"
	}
	return s.key
}

// fieldPath reads a path as Kustomize writes them: names with dots between, a
// dot within a name after a backslash, items of a list as [name=agent].
func fieldPath(text string) (steps, error) {
	var path steps
	for rest := text; rest != ""; {
		var word string
		if strings.HasPrefix(rest, "[") {
			end := strings.IndexByte(rest, ']')
			key, value, ok := strings.Cut(rest[1:max(end, 1)], "=")
			if !ok || key == "" || end < 0 {
				return nil, fmt.Errorf("found %s, expected an item of a list as [name=agent]", yamlpos.Quote(rest))
			}
			path = append(path, step{key: key, value: value, item: true})
			rest = rest[end+1:]
			if rest != "" && rest[0] != '.' {
				return nil, fmt.Errorf("found %s after an item, expected a dot", yamlpos.Quote(rest))
			}
			rest = strings.TrimPrefix(rest, ".")
			continue
		}
		if word, rest = cutName(rest); word == "" {
			return nil, fmt.Errorf("found %s, expected a path such as spec.template.spec.containers.[name=agent].image", yamlpos.Quote(text))
		}
		path = append(path, step{key: word})
	}
	if len(path) == 0 {
		return nil, fmt.Errorf("empty: expected a path such as spec.replicas")
	}
	return path, nil
}

// cutName takes the name before the first dot that is not escaped.
func cutName(text string) (name, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case text[i] == '.':
			return b.String(), text[i+1:]
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), ""
}

// find is the field's node, a scalar; the error says which step leads nowhere
// and what is there.
func (s steps) find(n *yamlpos.Node) (*yamlpos.Node, error) {
	for i, step := range s {
		next := step.of(n)
		if next == nil {
			return nil, fmt.Errorf("%s after %s", yamlpos.Unknown("field", step.String(), step.siblings(n)), s[:i].place())
		}
		n = next
	}
	if n.Kind > yamlpos.Bool {
		return nil, fmt.Errorf("found %s at the path's end, expected a single value", n.Kind)
	}
	return n, nil
}

// place says where one is after the steps.
func (s steps) place() string {
	if len(s) == 0 {
		return "the object itself"
	}
	var words []string
	for _, step := range s {
		words = append(words, step.String())
	}
	return strings.Join(words, ".")
}

func (s step) of(n *yamlpos.Node) *yamlpos.Node {
	if !s.item {
		if n.Kind == yamlpos.Sequence {
			if i, err := strconv.Atoi(s.key); err == nil && i >= 0 && i < len(n.Items) {
				return n.Items[i]
			}
			return nil
		}
		return n.Get(s.key)
	}
	i := slices.IndexFunc(n.Items, func(item *yamlpos.Node) bool {
		field := item.Get(s.key)
		return field != nil && field.Text == s.value
	})
	if i < 0 {
		return nil
	}
	return n.Items[i]
}

// siblings are the steps that would have led on.
func (s step) siblings(n *yamlpos.Node) []string {
	if n.Kind != yamlpos.Sequence {
		return n.Keys()
	}
	var names []string
	for i, item := range n.Items {
		if name := item.Get("name"); name != nil {
			names = append(names, step{key: "name", value: name.Text, item: true}.String())
		} else {
			names = append(names, strconv.Itoa(i))
		}
	}
	return names
}

// replace puts the value at the path's end, which find has found.
func (s steps) replace(body any, value any) error {
	for i, step := range s {
		last := i == len(s)-1
		switch v := body.(type) {
		case map[string]any:
			if last {
				v[step.key] = value
				return nil
			}
			body = v[step.key]
		case []any:
			at := step.index(v)
			if at < 0 {
				return fmt.Errorf("there is no %s", s[:i+1].place())
			}
			if last {
				v[at] = value
				return nil
			}
			body = v[at]
		default:
			return fmt.Errorf("there is no %s", s[:i+1].place())
		}
	}
	return nil
}

func (s step) index(list []any) int {
	if !s.item {
		if i, err := strconv.Atoi(s.key); err == nil && i >= 0 && i < len(list) {
			return i
		}
		return -1
	}
	return slices.IndexFunc(list, func(item any) bool {
		fields, ok := item.(map[string]any)
		return ok && fmt.Sprint(fields[s.key]) == s.value
	})
}

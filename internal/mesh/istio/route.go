package istio

import (
	"fmt"
	"slices"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// route is a route of an object's for HTTP, to be changed in its place; a
// negative number is the one for all that is left.
func route(o Object, i int) (map[string]any, error) {
	all, _ := o.spec()["http"].([]any)
	if i < 0 {
		i = slices.IndexFunc(all, func(r any) bool {
			m, _ := r.(map[string]any)
			conditions, _ := m["match"].([]any)
			return len(conditions) == 0
		})
		if i < 0 {
			return nil, cannot("every route of %s has a match: say which of its %d is meant, such as --route 1", o, len(all))
		}
	}
	if i < 0 || i >= len(all) {
		return nil, cannot("%s has no route number %d; it has %d", o, i+1, len(all))
	}
	r, ok := all[i].(map[string]any)
	if !ok {
		return nil, cannot("route number %d of %s cannot be read", i+1, o)
	}
	return r, nil
}

// shown is the route that an edit is of, to be changed in its place, and in words
// which one that is. One that is another than was shown is refused: its number
// alone does not say so, since every route moves when one is put in front.
func shown(after Object, edit mesh.Edit) (r map[string]any, where string, err error) {
	if r, err = route(after, edit.Route); err != nil {
		return nil, "", err
	}
	now := decode[httpRoute](Object{"spec": r})
	match := now.conditions()
	if was := edit.Shown; was != nil {
		if !slices.Equal(match, was.Match) {
			return nil, "", cannot("the routes of %s were changed meanwhile: look again", edit.Service)
		}
		if edit.Kind == mesh.EditFault && now.Fault.fault() != was.Fault {
			return nil, "", cannot("the fault of that route of %s was changed meanwhile: look again", edit.Service)
		}
	}
	switch n := len(match); n {
	case 0:
		return r, "", nil
	case 1:
		return r, ", where " + match[0], nil
	default:
		return r, fmt.Sprintf(", where %s or %d others", match[0], n-1), nil
	}
}

// conditions are the route's, in words.
func (h httpRoute) conditions() []string {
	var all []string
	for _, m := range h.Match {
		all = append(all, m.words())
	}
	return all
}

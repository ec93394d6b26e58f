package istio

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// planHeader puts a route in front of the others, for requests with a header;
// one that is there for the same header is replaced, or with no destination
// taken away.
func (x *index) planHeader(e *entry, after Object, edit mesh.Edit) (string, error) {
	name := strings.ToLower(strings.TrimSpace(edit.Header.Name))
	match, err := matching(name, edit.Header)
	if err != nil {
		return "", err
	}
	all, _ := after.spec()["http"].([]any)
	same := func(r any) bool { return matches(r, name, match) }
	words := name + ": " + stringMatch{text(match["exact"]), text(match["prefix"]), text(match["regex"])}.words()
	if edit.To == "" {
		if !slices.ContainsFunc(all, same) {
			return "", cannot("%s has no route for requests with %s", edit.Service, words)
		}
		after.spec()["http"] = slices.DeleteFunc(slices.Clone(all), same)
		return fmt.Sprintf("route requests to %s with %s like all others", edit.Service, words), nil
	}
	destination, err := x.destinationTo(e, after, all, edit)
	if err != nil {
		return "", err
	}
	made := map[string]any{
		"name":  "header-" + name,
		"match": []any{map[string]any{"headers": map[string]any{name: match}}},
		"route": []any{map[string]any{"destination": destination}},
	}
	if last, ok := lastRoute(all); ok { // such a request is otherwise treated as others
		for _, key := range []string{"timeout", "retries"} {
			if v, ok := last[key]; ok {
				made[key] = cloneValue(v)
			}
		}
	}
	if i := slices.IndexFunc(all, same); i >= 0 {
		all = slices.Clone(all)
		all[i] = made
		after.spec()["http"] = all
	} else {
		after.spec()["http"] = slices.Concat([]any{made}, all)
	}
	return fmt.Sprintf("send requests to %s with %s to %s", edit.Service, words, edit.To), nil
}

// matching is a condition on a header as Istio takes it.
func matching(name string, h mesh.Header) (map[string]any, error) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !token(r) }) {
		return nil, cannot("%q is no name of a header: expected such as user-agent", h.Name)
	}
	if h.Value == "" {
		return nil, cannot("a value of the header %s is missing", name)
	}
	if strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, cannot("the value of the header %s has characters that no header can have", name)
	}
	switch h.Match {
	case "", "exact":
		return map[string]any{"exact": h.Value}, nil
	case "prefix":
		return map[string]any{"prefix": h.Value}, nil
	case "contains":
		return contains(h.Value), nil
	}
	return nil, cannot("a header cannot be compared by %q: expected exact, prefix or contains", h.Match)
}

// token is a character of a header's name (RFC 9110, 5.6.2).
func token(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// matches tells whether a route is for that condition and nothing else.
func matches(r any, name string, match map[string]any) bool {
	m, _ := r.(map[string]any)
	all, _ := m["match"].([]any)
	return len(all) == 1 && reflect.DeepEqual(all[0], map[string]any{"headers": map[string]any{name: match}})
}

func lastRoute(all []any) (map[string]any, bool) {
	if len(all) == 0 {
		return nil, false
	}
	r, ok := all[len(all)-1].(map[string]any)
	return r, ok
}

// destinationTo is the destination of a name: a subset of the service, or what
// another of its routes goes to.
func (x *index) destinationTo(e *entry, after Object, all []any, edit mesh.Edit) (map[string]any, error) {
	byName := make(map[string]map[string]any)
	if e.service != nil {
		byName[e.name] = map[string]any{"host": x.written(e, after)}
	}
	for _, name := range x.subsets(e.host) {
		byName[name] = map[string]any{"host": x.written(e, after), "subset": name}
	}
	for _, r := range all {
		m, _ := r.(map[string]any)
		routes, _ := m["route"].([]any)
		for _, d := range routes {
			d, _ := d.(map[string]any)
			if to, ok := d["destination"].(map[string]any); ok {
				byName[x.destinationName(d, after.Namespace())] = clone(to)
			}
		}
	}
	if to, ok := byName[edit.To]; ok {
		return to, nil
	}
	return nil, cannot("%s has no destination %q; it has %s", edit.Service, edit.To, orNone(slices.Sorted(maps.Keys(byName))))
}

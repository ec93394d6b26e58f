package istio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Planned is what an edit applies.
type Planned struct {
	Draft   mesh.Draft
	Objects []Object
}

// CannotError is an edit that is refused, with what to do instead.
type CannotError struct{ Message string }

func (e *CannotError) Error() string { return e.Message }

func cannot(format string, args ...any) error { return &CannotError{fmt.Sprintf(format, args...)} }

// Plan turns an edit into objects. Where there is an object of the
// environment's that says it already, that one is changed and remembers what it
// was; where there is none, one is made. Objects of others are left alone: that
// is a [CannotError], as is an edit that makes no sense.
func Plan(o Observation, e mesh.Edit, now time.Time) (Planned, error) {
	x := newIndex(o)
	// A clock may step back; the order in which edits were made is kept.
	for _, object := range edited(o) {
		all := object.changes()
		if next := all[len(all)-1].Time.Add(time.Millisecond); now.Before(next) {
			now = next
		}
	}
	if e.Kind == mesh.EditTLS {
		return x.planTLS(e, now)
	}
	entry := x.find(e.Service)
	if entry == nil {
		var names []string
		for _, e := range x.entries {
			names = append(names, e.name)
		}
		return Planned{}, cannot("there is no service %q in the mesh; there is %s", e.Service, orNone(names))
	}
	before, after, err := x.virtualOf(entry)
	if err != nil {
		return Planned{}, err
	}
	var summary string
	switch e.Kind {
	case mesh.EditWeights:
		summary, err = x.planWeights(entry, after, e)
	case mesh.EditHeader:
		summary, err = x.planHeader(entry, after, e)
	case mesh.EditFault:
		summary, err = planFault(after, e)
	case mesh.EditTLS: // above
	default:
		err = cannot("there is no edit %q; there is weights, header, fault and tls", e.Kind)
	}
	if err != nil {
		return Planned{}, err
	}
	return finish(e, summary, before, after, now)
}

// noBase is the base of a draft that makes its object.
const noBase = "none"

// finish notes the edit in the object and shows it.
func finish(e mesh.Edit, summary string, before, after Object, now time.Time) (Planned, error) {
	p := Planned{Draft: mesh.Draft{Edit: e, Summary: summary, Base: noBase}}
	if before != nil {
		p.Draft.Base = before.version()
		after.at(before)
	}
	if e.Base != "" && e.Base != p.Draft.Base {
		return Planned{}, cannot("%s was changed meanwhile: look again", after)
	}
	if before != nil {
		p.Draft.Before = before.shown().yaml()
	}
	c := change{
		ID: after.Name() + "-" + strconv.FormatInt(now.UnixMilli(), 36), Time: now.UTC().Truncate(time.Millisecond), Service: e.Service, Summary: summary,
		After: plain(after.spec()),
	}
	if before != nil {
		c.Before = plain(before.spec())
	}
	if err := after.remember(c); err != nil {
		return Planned{}, err
	}
	p.Draft.YAML = after.shown().yaml()
	p.Objects = []Object{after}
	return p, nil
}

// virtualOf is the VirtualService of an entry and a copy of it to change; before
// is nil where one must be made.
func (x *index) virtualOf(e *entry) (before, after Object, err error) {
	if e.virtual != nil {
		if !x.ours(e.virtual.object) {
			return nil, nil, x.foreign(e.virtual.object, "routes "+e.name)
		}
		if len(e.virtual.spec.HTTP) == 0 {
			return nil, nil, cannot("%s routes connections and not requests: only HTTP can be changed from here", e.virtual.object)
		}
		return e.virtual.object, e.virtual.object.clean(), nil
	}
	after, err = x.made(kindVirtualService, "networking.istio.io/v1", madeName+"-"+e.service.object.Name(), map[string]any{
		"hosts": []any{e.service.object.Name()},
		"http":  []any{map[string]any{"route": []any{map[string]any{"destination": map[string]any{"host": e.service.object.Name()}}}}},
	})
	return nil, after, err
}

// madeName is what an object that an edit makes for all is called; one for a
// service or a workload has that one's name behind it.
const madeName = "diorama-mesh"

// made is an object of ours that an edit makes.
func (x *index) made(kind, version, name string, spec map[string]any) (Object, error) {
	object := Object{
		"apiVersion": version, "kind": kind,
		"metadata": map[string]any{
			"name": name, "namespace": x.Namespace,
			"labels": map[string]any{labelEnvironment: x.Environment, labelStack: x.Stack},
		},
		"spec": spec,
	}
	for _, other := range x.Objects {
		if other.String() == object.String() {
			return nil, cannot("%s is there already, for something else: delete it, or undo what has made it, and try again", other)
		}
	}
	return object, nil
}

func (x *index) foreign(object Object, does string) error {
	return cannot("%s %s and was not made by diorama: it is left as it is; change it where it comes from, or delete it and try again", object, does)
}

// planWeights gives the destinations of a route their shares. One that is a
// subset of the service and was not in the route comes in.
func (x *index) planWeights(e *entry, after Object, edit mesh.Edit) (string, error) {
	r, where, err := shown(after, edit)
	if err != nil {
		return "", err
	}
	sum := 0
	for _, name := range sorted(edit.Weights) {
		if w := edit.Weights[name]; w < 0 || w > 100 {
			return "", cannot("the weight of %s is %d: expected 0 to 100", name, w)
		}
		sum += edit.Weights[name]
	}
	if sum != 100 {
		return "", cannot("the weights add up to %d: let them add up to 100", sum)
	}
	old, _ := r["route"].([]any)
	var next []any
	used := make(map[string]bool)
	var names []string
	for _, d := range old {
		entry, _ := d.(map[string]any)
		name := x.destinationName(entry, after.Namespace())
		subset := subsetOf(entry)
		if subset == "" && !hasKey(edit.Weights, name) && e.service != nil && len(old) == 1 && len(x.subsets(e.host)) > 0 {
			continue // all versions as one: the edit tells them apart
		}
		if used[name] {
			return "", cannot("two destinations of that route are called %s: a weight cannot tell them apart; change %s where it comes from", name, after)
		}
		names = append(names, name)
		c := clone(entry)
		c["weight"] = int64(edit.Weights[name])
		used[name] = true
		next = append(next, c)
	}
	for _, name := range x.subsets(e.host) {
		if used[name] {
			continue
		}
		names = append(names, name)
		if hasKey(edit.Weights, name) {
			used[name] = true
			next = append(next, map[string]any{
				"destination": map[string]any{"host": x.written(e, after), "subset": name}, "weight": int64(edit.Weights[name]),
			})
		}
	}
	for _, name := range sorted(edit.Weights) {
		if !used[name] {
			return "", cannot("%s has no destination %q; it has %s. Versions are subsets of a DestinationRule", edit.Service, name, orNone(names))
		}
	}
	r["route"] = next
	return "send " + shares(edit.Weights) + " of " + edit.Service + where, nil
}

// written is the service's host as the object's rules write it.
func (x *index) written(e *entry, o Object) string {
	if e.service != nil && e.service.object.Namespace() == o.Namespace() {
		return e.service.object.Name()
	}
	return e.host
}

func (x *index) destinationName(d map[string]any, namespace string) string {
	if s := subsetOf(d); s != "" {
		return s
	}
	to, _ := d["destination"].(map[string]any)
	return x.named(full(text(to["host"]), namespace))
}

func subsetOf(d map[string]any) string {
	to, _ := d["destination"].(map[string]any)
	return text(to["subset"])
}

// shares are weights in words: "80 % to v1 and 20 % to v2".
func shares(weights map[string]int) string {
	names := sorted(weights)
	slices.SortStableFunc(names, func(a, b string) int { return weights[b] - weights[a] })
	var parts []string
	for _, name := range names {
		if weights[name] > 0 {
			parts = append(parts, fmt.Sprintf("%d %% to %s", weights[name], name))
		}
	}
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

func sorted(m map[string]int) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func hasKey(m map[string]int, key string) bool {
	_, ok := m[key]
	return ok
}

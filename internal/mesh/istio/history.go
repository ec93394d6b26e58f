package istio

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// annotationChanges is what an object of ours remembers, so that edits can be
// undone. It goes when `diorama up` applies the plan's own object again, which is
// as good as undoing.
const annotationChanges = "diorama.dev/mesh-changes"

// keptChanges bounds the edits that an object remembers: annotations have room
// for 256 KiB in all. Of more, the first can only be undone all at once.
const (
	keptChanges = 20
	keptBytes   = 200 << 10
)

// lastYear bounds the times of edits: later ones follow them, and RFC 3339 has no
// year after 9999.
const lastYear = 9998

// change is an edit as an object remembers it.
type change struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Service string    `json:"service,omitempty"`
	Summary string    `json:"summary"`
	// Before is the spec before the edit; null: there was no object. Of the oldest
	// it is what was there before all that are not remembered any more.
	Before map[string]any `json:"before"`
	// After is the spec that the edit left; null: the next edit found it so.
	After map[string]any `json:"after,omitempty"`
}

// changes are those that an object remembers; none where it does not, or where
// what it has is not ours to read. Each is later than the one before, and knows
// what it left.
func (o Object) changes() []change {
	var all []change
	if json.Unmarshal([]byte(o.notes()), &all) != nil {
		return nil
	}
	for i := range all {
		if all[i].Time.UTC().Year() > lastYear {
			all[i].Time = time.Date(lastYear, time.December, 31, 0, 0, 0, 0, time.UTC)
		}
	}
	for i := 1; i < len(all); i++ {
		if !all[i].Time.After(all[i-1].Time) { // the clock had stepped back
			all[i].Time = all[i-1].Time.Add(time.Millisecond)
		}
		if all[i-1].After == nil {
			all[i-1].After = all[i].Before
		}
	}
	return all
}

// remember notes an edit of the object.
func (o Object) remember(c change) error { return o.note(append(o.changes(), c)) }

// note keeps what was done to an object, as many edits as there is room for.
func (o Object) note(all []change) error {
	for {
		written := slices.Clone(all)
		for i := range len(written) - 1 {
			if reflect.DeepEqual(written[i].After, written[i+1].Before) {
				written[i].After = nil
			}
		}
		data, err := json.Marshal(written)
		if err != nil {
			return fmt.Errorf("keep what was done to %s: %w", o, err)
		}
		if len(all) == 1 || len(all) <= keptChanges && len(data) <= keptBytes {
			o.keep(string(data))
			return nil
		}
		all = forgotten(all)
	}
}

// forgotten are the edits without the oldest, with which the next one goes when
// it is undone. What somebody else has changed between the two is kept then: at
// the cost of the oldest, where both have set the same.
func forgotten(all []change) []change {
	first, next := all[0], all[1]
	switch {
	case reflect.DeepEqual(first.After, next.Before):
		next.Before = first.Before
	case first.Before != nil:
		if before, clashes := merged(first.After, first.Before, next.Before); len(clashes) == 0 {
			next.Before = before
		}
	}
	return append([]change{next}, all[2:]...)
}

// Changes are the edits that were made and not undone, the oldest first.
func Changes(o Observation) []mesh.Change {
	var all []mesh.Change
	for _, object := range edited(o) {
		own := object.changes()
		for i, c := range own {
			after := object.shown()
			if c.After != nil {
				after["spec"] = c.After
			}
			m := mesh.Change{ID: c.ID, Time: c.Time, Service: c.Service, Summary: c.Summary, YAML: after.yaml()}
			if _, clashes := object.without(own[i:]); len(clashes) > 0 {
				m.Stuck = object.changedSince(clashes)
			}
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b mesh.Change) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// edited are our objects that remember edits.
func edited(o Observation) []Object {
	var all []Object
	for _, kind := range []string{kindVirtualService, kindPeerAuthentication} {
		for _, object := range o.of(kind) {
			if o.ours(object) && len(object.changes()) > 0 {
				all = append(all, object)
			}
		}
	}
	return all
}

// Undoing is what brings objects back.
type Undoing struct {
	Apply   []Object
	Delete  []Object
	Changes []mesh.Change // that are undone, the newest first

	of map[string]string // the object of a change, by its ID
}

// Of are the changes that are undone with some of the objects.
func (u Undoing) Of(objects ...Object) []mesh.Change {
	var all []mesh.Change
	for _, c := range u.Changes {
		if slices.ContainsFunc(objects, func(o Object) bool { return o.String() == u.of[c.ID] }) {
			all = append(all, c)
		}
	}
	return all
}

// As refuses to undo where the last change is another one than was shown; an
// empty ID: whatever is last.
func (u Undoing) As(last string) error {
	if last != "" && u.Changes[0].ID != last {
		return cannot("the mesh was changed meanwhile, and the last change is another one: look again")
	}
	return nil
}

// ErrNothingToUndo is the answer where no edit was made.
var ErrNothingToUndo = errors.New("there is nothing to undo: nothing was changed from here")

// Undo plans to undo the last edit, or all. What somebody else has changed since
// stays as it is; where that is what an edit had set, nothing is undone: it is a
// [CannotError].
func Undo(o Observation, all bool) (Undoing, error) {
	changes := Changes(o)
	if len(changes) == 0 {
		return Undoing{}, ErrNothingToUndo
	}
	slices.Reverse(changes)
	u := Undoing{Changes: changes, of: make(map[string]string)}
	if !all {
		u.Changes = changes[:1]
	}
	var refusals []string
	for _, object := range edited(o) {
		own := object.changes()
		keep := 0
		if !all {
			keep = len(own) - 1
			if own[keep].ID != u.Changes[0].ID {
				continue
			}
		}
		for _, c := range own {
			u.of[c.ID] = object.String()
		}
		restored, clashes := object.without(own[keep:])
		switch {
		case len(clashes) > 0:
			refusals = append(refusals, object.changedSince(clashes))
			continue
		case restored == nil:
			restored = object.clean()
			restored.at(object)
			u.Delete = append(u.Delete, restored)
			continue
		case keep == 0:
			restored.keep("")
		default:
			if err := restored.note(own[:keep]); err != nil {
				return Undoing{}, err
			}
		}
		restored.at(object)
		u.Apply = append(u.Apply, restored)
	}
	if len(refusals) > 0 {
		return Undoing{}, cannot("%s. That stays: set it back and undo again, or let `diorama up` put the plan's rules back", strings.Join(refusals, "; "))
	}
	return u, nil
}

// without is the object as it would be without its newest edits; nil: there
// would be none.
func (o Object) without(undone []change) (Object, []clash) {
	spec := plain(o.spec())
	var all []clash
	for _, c := range slices.Backward(undone) {
		left := c.After
		if left == nil {
			left = plain(o.spec())
		}
		if c.Before == nil {
			return nil, append(all, differing(left, spec)...)
		}
		var clashes []clash
		spec, clashes = merged(left, c.Before, spec)
		all = append(all, clashes...)
	}
	restored := o.clean()
	restored["spec"] = spec
	return restored, all
}

package istio

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// What an object of ours remembers, so that edits can be undone: its spec before
// the first of them, null where it was made by one; and the edits. Both go when
// `diorama up` applies the plan's own object again, which is as good as undoing.
const (
	annotationOriginal = "diorama.dev/mesh-original"
	annotationChanges  = "diorama.dev/mesh-changes"
)

// keptChanges bounds the edits that an object remembers: annotations have room
// for 256 KiB in all. Of more, the first can only be undone all at once.
const (
	keptChanges = 20
	keptBytes   = 200 << 10
)

// change is an edit as an object remembers it.
type change struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Service string    `json:"service,omitempty"`
	Summary string    `json:"summary"`
	// Before is the spec before the edit; null: there was no object.
	Before map[string]any `json:"before"`
}

// changes are those that an object remembers; none where it does not, or where
// what it has is not ours to read. Each is later than the one before.
func (o Object) changes() []change {
	var all []change
	if json.Unmarshal([]byte(o.annotation(annotationChanges)), &all) != nil {
		return nil
	}
	for i := 1; i < len(all); i++ {
		if !all[i].Time.After(all[i-1].Time) { // the clock had stepped back
			all[i].Time = all[i-1].Time.Add(time.Millisecond)
		}
	}
	return all
}

// remember notes an edit of the object, whose spec is still the one before; made
// is true of an object that the edit makes.
func (o Object) remember(c change, made bool) error {
	all := o.changes()
	c.Before = o.spec()
	if made {
		c.Before = nil
	}
	if o.annotation(annotationOriginal) == "" || len(all) == 0 {
		data, err := json.Marshal(c.Before)
		if err != nil {
			return fmt.Errorf("keep what %s was: %w", o, err)
		}
		o.annotate(annotationOriginal, string(data))
	}
	all = append(all, c)
	all = all[max(len(all)-keptChanges, 0):]
	for {
		data, err := json.Marshal(all)
		if err != nil {
			return fmt.Errorf("keep what was done to %s: %w", o, err)
		}
		if len(all) == 1 || len(data)+len(o.annotation(annotationOriginal)) <= keptBytes {
			o.annotate(annotationChanges, string(data))
			return nil
		}
		all = all[1:]
	}
}

// Changes are the edits that were made and not undone, the oldest first.
func Changes(o Observation) []mesh.Change {
	var all []mesh.Change
	for _, object := range edited(o) {
		changes := object.changes()
		for i, c := range changes {
			after := object.shown()
			if i+1 < len(changes) {
				after["spec"] = changes[i+1].Before
			}
			all = append(all, mesh.Change{ID: c.ID, Time: c.Time, Service: c.Service, Summary: c.Summary, YAML: after.yaml()})
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

// ErrNothingToUndo is the answer where no edit was made.
var ErrNothingToUndo = errors.New("there is nothing to undo: nothing was changed from here")

// Undo plans to undo the last edit, or all.
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
	for _, object := range edited(o) {
		own := object.changes()
		last := own[len(own)-1]
		before := last.Before
		if !all && last.ID != u.Changes[0].ID {
			continue
		}
		if all || len(own) == 1 { // of more than it keeps, the rest goes with the last
			before = object.original()
		}
		for _, c := range own {
			u.of[c.ID] = object.String()
		}
		restored := object.clean()
		restored.at(object)
		if before == nil {
			u.Delete = append(u.Delete, restored)
			continue
		}
		restored["spec"] = before
		if all || len(own) == 1 {
			restored.annotate(annotationOriginal, "")
			restored.annotate(annotationChanges, "")
		} else {
			data, err := json.Marshal(own[:len(own)-1])
			if err != nil {
				return Undoing{}, fmt.Errorf("undo what was done to %s: %w", object, err)
			}
			restored.annotate(annotationChanges, string(data))
		}
		u.Apply = append(u.Apply, restored)
	}
	return u, nil
}

// original is the object's spec before the first edit; nil: there was none.
func (o Object) original() map[string]any {
	var spec map[string]any
	if json.Unmarshal([]byte(o.annotation(annotationOriginal)), &spec) != nil {
		// Somebody took the note away: the oldest edit still knows.
		if all := o.changes(); len(all) > 0 {
			return all[0].Before
		}
	}
	return spec
}

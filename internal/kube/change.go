package kube

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Action is what was done to an object.
type Action string

// The actions.
const (
	ActionCreated    Action = "created"
	ActionConfigured Action = "configured"
	ActionUnchanged  Action = "unchanged"
	ActionRecreated  Action = "recreated" // deleted and made again, its data kept
	ActionDeleted    Action = "deleted"
	ActionSkipped    Action = "skipped" // left as it is: kept data, or not ours
)

// ObjectID names an object of the cluster.
type ObjectID struct {
	Group     string `json:"group,omitempty"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// IDOf is the identity of an object.
func IDOf(object *unstructured.Unstructured) ObjectID {
	gvk := object.GroupVersionKind()
	return ObjectID{
		Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind,
		Namespace: object.GetNamespace(), Name: object.GetName(),
	}
}

// String is the object as Kind/namespace/name.
func (id ObjectID) String() string {
	if id.Namespace == "" {
		return fmt.Sprintf("%s/%s", id.Kind, id.Name)
	}
	return fmt.Sprintf("%s/%s/%s", id.Kind, id.Namespace, id.Name)
}

func (id ObjectID) gvk() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: id.Group, Version: id.Version, Kind: id.Kind}
}

// same is the identity regardless of the API version.
func (id ObjectID) same() ObjectID {
	id.Version = ""
	return id
}

// Change is an object and what was done to it.
type Change struct {
	ObjectID
	Action Action `json:"action"`
	// Why says why it was left as it is, where that is not what one expects.
	Why string `json:"why,omitempty"`
	// Generation is that of a workload that was configured, as it was then: what
	// is observed of an earlier one is of before. 0 for all else.
	Generation int64 `json:"-"`
}

// ChangeSet is what a call did, in the order in which objects were given.
type ChangeSet []Change

// Changed reports whether anything was done at all.
func (s ChangeSet) Changed() bool {
	return slices.ContainsFunc(s, func(c Change) bool {
		return c.Action != ActionUnchanged && c.Action != ActionSkipped
	})
}

// Count is how many objects met the action.
func (s ChangeSet) Count(action Action) int {
	n := 0
	for _, c := range s {
		if c.Action == action {
			n++
		}
	}
	return n
}

// String counts the objects by action, for example "2 created, 1 deleted".
func (s ChangeSet) String() string {
	text := ""
	for _, action := range []Action{
		ActionCreated, ActionConfigured, ActionRecreated, ActionDeleted, ActionUnchanged, ActionSkipped,
	} {
		if n := s.Count(action); n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", n, action)
		}
	}
	if text == "" {
		return "nothing to do"
	}
	return text
}

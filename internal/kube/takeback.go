package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/ssa"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// mostTakes bounds how often a list is taken back from whoever changes its object
// at that moment, as its controller does while a rollout is under way.
const mostTakes = 3

// applyOver applies an object. Where somebody has changed what tells the item of
// a list apart, as a port's number, an apply takes theirs for another one, adds
// ours, and the API refuses the name that both have: the list is ours then.
func (c *Client) applyOver(ctx context.Context, existing, object *unstructured.Unstructured, opts ApplyOptions) (*ssa.ChangeSetEntry, error) {
	for try := 1; ; try++ {
		entry, refused := c.manager(existing).Apply(ctx, object.DeepCopy(), ssaOptions(opts))
		entries, err := displaced(existing, refused)
		if err != nil || entries == nil {
			return entry, errors.Join(refused, err)
		}
		lists := strings.Join(twiceIn(refused), ", ")
		if try > mostTakes {
			return nil, fmt.Errorf("%w; somebody goes on changing %s: run up again when that is over", refused, lists)
		}
		if err := c.giveTo(ctx, existing, entries); err != nil && !apierrors.IsConflict(err) && !apierrors.IsInvalid(err) {
			return nil, fmt.Errorf("take back %s, which somebody has changed: %w", lists, err)
		}
		if existing, err = c.get(ctx, IDOf(object)); err != nil {
			return nil, fmt.Errorf("read %s: %w", IDOf(object), err)
		}
	}
}

// giveTo replaces the entries of an object that is still as it was read.
func (c *Client) giveTo(ctx context.Context, existing *unstructured.Unstructured, entries []metav1.ManagedFieldsEntry) error {
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/resourceVersion", "value": existing.GetResourceVersion()},
		{"op": "replace", "path": "/metadata/managedFields", "value": entries},
	})
	if err != nil {
		return err
	}
	return c.dynamic.Patch(ctx, existing.DeepCopy(), client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(FieldOwner))
}

// displaced are an object's entries with the lists given to us that an apply was
// refused for; nil where that would not help.
func displaced(existing *unstructured.Unstructured, refusal error) ([]metav1.ManagedFieldsEntry, error) {
	lists := twiceIn(refusal)
	if existing == nil || len(lists) == 0 {
		return nil, nil
	}
	return takeBack(existing.GetManagedFields(), lists)
}

// twiceIn are the lists that an object is refused for because an item is twice in
// them, by the names of fields with dots between: those of all containers are one.
// It is empty where the refusal has another reason.
func twiceIn(err error) []string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return nil
	}
	// What gives out the ports of nodes finds it first, and names no field
	// (k8s.io/kubernetes/pkg/registry/core/service/storage/alloc.go).
	if strings.Contains(status.Status().Message, "duplicate nodePort: ") {
		return []string{"spec.ports"}
	}
	if !apierrors.IsInvalid(err) || status.Status().Details == nil {
		return nil
	}
	var lists []string
	for _, cause := range status.Status().Details.Causes {
		item := strings.LastIndexByte(cause.Field, '[')
		if cause.Type != metav1.CauseTypeFieldValueDuplicate || item < 0 {
			return nil
		}
		var list strings.Builder
		for part := range strings.SplitSeq(cause.Field[:item], "]") {
			name, _, _ := strings.Cut(part, "[")
			list.WriteString(name)
		}
		lists = append(lists, list.String())
	}
	slices.Sort(lists)
	return slices.Compact(lists)
}

// takeBack are the entries with what others own of the lists given to us; nil
// where they own nothing of them.
func takeBack(entries []metav1.ManagedFieldsEntry, lists []string) ([]metav1.ManagedFieldsEntry, error) {
	at := slices.IndexFunc(entries, oursByApply)
	if at < 0 {
		return nil, nil
	}
	ours, err := ssa.FieldsToSet(*entries[at].FieldsV1)
	if err != nil {
		return nil, fmt.Errorf("read which fields are ours: %w", err)
	}
	taken := fieldpath.NewSet()
	var out []metav1.ManagedFieldsEntry
	for i, entry := range entries {
		if i == at {
			continue
		}
		theirs, err := without(&entry, lists, entries[at].APIVersion)
		if err != nil {
			return nil, err
		}
		if taken = taken.Union(theirs); entry.FieldsV1 != nil {
			out = append(out, entry)
		}
	}
	if taken.Empty() {
		return nil, nil
	}
	fields, err := ssa.SetToFields(*ours.Union(taken))
	if err != nil {
		return nil, fmt.Errorf("write which fields are ours: %w", err)
	}
	mine := entries[at]
	mine.FieldsV1 = &fields
	return append(out, mine), nil
}

// without takes the lists' fields out of an entry and returns them. An entry that
// has nothing else has no fields then.
func without(entry *metav1.ManagedFieldsEntry, lists []string, version string) (*fieldpath.Set, error) {
	taken := fieldpath.NewSet()
	if entry.FieldsV1 == nil || entry.Subresource != "" || entry.APIVersion != version {
		return taken, nil
	}
	all, err := ssa.FieldsToSet(*entry.FieldsV1)
	if err != nil {
		return nil, fmt.Errorf("read which fields are of %s: %w", entry.Manager, err)
	}
	all.Iterate(func(path fieldpath.Path) {
		field := namesOf(path) + "."
		if slices.ContainsFunc(lists, func(list string) bool { return strings.HasPrefix(field, list+".") }) {
			taken.Insert(path.Copy())
		}
	})
	rest := all.Difference(taken)
	if entry.FieldsV1 = nil; rest.Empty() {
		return taken, nil
	}
	fields, err := ssa.SetToFields(*rest)
	if err != nil {
		return nil, fmt.Errorf("write which fields are of %s: %w", entry.Manager, err)
	}
	entry.FieldsV1 = &fields
	return taken, nil
}

// namesOf are the names of a path's fields, with dots between.
func namesOf(path fieldpath.Path) string {
	var names []string
	for _, element := range path {
		if element.FieldName != nil {
			names = append(names, *element.FieldName)
		}
	}
	return strings.Join(names, ".")
}

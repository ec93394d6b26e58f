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

// applyOver applies an object. Where somebody has changed what tells the item of
// a list apart, as a port's number, an apply takes theirs for another one, adds
// ours, and the API refuses the name that both have: the list is ours then.
func (c *Client) applyOver(ctx context.Context, existing, object *unstructured.Unstructured, opts ApplyOptions) (*ssa.ChangeSetEntry, error) {
	entry, err := c.manager(existing).Apply(ctx, object.DeepCopy(), ssaOptions(opts))
	entries, wrong := displaced(existing, err)
	if wrong != nil || entries == nil {
		return entry, errors.Join(err, wrong)
	}
	patch, wrong := json.Marshal([]map[string]any{
		{"op": "test", "path": "/metadata/resourceVersion", "value": existing.GetResourceVersion()},
		{"op": "replace", "path": "/metadata/managedFields", "value": entries},
	})
	if wrong != nil {
		return nil, errors.Join(err, wrong)
	}
	now := existing.DeepCopy()
	if wrong := c.dynamic.Patch(ctx, now, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(FieldOwner)); wrong != nil {
		return nil, errors.Join(err, fmt.Errorf("take back what somebody has changed: %w", wrong))
	}
	return c.manager(now).Apply(ctx, object.DeepCopy(), ssaOptions(opts))
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

// twiceIn are the outermost lists that an object is refused for because an item is twice in
// them, by the names of fields with dots between; empty where it has another reason.
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
		list, _, ofItem := strings.Cut(cause.Field, "[")
		if cause.Type != metav1.CauseTypeFieldValueDuplicate || !ofItem {
			return nil
		}
		lists = append(lists, list)
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
		list, _, _ := strings.Cut(path.String(), "[")
		if slices.Contains(lists, strings.TrimPrefix(list, ".")) {
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

package kube

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

// asOwned reports whether an apply of the wanted object would find it as it is:
// what the cluster notes as ours by an earlier apply are exactly the fields that
// are wanted, and each has the value that is wanted (kubernetes.io, "Server-Side
// Apply"). A dry run would say the same, at a multiple of the cost. Where the
// object alone does not tell, as of values that the cluster writes in another
// way, the answer is false.
func asOwned(existing, wanted *unstructured.Unstructured) bool {
	if existing == nil {
		return false
	}
	fields := ownFields(existing, wanted.GetAPIVersion())
	return len(fields) > 0 && ownedAs(fields, named(wanted), existing.Object)
}

// ownFields are the fields that one apply of ours has set; nil where there is
// none, or more than one.
func ownFields(existing *unstructured.Unstructured, version string) map[string]any {
	var ours []metav1.ManagedFieldsEntry
	for _, entry := range existing.GetManagedFields() {
		if oursByApply(entry) {
			ours = append(ours, entry)
		}
	}
	if len(ours) != 1 || ours[0].APIVersion != version {
		return nil
	}
	var fields map[string]any
	if json.Unmarshal(ours[0].FieldsV1.GetRawBytes(), &fields) != nil {
		return nil
	}
	return fields
}

func oursByApply(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == FieldOwner && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == "" && entry.FieldsV1 != nil
}

// named is the object without what names it, which nobody owns.
func named(object *unstructured.Unstructured) map[string]any {
	rest := maps.Clone(object.Object)
	delete(rest, "apiVersion")
	delete(rest, "kind")
	meta, _ := rest["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	for _, name := range []string{"name", "namespace", "creationTimestamp"} {
		delete(meta, name)
	}
	rest["metadata"] = meta
	if len(meta) == 0 {
		delete(rest, "metadata")
	}
	return rest
}

// own is how fields say that an item itself is owned, beside what is in it.
const own = "."

// ownedAs reports whether the fields are those of the value, and what is there has
// it at each. A field with none below it is one value, whatever it holds.
func ownedAs(fields map[string]any, wanted, there any) bool {
	below := len(fields)
	if _, itself := fields[own]; itself {
		below--
	}
	if below == 0 {
		return reflect.DeepEqual(wanted, there) || there == nil && empty(wanted)
	}
	switch w := wanted.(type) {
	case map[string]any:
		t, ok := there.(map[string]any)
		if !ok || len(w) != below {
			return false
		}
		for key, value := range w {
			inner, ok := fields["f:"+key].(map[string]any)
			if !ok || !ownedAs(inner, value, t[key]) {
				return false
			}
		}
		return true
	case []any:
		t, ok := there.([]any)
		return ok && len(w) == below && ownedItems(fields, w, t)
	default:
		return false
	}
}

// empty reports values that the API leaves out of what it keeps. One that is ours
// and not there was never kept: what somebody else takes away is ours no more.
func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	default:
		return reflect.ValueOf(value).IsZero()
	}
}

// ownedItems is the same for a list whose items are told apart by some of their
// fields (k:) or by themselves (v:). They must stand in the wanted order.
func ownedItems(fields map[string]any, wanted, there []any) bool {
	at := make([]int, len(wanted)) // where the item is, counted from 1
	for key, inner := range fields {
		if key == own {
			continue
		}
		below, ok := inner.(map[string]any)
		is, known := itemOf(key)
		if !ok || !known {
			return false
		}
		w, t := only(wanted, func(item any) bool { return is(item, false) }), only(there, func(item any) bool { return is(item, true) })
		if w < 0 || t < 0 || at[w] != 0 || !ownedAs(below, wanted[w], there[t]) {
			return false
		}
		at[w] = t + 1
	}
	return slices.IsSorted(at)
}

// itemOf tells an item by the name that fields give it. An item that is wanted
// may leave out what the cluster sets: not so one that is there.
func itemOf(key string) (is func(item any, inFull bool) bool, known bool) {
	kind, text, _ := strings.Cut(key, ":")
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return nil, false
	}
	if kind == "v" {
		return func(item any, _ bool) bool { return reflect.DeepEqual(item, value) }, true
	}
	keys, ok := value.(map[string]any)
	if kind != "k" || !ok {
		return nil, false
	}
	return func(item any, inFull bool) bool {
		m, ok := item.(map[string]any)
		for name, value := range keys {
			has, there := m[name]
			if !ok || there && !reflect.DeepEqual(has, value) || !there && inFull {
				return false
			}
		}
		return ok
	}, true
}

// only is the index of the one item that is meant; -1 where there is none, or
// where it could be several.
func only(items []any, is func(any) bool) int {
	found := slices.IndexFunc(items, is)
	if found < 0 || slices.ContainsFunc(items[found+1:], is) {
		return -1
	}
	return found
}

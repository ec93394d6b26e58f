package kube

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// annotationApplied on a definition is a hash of what was last applied. Dry
// runs of large definitions take the API server long (a mesh has two dozen, of
// 2 MB together): one that was applied as it is wanted, and still has all of
// it, needs none.
const annotationApplied = "diorama.dev/applied"

// mark notes on a definition what it is to be.
func mark(object *unstructured.Unstructured) {
	if object.GetKind() != kindCRD {
		return
	}
	data, err := json.Marshal(object.Object)
	if err != nil {
		return // it is compared by a dry run
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = make(map[string]string, 1)
	}
	annotations[annotationApplied] = fmt.Sprintf("%x", sha256.Sum256(data))[:16]
	object.SetAnnotations(annotations)
}

// asBefore reports whether the wanted definition was applied before as it is,
// and is there in full: what was not wanted then is none of ours.
func asBefore(existing, wanted *unstructured.Unstructured) bool {
	if existing == nil || wanted.GetKind() != kindCRD {
		return false
	}
	applied := wanted.GetAnnotations()[annotationApplied]
	return applied != "" && existing.GetAnnotations()[annotationApplied] == applied && within(wanted.Object, existing.Object)
}

// within reports whether all that a value says is in another one.
func within(wanted, there any) bool {
	switch w := wanted.(type) {
	case map[string]any:
		t, ok := there.(map[string]any)
		for key, value := range w {
			if !ok || !within(value, t[key]) {
				return false
			}
		}
		return ok
	case []any:
		t, ok := there.([]any)
		if !ok || len(w) != len(t) {
			return false
		}
		for i := range w {
			if !within(w[i], t[i]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(wanted, there)
	}
}

package manifest

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// toUnstructured drops what typed objects write although it is not set, so
// that we own no field that we have nothing to say about.
func toUnstructured(object any) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("make an object of %T: %w", object, err)
	}
	delete(content, "status")
	dropUnset(content)
	return &unstructured.Unstructured{Object: content}, nil
}

// dropUnset removes the empty creationTimestamp of all metadata, and empty
// structures that have no meaning of their own (an emptyDir has).
func dropUnset(value any) {
	switch v := value.(type) {
	case map[string]any:
		if v["creationTimestamp"] == nil {
			delete(v, "creationTimestamp")
		}
		for _, key := range []string{"strategy", "updateStrategy", "resources"} {
			if empty, ok := v[key].(map[string]any); ok && len(empty) == 0 {
				delete(v, key)
			}
		}
		for _, child := range v {
			dropUnset(child)
		}
	case []any:
		for _, child := range v {
			dropUnset(child)
		}
	}
}

// rank orders the kinds of a wave: what Pods refer to is there before them.
func rank(object *unstructured.Unstructured) int {
	switch object.GetKind() {
	case "ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "CustomResourceDefinition":
		return -1
	case "Secret", "ConfigMap":
		return 0
	case "PersistentVolumeClaim":
		return 1
	case "Service":
		return 2
	default:
		return 3
	}
}

// digest is a hash of a value's JSON, whose maps are in order.
func digest(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return hash(fmt.Sprintf("%#v", value))
	}
	return hash(string(data))
}

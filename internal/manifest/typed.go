package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TypeError says that an object has something of a type that Kubernetes does
// not take there, as a chart makes it of a value that was not meant for it.
type TypeError struct {
	Kind, Name string
	Path       string // names with dots between; empty: not known
	Reason     string
}

func (e *TypeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s %s: %s", e.Kind, e.Name, e.Reason)
	}
	return fmt.Sprintf("%s of %s %s: %s", e.Path, e.Kind, e.Name, e.Reason)
}

// typed is an empty object of one of Kubernetes' own kinds; nil: of another, of
// which only the cluster knows what is in it.
func typed(apiVersion, kind string) any {
	switch apiVersion + " " + kind {
	case "apps/v1 Deployment":
		return &appsv1.Deployment{}
	case "apps/v1 StatefulSet":
		return &appsv1.StatefulSet{}
	case "apps/v1 DaemonSet":
		return &appsv1.DaemonSet{}
	case "batch/v1 Job":
		return &batchv1.Job{}
	case "batch/v1 CronJob":
		return &batchv1.CronJob{}
	case "v1 Pod":
		return &corev1.Pod{}
	case "v1 Service":
		return &corev1.Service{}
	case "v1 ConfigMap":
		return &corev1.ConfigMap{}
	case "v1 Secret":
		return &corev1.Secret{}
	case "v1 PersistentVolumeClaim":
		return &corev1.PersistentVolumeClaim{}
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return &autoscalingv2.HorizontalPodAutoscaler{}
	case "policy/v1 PodDisruptionBudget":
		return &policyv1.PodDisruptionBudget{}
	default:
		return nil
	}
}

// mistyped is a [*TypeError] where the cluster would refuse the object for the
// type of something in it: what is found here is found before anything is made.
func mistyped(u *unstructured.Unstructured) error {
	into := typed(u.GetAPIVersion(), u.GetKind())
	if into == nil {
		return nil
	}
	data, err := u.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err == nil {
		return nil
	}
	wrong := &TypeError{Kind: u.GetKind(), Name: u.GetName(), Reason: err.Error()}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		wrong.Path, wrong.Reason = kind.Field, fmt.Sprintf("found a %s, expected %s", kind.Value, expected(kind))
	} else if path, text := noQuantity("", u.Object); path != "" {
		wrong.Path, wrong.Reason = path, fmt.Sprintf("found %q, expected a quantity, such as 500m or 128Mi", text)
	}
	return wrong
}

// expected words the type that a field has.
func expected(e *json.UnmarshalTypeError) string {
	switch kind := e.Type.Kind().String(); kind {
	case "int", "int32", "int64", "uint8", "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "string":
		return "a text"
	case "slice":
		return "a list"
	default:
		return "a mapping"
	}
}

// noQuantity finds a request or limit that is none.
func noQuantity(at string, value any) (path, text string) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			here := at + "." + key
			amounts, ok := v[key].(map[string]any)
			if ok && (key == "requests" || key == "limits") {
				for _, name := range slices.Sorted(maps.Keys(amounts)) {
					if _, err := resource.ParseQuantity(fmt.Sprint(amounts[name])); err != nil {
						return (here + "." + name)[1:], fmt.Sprint(amounts[name])
					}
				}
			}
			if path, text = noQuantity(here, v[key]); path != "" {
				return path, text
			}
		}
	case []any:
		for i, item := range v {
			if path, text = noQuantity(fmt.Sprintf("%s.%d", at, i), item); path != "" {
				return path, text
			}
		}
	}
	return "", ""
}

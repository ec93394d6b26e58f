package manifest

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/stacks"
)

// TestMistyped: what a chart makes of a value that was not meant for it is said
// before anything is made.
func TestMistyped(t *testing.T) {
	with := func(value any, fields ...string) stacks.Object {
		object := deployment("web", "example.com/web:1")
		if err := unstructured.SetNestedField(object.Body, value, fields...); err != nil {
			t.Fatal(err)
		}
		return object
	}
	container := func(name string, value any) stacks.Object {
		return with([]any{map[string]any{"name": "web", "image": "example.com/web:1", name: value}}, "spec", "template", "spec", "containers")
	}
	configuration := stacks.Object{Position: "web/templates/c.yaml", Body: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c"}, "data": map[string]any{"a": int64(1)},
	}}
	for want, object := range map[string]stacks.Object{
		"": with(int64(3), "spec", "replicas"),
		"spec.replicas of Deployment web: found a string, expected a number":                       with("many", "spec", "replicas"),
		"spec.paused of Deployment web: found a number, expected true or false":                    with(int64(7), "spec", "paused"),
		"spec.template.spec.containers.args of Deployment web: found a string, expected a list":    container("args", "-v"),
		"spec.template.spec.containers.resources of Deployment web: found a string, expected a ma": container("resources", "lots"),
		"spec.template.spec.containers.0.resources.requests.memory of Deployment web: found \"lots\", expected a quantity, such as": container(
			"resources", map[string]any{"requests": map[string]any{"memory": "lots"}}),
		"data of ConfigMap c: found a number, expected a text": configuration,
	} {
		in := Input{Environment: "golden", Namespace: "diorama", Stack: "shop"}
		in.Releases = []Release{{Name: "web", Namespace: "diorama", Steps: [][]stacks.Object{{object}}}}
		_, err := Render(in)
		var wrong *TypeError
		if want == "" && err != nil || want != "" && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), "chart web: web/templates/") || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

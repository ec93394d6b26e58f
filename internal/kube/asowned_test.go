package kube

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// appliedKinds are objects of the shapes that fields are owned in: maps, lists
// with keys, sets, lists and maps that are one value, and objects that no schema
// is known of.
func appliedKinds() map[string]string {
	return map[string]string{
		"deployment": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}, finalizers: [a/b, c/d]}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, creationTimestamp: null}
    spec:
      nodeSelector: {disk: fast}
      securityContext: {}
      tolerations: [{key: a, operator: Exists}]
      containers:
      - name: web
        image: web:1
        args: [a, b]
        env: [{name: A, value: "1"}, {name: E, value: ""}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]
        ports: [{containerPort: 80, name: http}, {containerPort: 81, protocol: UDP}]
        resources: {limits: {memory: 64Mi}, requests: {cpu: 50m}}
      - {name: side, image: side:1}
      volumes: [{name: data, emptyDir: {}}]`,
		"service": `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, annotations: {}}
spec: {selector: {app: web}, ports: [{name: a, port: 80}, {name: b, port: 81, targetPort: http}]}`,
		"role": `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web, namespace: shop, labels: {a: b}}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]`,
		"account": `{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop, labels: {a: b}}, imagePullSecrets: [{name: a}, {name: b}]}`,
		"config":  `{apiVersion: v1, kind: ConfigMap, metadata: {name: web, annotations: {a: b}}, data: {a.b: "1", "c/d": ""}}`,
		"route": `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop, labels: {a: b}}
spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: v1}, weight: 90}]}]}`,
	}
}

// cluster does to objects what an API server does.
type cluster struct {
	*testing.T
	fields *managedfields.FieldManager
}

func clusterFor(t *testing.T, object *unstructured.Unstructured) cluster {
	t.Helper()
	converter := applyconfigurations.NewTypeConverter(scheme.Scheme)
	if !scheme.Scheme.Recognizes(object.GroupVersionKind()) {
		converter = managedfields.NewDeducedTypeConverter()
	}
	return cluster{t, managedfieldstest.NewFakeFieldManager(converter, object.GroupVersionKind())}
}

func (c cluster) apply(live, wanted *unstructured.Unstructured) *unstructured.Unstructured {
	c.Helper()
	made, err := c.fields.Apply(live, wanted.DeepCopy(), FieldOwner, true)
	if err != nil {
		c.Fatal(err)
	}
	return withDefaults(plainObject(c.T, made))
}

// create is the first apply.
func (c cluster) create(wanted *unstructured.Unstructured) *unstructured.Unstructured {
	c.Helper()
	return c.apply(&unstructured.Unstructured{Object: map[string]any{"apiVersion": wanted.GetAPIVersion(), "kind": wanted.GetKind()}}, wanted)
}

// update is what somebody else does; nil where the API would refuse it.
func (c cluster) update(live, changed *unstructured.Unstructured) *unstructured.Unstructured {
	c.Helper()
	made, err := c.fields.Update(live, changed, "somebody")
	if err != nil {
		return nil
	}
	return withDefaults(plainObject(c.T, made))
}

func plainObject(t *testing.T, object any) *unstructured.Unstructured {
	t.Helper()
	data, err := json.Marshal(object)
	made := &unstructured.Unstructured{}
	if err == nil {
		err = made.UnmarshalJSON(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// withDefaults sets what the API sets of ports, by which they are told apart, and
// leaves out what it leaves out.
func withDefaults(object *unstructured.Unstructured) *unstructured.Unstructured {
	everywhere(nil, object.Object, func(_ []any, value any) {
		m, ok := value.(map[string]any)
		if !ok {
			return
		}
		if (m["port"] != nil || m["containerPort"] != nil) && m["protocol"] == nil {
			m["protocol"] = "TCP"
		}
		if m["value"] == "" {
			delete(m, "value")
		}
		if annotations, ok := m["annotations"].(map[string]any); ok && len(annotations) == 0 {
			delete(m, "annotations")
		}
	})
	return object
}

func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return plainObject(t, json.RawMessage(data))
}

// TestAsOwned: whatever somebody changes of an object that was applied, it is
// left without a dry run only where another apply would change nothing.
func TestAsOwned(t *testing.T) {
	for name, text := range appliedKinds() {
		t.Run(name, func(t *testing.T) {
			wanted := parsed(t, text)
			c := clusterFor(t, wanted)
			live := c.create(wanted)
			if !asOwned(live, wanted) {
				t.Fatalf("what was just applied is not known as such: %s", live.GetManagedFields())
			}
			tried, left := 0, 0
			for change, made := range variants(live.Object) {
				changed := &unstructured.Unstructured{Object: made}
				if IDOf(changed) != IDOf(wanted) {
					continue
				}
				after := c.update(live.DeepCopy(), changed)
				if after == nil {
					continue
				}
				tried++
				again := c.apply(after.DeepCopy(), wanted)
				diff := cmp.Diff(withoutFields(after), withoutFields(again))
				if !asOwned(after, wanted) {
					continue
				}
				if left++; diff != "" {
					t.Errorf("%s: an apply changes what counts as unchanged:\n%s", change, diff)
				}
			}
			t.Logf("%d changes, %d of them none of ours", tried, left)
			if tried < 10 || left == 0 {
				t.Errorf("%d changes, %d of them none of ours: want more", tried, left)
			}
		})
	}
}

// TestAsOwnedOfAnotherWish: what is wanted otherwise than it was applied is
// compared in full.
func TestAsOwnedOfAnotherWish(t *testing.T) {
	for name, text := range appliedKinds() {
		t.Run(name, func(t *testing.T) {
			wanted := parsed(t, text)
			c := clusterFor(t, wanted)
			live := c.create(wanted)
			for change, made := range variants(wanted.Object) {
				other := &unstructured.Unstructured{Object: made}
				if IDOf(other) != IDOf(wanted) || cmp.Equal(named(other), named(wanted)) {
					continue
				}
				if asOwned(live, other) {
					t.Errorf("%s counts as unchanged", change)
				}
			}
		})
	}
	foreign := parsed(t, appliedKinds()["config"])
	if asOwned(nil, foreign) || asOwned(foreign, foreign) {
		t.Error("what is not there, or was not applied by us, counts as unchanged")
	}
}

// withoutFields is the object without what is noted of its fields.
func withoutFields(object *unstructured.Unstructured) map[string]any {
	object = object.DeepCopy()
	object.SetManagedFields(nil)
	return object.Object
}

// variants are copies of an object with one change each.
func variants(object map[string]any) map[string]map[string]any {
	out := make(map[string]map[string]any)
	note := func(what string, at []any, change func(parent any, key any)) {
		made := (&unstructured.Unstructured{Object: object}).DeepCopy().Object
		var parent any = made
		for _, key := range at[:len(at)-1] {
			parent = child(parent, key)
		}
		change(parent, at[len(at)-1])
		out[fmt.Sprintf("%s %v", what, at)] = made
	}
	everywhere(nil, object, func(at []any, value any) {
		if len(at) > 1 && at[0] == "metadata" && at[1] == "managedFields" {
			return
		}
		note("other", at, func(p, k any) { set(p, k, other(value)) })
		if key, ok := at[len(at)-1].(string); ok {
			note("without", at, func(p, _ any) { delete(p.(map[string]any), key) })
		}
		switch v := value.(type) {
		case map[string]any:
			note("more", at, func(p, k any) { child(p, k).(map[string]any)["more"] = "m" })
		case []any:
			note("shorter", at, func(p, k any) { set(p, k, v[1:]) })
			note("longer", at, func(p, k any) { set(p, k, append(append([]any{}, v...), renamed(v[0]))) })
			note("before", at, func(p, k any) { set(p, k, append([]any{renamed(v[0])}, v...)) })
			if len(v) > 1 {
				note("turned", at, func(p, k any) { set(p, k, append(append([]any{}, v[1:]...), v[0])) })
			}
		}
	})
	return out
}

func everywhere(at []any, value any, see func([]any, any)) {
	if len(at) > 0 {
		see(append([]any{}, at...), value)
	}
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			everywhere(append(at, key), inner, see)
		}
	case []any:
		for i, inner := range v {
			everywhere(append(at, i), inner, see)
		}
	}
}

func child(parent, key any) any {
	if m, ok := parent.(map[string]any); ok {
		return m[key.(string)]
	}
	return parent.([]any)[key.(int)]
}

func set(parent, key, value any) {
	if m, ok := parent.(map[string]any); ok {
		m[key.(string)] = value
		return
	}
	parent.([]any)[key.(int)] = value
}

// other is another value of the type.
func other(value any) any {
	switch v := value.(type) {
	case string:
		return v + "x"
	case int64:
		return v + 1
	case map[string]any:
		return map[string]any{}
	case []any:
		return []any{}
	default:
		return "x"
	}
}

// renamed is an item that others do not take for this one.
func renamed(item any) any {
	m, ok := item.(map[string]any)
	if !ok {
		return other(item)
	}
	made := make(map[string]any, len(m))
	for key, value := range m {
		switch value.(type) {
		case string, int64:
			made[key] = other(value)
		default:
			made[key] = value
		}
	}
	return made
}

package istio

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// The labels of objects that an environment has made, see internal/diagnose.
const (
	labelEnvironment = "diorama.dev/environment"
	labelStack       = "diorama.dev/stack"
	labelService     = "diorama.dev/service"
)

// The kinds that configure a mesh.
const (
	kindVirtualService      = "VirtualService"
	kindDestinationRule     = "DestinationRule"
	kindPeerAuthentication  = "PeerAuthentication"
	kindAuthorizationPolicy = "AuthorizationPolicy"
	kindGateway             = "Gateway"
	kindServiceEntry        = "ServiceEntry"
	kindService             = "Service"
)

// Object is an object as the cluster's API gives it.
type Object map[string]any

// Kind is the object's kind.
func (o Object) Kind() string { return text(o["kind"]) }

// Name is the object's name.
func (o Object) Name() string { return text(o.metadata()["name"]) }

// Namespace is the object's namespace.
func (o Object) Namespace() string { return text(o.metadata()["namespace"]) }

// String is the object as Kind/namespace/name.
func (o Object) String() string { return o.Kind() + "/" + o.Namespace() + "/" + o.Name() }

func (o Object) metadata() map[string]any {
	m, _ := o["metadata"].(map[string]any)
	return m
}

func (o Object) label(name string) string {
	labels, _ := o.metadata()["labels"].(map[string]any)
	return text(labels[name])
}

// notes are what the object keeps to undo edits, see [annotationChanges].
func (o Object) notes() string {
	annotations, _ := o.metadata()["annotations"].(map[string]any)
	return text(annotations[annotationChanges])
}

// keep has the object keep notes; empty ones are taken away. The object is a
// [Object.clean] one.
func (o Object) keep(notes string) {
	annotations, _ := o.metadata()["annotations"].(map[string]any)
	if annotations == nil {
		annotations = map[string]any{}
	}
	annotations[annotationChanges] = notes
	if notes == "" {
		delete(annotations, annotationChanges)
	}
	o.metadata()["annotations"] = annotations
	if len(annotations) == 0 {
		delete(o.metadata(), "annotations")
	}
}

func (o Object) created() time.Time {
	t, _ := time.Parse(time.RFC3339, text(o.metadata()["creationTimestamp"]))
	return t
}

// version is the object's resourceVersion: another one is another object.
func (o Object) version() string { return text(o.metadata()["resourceVersion"]) }

// at makes the object one that is applied only where what there is still is
// that one. The object is a [Object.clean] one.
func (o Object) at(read Object) {
	if v := read.version(); v != "" {
		o.metadata()["resourceVersion"] = v
	}
}

func (o Object) spec() map[string]any {
	m, _ := o["spec"].(map[string]any)
	return m
}

// decode reads the object's spec into a typed value. Fields of an unexpected
// type are left out rather than refused: the API server has checked the object
// against its schema, and a reader must not fall over a newer one.
func decode[Spec any](o Object) Spec {
	var spec Spec
	if data, err := json.Marshal(o["spec"]); err == nil {
		_ = json.Unmarshal(data, &spec) // it fills what it can
	}
	return spec
}

// clean is a deep copy of the object without what the API server fills in, as
// it is applied.
func (o Object) clean() Object {
	c := Object(clone(map[string]any(o)))
	delete(c, "status")
	meta := map[string]any{}
	for _, key := range []string{"name", "namespace", "labels", "annotations"} {
		if v, ok := c.metadata()[key]; ok {
			meta[key] = v
		}
	}
	c["metadata"] = meta
	return c
}

// shown is the object as a person reads it: without what is kept to undo edits.
func (o Object) shown() Object {
	c := o.clean()
	c.keep("")
	return c
}

// yaml is the object as YAML, in the order that people expect.
func (o Object) yaml() string {
	var b strings.Builder
	for _, key := range []string{"apiVersion", "kind", "metadata", "spec"} {
		if v, ok := o[key]; ok {
			data, err := yaml.Marshal(map[string]any{key: v})
			if err != nil {
				return fmt.Sprintf("# %s cannot be shown: %v\n", o, err)
			}
			b.Write(data)
		}
	}
	return b.String()
}

func clone(m map[string]any) map[string]any {
	c := maps.Clone(m)
	for key, value := range c {
		c[key] = cloneValue(value)
	}
	return c
}

func cloneValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return clone(v)
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = cloneValue(v[i])
		}
		return c
	default:
		return v
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// duration reads a duration of Kubernetes' or protobuf's JSON; 0 where it is none.
func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0
	}
	return d
}

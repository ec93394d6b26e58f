package kube_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/kube"
)

// meshLike has what a mesh has: a definition, a webhook that refuses whatever
// its absent server is not asked about, and a namespace of its own.
const meshLike = `apiVersion: v1
kind: Namespace
metadata: {name: NS-system}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: routes.NS.example.com}
spec:
  group: NS.example.com
  scope: Namespaced
  names: {plural: routes, singular: route, kind: Route, listKind: RouteList}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NS-system}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: NS-webhook}
webhooks:
- name: x.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {name: nobody, namespace: NS-system}}
  objectSelector: {matchLabels: {NS: asks}}
  rules: [{apiGroups: ["", NS.example.com], apiVersions: ["*"], operations: [CREATE, UPDATE, DELETE], resources: ["*"]}]`

// TestDeleteTakesAllAlong: definitions, namespaces and what programs left go
// with a stack, unless somebody else's objects would.
func TestDeleteTakesAllAlong(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	t.Cleanup(func() { _, _ = c.Delete(context.WithoutCancel(t.Context()), scope, kube.Staying{}) })
	all := objects(t, scope, meshLike)
	options := kube.ApplyOptions{Scope: scope, Leaves: []kube.Leftover{{APIVersion: "v1", Kind: "ConfigMap", Name: scope.Namespace + "-left"}}}
	if _, err := c.Apply(within(t, time.Minute), all, options); err != nil {
		t.Fatal(err)
	}
	// Ours and foreign ones, and what a program has left in another namespace.
	ours := objects(t, scope, `apiVersion: NS.example.com/v1
kind: Route
metadata: {name: ours, namespace: NS, labels: {diorama.dev/environment: test, NS: asks}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: NS-left, namespace: NS}`)
	foreign := objects(t, scope, `apiVersion: NS.example.com/v1
kind: Route
metadata: {name: theirs, namespace: NS}
---
apiVersion: v1
kind: Service
metadata: {name: theirs, namespace: NS-system}
spec: {ports: [{port: 80}]}`)
	webhook := all[3:]
	if _, err := c.Prune(within(t, time.Minute), scope, all[:3]); err != nil { // what it would refuse is to be made
		t.Fatal(err)
	}
	for _, object := range slices.Concat(ours, foreign) {
		if err := c.CreateForeign(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Apply(within(t, time.Minute), webhook, options); err != nil {
		t.Fatal(err)
	}

	_, err := c.Delete(within(t, time.Minute), scope, kube.Staying{})
	var refused *kube.ForeignError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"Route/" + scope.Namespace + "/theirs", "Service/" + scope.Namespace + "-system/theirs", "keep cache in the profile"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if !there(t, c, webhook[0]) {
		t.Error("it was refused, and something was deleted")
	}

	for _, object := range foreign {
		if err := c.DeleteForeign(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	changes, err := c.Delete(within(t, 2*time.Minute), scope, kube.Staying{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]kube.Action{
		"MutatingWebhookConfiguration": kube.ActionDeleted, "Route": kube.ActionDeleted, "ConfigMap": kube.ActionDeleted,
		"CustomResourceDefinition": kube.ActionDeleted, "Namespace": kube.ActionDeleted,
	}
	if diff := cmp.Diff(want, byKind(changes)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if first := changes[0].Kind; first != "MutatingWebhookConfiguration" {
		t.Errorf("%s went before the webhook", first)
	}
	for _, object := range append([]*unstructured.Unstructured{ours[1]}, all...) {
		if there(t, c, object) {
			t.Errorf("%s is still there", kube.IDOf(object))
		}
	}
}

func there(t *testing.T, c *kube.Client, object *unstructured.Unstructured) bool {
	t.Helper()
	found, err := c.Get(t.Context(), kube.IDOf(object))
	if err != nil {
		t.Fatal(err)
	}
	return found != nil
}

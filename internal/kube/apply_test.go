package kube_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/kube"
)

const redis = `apiVersion: v1
kind: Secret
metadata: {name: redis, namespace: NS}
stringData: {password: first}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: NS}
data: {a: "1"}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: NS}
spec:
  selector: {app: redis}
  ports: [{name: redis, port: 6379}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: NS, labels: {diorama.dev/service: redis}}
spec:
  serviceName: redis
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: redis
        image: IMAGE
        imagePullPolicy: IfNotPresent
        readinessProbe: {tcpSocket: {port: 6379}, periodSeconds: 1}
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}`

// apply applies objects of a scope and returns what was done, by kind.
func apply(t *testing.T, c *kube.Client, scope kube.Scope, objects []*unstructured.Unstructured) map[string]kube.Action {
	t.Helper()
	changes, err := c.Apply(within(t, time.Minute), objects, kube.ApplyOptions{Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return byKind(changes)
}

func byKind(changes kube.ChangeSet) map[string]kube.Action {
	out := map[string]kube.Action{}
	for _, change := range changes {
		out[change.Kind] = change.Action
	}
	return out
}

// awaitPhase observes until the only service has the phase.
func awaitPhase(t *testing.T, c *kube.Client, scope kube.Scope, phase env.Phase) diagnose.Observation {
	t.Helper()
	reached := errors.New("reached")
	ctx, cancel := context.WithCancelCause(within(t, time.Minute))
	var last diagnose.Observation
	err := c.Observe(ctx, scope.Namespace, func(o diagnose.Observation) {
		last = o
		services := diagnose.Services(o)
		if len(services) == 1 && services[0].Phase == phase {
			cancel(reached)
		}
	})
	if !errors.Is(err, reached) {
		t.Fatalf("never %s: %v\n%+v", phase, err, diagnose.Services(last))
	}
	return last
}

func TestApplyIsIdempotent(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	created := map[string]kube.Action{
		"Secret": kube.ActionCreated, "ConfigMap": kube.ActionCreated,
		"Service": kube.ActionCreated, "StatefulSet": kube.ActionCreated,
	}
	if diff := cmp.Diff(created, apply(t, c, scope, objects(t, scope, redis))); diff != "" {
		t.Errorf("first (-want +got):\n%s", diff)
	}
	awaitPhase(t, c, scope, env.PhaseReady)
	for kind, action := range apply(t, c, scope, objects(t, scope, redis)) {
		if action != kube.ActionUnchanged {
			t.Errorf("second: %s %s", kind, action)
		}
	}
	changed := apply(t, c, scope, objects(t, scope, strings.Replace(redis, `a: "1"`, `a: "2"`, 1)))
	if changed["ConfigMap"] != kube.ActionConfigured || changed["StatefulSet"] != kube.ActionUnchanged {
		t.Errorf("changed: %v", changed)
	}
}

func TestImmutableFieldsRecreateTheWorkloadAndKeepItsClaim(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	apply(t, c, scope, objects(t, scope, redis))
	before := awaitPhase(t, c, scope, env.PhaseReady)
	if len(before.Claims) != 1 {
		t.Fatalf("%d claims", len(before.Claims))
	}
	renamed := strings.Replace(redis, "serviceName: redis", "serviceName: other", 1)
	if got := apply(t, c, scope, objects(t, scope, renamed)); got["StatefulSet"] != kube.ActionRecreated {
		t.Fatalf("got %v", got)
	}
	after := awaitPhase(t, c, scope, env.PhaseReady)
	if len(after.Claims) != 1 || after.Claims[0].UID != before.Claims[0].UID {
		t.Error("the claim was not kept")
	}
	if after.Pods[0].UID == before.Pods[0].UID {
		t.Error("the Pod was not made again")
	}

	bigger := strings.Replace(renamed, "storage: 16Mi", "storage: 32Mi", 1)
	changes, err := c.Apply(within(t, time.Minute), objects(t, scope, bigger), kube.ApplyOptions{Scope: scope})
	if !errors.Is(err, kube.ErrNeedsRecreateData) || !strings.Contains(err.Error(), "--recreate-data") {
		t.Fatalf("got %v", err)
	}
	if len(changes) != 3 {
		t.Errorf("the other three objects are not told: %v", changes)
	}
	opts := kube.ApplyOptions{Scope: scope, RecreateData: true}
	if _, err := c.Apply(within(t, time.Minute), objects(t, scope, bigger), opts); err != nil {
		t.Fatal(err)
	}
	grown := awaitPhase(t, c, scope, env.PhaseReady)
	if len(grown.Claims) != 1 || grown.Claims[0].UID == before.Claims[0].UID {
		t.Error("the claim was not made again")
	}
}

func TestInvalidChangeDeletesNothing(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	apply(t, c, scope, objects(t, scope, redis))
	before := awaitPhase(t, c, scope, env.PhaseReady)
	broken := strings.NewReplacer("serviceName: redis", "serviceName: other",
		"tcpSocket: {port: 6379}", "tcpSocket: {port: 99999}").Replace(redis)
	_, err := c.Apply(within(t, time.Minute), objects(t, scope, broken), kube.ApplyOptions{Scope: scope})
	if err == nil || !strings.Contains(err.Error(), "99999") {
		t.Fatalf("got %v", err)
	}
	after := awaitPhase(t, c, scope, env.PhaseReady)
	if after.StatefulSets[0].UID != before.StatefulSets[0].UID {
		t.Error("the workload was deleted for a change that is refused")
	}
}

func TestForeignObjectsAreRefused(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	other := kube.Scope{Environment: "other", Stack: "cache", Namespace: scope.Namespace}
	all := objects(t, scope, redis)
	theirs := all[1].DeepCopy()
	if err := c.CreateForeign(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	_, err := c.Apply(within(t, time.Minute), all[:2], kube.ApplyOptions{Scope: other})
	if err == nil || !strings.Contains(err.Error(), "was not made by diorama") {
		t.Fatalf("got %v", err)
	}
}

func TestPruneDeletesWhatLeftAndKeepsClaims(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	all := objects(t, scope, redis+`
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept, namespace: NS}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}`)
	apply(t, c, scope, all)
	changes, err := c.Prune(within(t, time.Minute), scope, all[:2])
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]kube.Action{
		"Service": kube.ActionDeleted, "StatefulSet": kube.ActionDeleted, "PersistentVolumeClaim": kube.ActionSkipped,
	}
	if diff := cmp.Diff(want, byKind(changes)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := c.Delete(within(t, time.Minute), scope, kube.Staying{}); err != nil {
		t.Fatal(err)
	}
	left, err := c.Inventory(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].Name != "kept" {
		t.Errorf("left: %v", left)
	}
}

func TestNothingToChangeIsQuick(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	var parts []string
	for i := range 10 {
		parts = append(parts, strings.NewReplacer("name: redis, namespace", fmt.Sprintf("name: redis-%d, namespace", i),
			"app: redis", fmt.Sprintf("app: redis-%d", i),
			"  selector: {matchLabels", "  replicas: 0\n  selector: {matchLabels").Replace(redis))
	}
	all := objects(t, scope, strings.Join(parts, "\n---\n"))
	apply(t, c, scope, all)
	var took []time.Duration
	for range 5 {
		began := time.Now()
		changes, err := c.Apply(within(t, time.Minute), all, kube.ApplyOptions{Scope: scope})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Prune(within(t, time.Minute), scope, all); err != nil {
			t.Fatal(err)
		}
		if changes.Changed() {
			t.Fatalf("changed: %s", changes)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("%d objects, nothing to change: median %s, worst %s", len(all), took[len(took)/2], took[len(took)-1])
}

func TestABrokenStatefulSetIsMendedByTheNextApply(t *testing.T) {
	c := connect(t)
	scope := namespace(t, c)
	apply(t, c, scope, objects(t, scope, strings.Replace(redis, "image: IMAGE", "image: Team/Absent:1", 1)))
	awaitPhase(t, c, scope, env.PhaseFailed)
	if got := apply(t, c, scope, objects(t, scope, redis)); got["StatefulSet"] != kube.ActionConfigured {
		t.Fatalf("got %v", got)
	}
	awaitPhase(t, c, scope, env.PhaseReady)
}

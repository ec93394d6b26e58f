package kube

import (
	"errors"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	dynamicfake "sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// some is an object; its labels are pairs.
func some(version, kind, namespace, name string, labels ...string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": version, "kind": kind}}
	u.SetNamespace(namespace)
	u.SetName(name)
	u.SetUID(types.UID(kind + namespace + name))
	if len(labels) > 0 {
		u.SetLabels(map[string]string{"diorama.dev/environment": labels[0], "diorama.dev/stack": labels[1]})
	}
	return u
}

func owned(u, owner *unstructured.Unstructured) *unstructured.Unstructured {
	controller := true
	u.SetOwnerReferences([]metav1.OwnerReference{{
		APIVersion: owner.GetAPIVersion(), Kind: owner.GetKind(), Name: owner.GetName(), UID: owner.GetUID(), Controller: &controller,
	}})
	return u
}

// memory is a cluster that only remembers objects.
func memory(t *testing.T, objects ...*unstructured.Unstructured) *Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	builder := dynamicfake.NewClientBuilder().WithScheme(scheme)
	byName := func(object client.Object) []string { return []string{object.GetName()} }
	kinds := allKinds()
	for _, list := range kinds {
		for _, resource := range list.APIResources {
			builder = builder.WithIndex(some(list.GroupVersion, resource.Kind, "", ""), "metadata.name", byName)
		}
	}
	for _, object := range objects {
		builder = builder.WithObjects(object)
	}
	typed := fake.NewClientset()
	typed.Resources = kinds
	return &Client{typed: typed, dynamic: builder.Build()}
}

// allKinds are those that such a cluster has.
func allKinds() []*metav1.APIResourceList {
	resources := func(namespaced bool, kinds ...string) []metav1.APIResource {
		var all []metav1.APIResource
		for _, kind := range kinds {
			all = append(all, metav1.APIResource{Name: kind, Kind: kind, Namespaced: namespaced, Verbs: []string{"list", "delete"}})
		}
		return all
	}
	return []*metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: append(resources(true, "Pod", "Service", kindSecret, "ConfigMap", "ServiceAccount", "Endpoints", "Event", kindClaim), resources(false, kindNamespace)...)},
		{GroupVersion: "apps/v1", APIResources: resources(true, kindDeployment, kindStatefulSet, kindDaemonSet)},
		{GroupVersion: "batch/v1", APIResources: resources(true, kindJob, "CronJob")},
		{GroupVersion: "networking.k8s.io/v1", APIResources: resources(true, "Ingress", "NetworkPolicy")},
		{GroupVersion: "coordination.k8s.io/v1", APIResources: resources(true, "Lease")},
		{GroupVersion: "apiextensions.k8s.io/v1", APIResources: resources(false, kindCRD)},
		{GroupVersion: "example.com/v1", APIResources: resources(true, "Route")},
	}
}

// TestWhatKeepsANamespace: a stack's namespace goes with it, unless there is
// something in it that is not the stack's.
func TestWhatKeepsANamespace(t *testing.T) {
	scope := Scope{Environment: "shop", Stack: "mesh", Namespace: "diorama"}
	lock := some("v1", "ConfigMap", "apart", "its-leader")
	lock.SetAnnotations(map[string]string{"control-plane.alpha.kubernetes.io/leader": "{}"})
	theirs := some("apps/v1", "Deployment", "apart", "theirs")
	gone := some("apps/v1", "Deployment", "apart", "gone")
	tests := map[string]struct {
		inside  []*unstructured.Unstructured
		stays   string // why
		refused string
	}{
		"nothing":              {},
		"the stack's":          {inside: []*unstructured.Unstructured{some("v1", "Service", "apart", "own", "shop", "mesh")}},
		"its programs'":        {inside: []*unstructured.Unstructured{some("v1", "Secret", "apart", "ca")}},
		"every namespace's":    {inside: []*unstructured.Unstructured{some("v1", "ConfigMap", "apart", "kube-root-ca.crt")}},
		"a lock":               {inside: []*unstructured.Unstructured{lock}},
		"of a gone owner":      {inside: []*unstructured.Unstructured{owned(some("v1", "Pod", "apart", "p"), gone)}},
		"another stack's":      {inside: []*unstructured.Unstructured{some("v1", "Service", "apart", "x", "shop", "kiali")}, stays: "Service/apart/x"},
		"a Secret":             {inside: []*unstructured.Unstructured{some("v1", "Secret", "apart", "cacerts")}, stays: "Secret/apart/cacerts"},
		"every account":        {inside: []*unstructured.Unstructured{some("v1", "ServiceAccount", "apart", "default"), some("v1", "Endpoints", "apart", "x")}},
		"a Lease":              {inside: []*unstructured.Unstructured{some("coordination.k8s.io/v1", "Lease", "apart", "leader")}},
		"another's account":    {inside: []*unstructured.Unstructured{some("v1", "ServiceAccount", "apart", "kiali", "shop", "kiali")}, stays: "ServiceAccount/apart/kiali"},
		"a foreign account":    {inside: []*unstructured.Unstructured{some("v1", "ServiceAccount", "apart", "theirs")}, stays: "ServiceAccount/apart/theirs"},
		"a foreign Ingress":    {inside: []*unstructured.Unstructured{some("networking.k8s.io/v1", "Ingress", "apart", "theirs")}, stays: "Ingress/apart/theirs"},
		"a claim":              {inside: []*unstructured.Unstructured{some("v1", "PersistentVolumeClaim", "apart", "data-db-0")}, stays: "PersistentVolumeClaim/apart/data-db-0"},
		"a foreign Deployment": {inside: []*unstructured.Unstructured{theirs, owned(some("v1", "Pod", "apart", "p"), theirs)}, refused: "Deployment/apart/theirs;"},
		"a foreign CronJob":    {inside: []*unstructured.Unstructured{some("batch/v1", "CronJob", "apart", "nightly")}, refused: "CronJob/apart/nightly"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			space := some("v1", "Namespace", "", "apart", "shop", "mesh")
			c := memory(t, append(slices.Clone(test.inside), space)...)
			leaves := []Leftover{{APIVersion: "v1", Kind: "Secret", Name: "ca"}}
			if err := c.recordUnion(t.Context(), scope, []*unstructured.Unstructured{space}, leaves); err != nil {
				t.Fatal(err)
			}
			changes, err := c.Delete(t.Context(), scope, Staying{})
			var foreign *ForeignError
			if errors.As(err, &foreign) {
				if test.refused == "" || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err != nil || test.refused != "" {
				t.Fatalf("got %v", err)
			}
			last := changes[len(changes)-1]
			if (last.Action == ActionSkipped) != (test.stays != "") || !strings.Contains(last.Why, test.stays) {
				t.Errorf("changes %+v", changes)
			}
			left, err := c.Inventory(t.Context(), scope)
			if err != nil || (len(left) > 0) != (test.stays != "") {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// TestLastingNamespaces: no stack takes the environment's namespace along.
func TestLastingNamespaces(t *testing.T) {
	scope := Scope{Environment: "shop", Stack: "mesh", Namespace: "diorama"}
	all := []*unstructured.Unstructured{
		some("v1", "Namespace", "", "diorama", "shop", "mesh"), some("v1", "Namespace", "", "kube-system", "shop", "mesh"),
	}
	c := memory(t, all...)
	if err := c.recordUnion(t.Context(), scope, all, nil); err != nil {
		t.Fatal(err)
	}
	changes, err := c.Delete(t.Context(), scope, Staying{})
	if err != nil || changes.Count(ActionSkipped) != 2 {
		t.Errorf("changes %v, %v", changes, err)
	}
	if left, err := c.Inventory(t.Context(), scope); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestStaying: what another stack has taken over stays, and what its programs
// leave.
func TestStaying(t *testing.T) {
	scope := Scope{Environment: "shop", Stack: "istio", Namespace: "diorama"}
	leaf := Leftover{APIVersion: "v1", Kind: "ConfigMap", Name: "roots"}
	space, service := some("v1", "Namespace", "", "apart", "shop", "istio"), some("v1", "Service", "apart", "own", "shop", "istio")
	roots := some("v1", "ConfigMap", "apart", "roots")
	c := memory(t, space, service, roots)
	if err := c.recordUnion(t.Context(), scope, []*unstructured.Unstructured{space, service}, []Leftover{leaf}); err != nil {
		t.Fatal(err)
	}
	changes, err := c.Delete(t.Context(), scope, Staying{Objects: []*unstructured.Unstructured{space, service}, Leaves: []Leftover{leaf}})
	if err != nil || changes.Changed() {
		t.Errorf("changes %v, %v", changes, err)
	}
}

// TestInstancesOfOwners: what a foreign program's object owns is foreign, too.
func TestInstancesOfOwners(t *testing.T) {
	theirs := some("apps/v1", "Deployment", "x", "theirs")
	own := some("apps/v1", "Deployment", "x", "own", "shop", "mesh")
	d := &deletion{scope: Scope{Environment: "shop", Stack: "mesh", Namespace: "diorama"}, c: memory(t, theirs, own)}
	for name, want := range map[string]*unstructured.Unstructured{"theirs": theirs, "own": own} {
		got, err := d.origin(t.Context(), owned(some("v1", "ConfigMap", "x", "made"), want))
		if err != nil || got == nil || got.GetName() != name {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestForeignNamespacesAreLeftAlone: one that is there already is neither
// changed nor recorded.
func TestForeignNamespacesAreLeftAlone(t *testing.T) {
	scope := Scope{Environment: "shop", Stack: "mesh", Namespace: "diorama"}
	c := memory(t, some("v1", "Namespace", "", "istio-system"))
	space := some("v1", "Namespace", "", "istio-system")
	changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{space}, ApplyOptions{Scope: scope})
	if err != nil || len(changes) != 1 || changes[0].Action != ActionSkipped {
		t.Fatalf("changes %+v, %v", changes, err)
	}
	if _, err := c.Prune(t.Context(), scope, []*unstructured.Unstructured{space}); err != nil {
		t.Fatal(err)
	}
	if held, err := c.Inventory(t.Context(), scope); err != nil || len(held) > 0 {
		t.Errorf("held %v, %v", held, err)
	}
	existing := some("v1", "Namespace", "", "istio-system")
	if err := c.dynamic.Get(t.Context(), client.ObjectKeyFromObject(existing), existing); err != nil || len(existing.GetLabels()) > 0 {
		t.Errorf("labels %v, %v", existing.GetLabels(), err)
	}
}

package kube

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// oneMap is an API with one ConfigMap, in version 42, that refuses to change it.
type oneMap struct {
	mu    sync.Mutex
	gone  bool
	asked []string // what would change something
}

func (o *oneMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	say := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	refuse := func(code int32, reason metav1.StatusReason) {
		say(int(code), metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Code: code, Reason: reason})
	}
	if r.Method != http.MethodGet {
		o.asked = append(o.asked, r.Method+" "+r.URL.Path)
	}
	switch {
	case r.URL.Path == "/api":
		say(http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case r.URL.Path == "/api/v1":
		say(http.StatusOK, metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: "v1",
			APIResources: []metav1.APIResource{{Name: "configmaps", SingularName: "configmap", Namespaced: true, Kind: "ConfigMap", Verbs: metav1.Verbs{"get", "patch", "delete"}}},
		})
	case r.URL.Path == "/apis":
		say(http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}})
	case !strings.HasSuffix(r.URL.Path, "/configmaps/x") || o.gone:
		refuse(http.StatusNotFound, metav1.StatusReasonNotFound)
	case r.Method == http.MethodGet:
		object := mapAt("42")
		object.SetUID("1")
		object.SetLabels(map[string]string{diagnose.LabelEnvironment: "c"})
		say(http.StatusOK, object.Object)
	default: // what is patched or deleted was changed meanwhile
		refuse(http.StatusConflict, metav1.StatusReasonConflict)
	}
}

func mapAt(version string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "x", "namespace": "shop"}}}
	u.SetResourceVersion(version)
	return u
}

func TestWhatChangedMeanwhileIsLeft(t *testing.T) {
	scope := Scope{Environment: "c", Stack: "demo", Namespace: "shop"}
	tests := map[string]struct {
		gone    bool
		version string
		do      func(*Client, *unstructured.Unstructured) error
		fine    bool
		asked   int
	}{
		"applied, older":                     {version: "41", do: func(c *Client, u *unstructured.Unstructured) error { return c.ApplyAsRead(t.Context(), scope, u) }},
		"applied, gone":                      {gone: true, version: "42", do: func(c *Client, u *unstructured.Unstructured) error { return c.ApplyAsRead(t.Context(), scope, u) }},
		"applied, changed since it was read": {version: "42", do: func(c *Client, u *unstructured.Unstructured) error { return c.ApplyAsRead(t.Context(), Scope{}, u) }, asked: 1},
		"tried": {version: "41", do: func(c *Client, u *unstructured.Unstructured) error {
			return c.Try(t.Context(), []*unstructured.Unstructured{u})
		}, asked: 1},
		"deleted, older":                     {version: "41", do: func(c *Client, u *unstructured.Unstructured) error { return c.DeleteOurs(t.Context(), scope, u) }},
		"deleted, changed since it was read": {version: "42", do: func(c *Client, u *unstructured.Unstructured) error { return c.DeleteOurs(t.Context(), scope, u) }, asked: 1},
		"deleted, gone":                      {gone: true, version: "42", do: func(c *Client, u *unstructured.Unstructured) error { return c.DeleteOurs(t.Context(), scope, u) }, fine: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			api := &oneMap{gone: test.gone}
			err := test.do(clientOf(t, api.ServeHTTP), mapAt(test.version))
			changed, ok := errors.AsType[*ChangedError](err)
			if test.fine && err != nil || !test.fine && (!ok || !strings.Contains(changed.Error(), "ConfigMap/shop/x was changed meanwhile: look again")) {
				t.Errorf("it is %v", err)
			}
			if len(api.asked) != test.asked {
				t.Errorf("asked for was %q", api.asked)
			}
		})
	}
}

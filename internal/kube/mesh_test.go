package kube

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// clientOf is a client of an API that a test answers for.
func clientOf(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := connect(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestListOfAKindThatIsNotThere(t *testing.T) {
	c := clientOf(t, http.NotFound)
	list, err := c.List(t.Context(), schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"}, "virtualservices")
	if list != nil || err != nil {
		t.Errorf("it is %v, %v", list, err)
	}
}

func TestListSaysTheKindOfEach(t *testing.T) {
	c := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/apis/networking.istio.io/v1/virtualservices" {
			http.Error(w, "odd path "+r.URL.Path, http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(`{"kind":"VirtualServiceList","apiVersion":"networking.istio.io/v1","items":[{"metadata":{"name":"x"}}]}`))
	})
	list, err := c.List(t.Context(), schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"}, "virtualservices")
	if err != nil || len(list) != 1 {
		t.Fatalf("it is %v, %v", list, err)
	}
	if u := (&unstructured.Unstructured{Object: list[0]}); u.GetKind() != "VirtualService" || u.GetAPIVersion() != "networking.istio.io/v1" || u.GetName() != "x" {
		t.Errorf("it is %v", list[0])
	}
}

func TestPodURL(t *testing.T) {
	got := PodURL(diagnose.PodKey{Namespace: "shop", Name: "a.b-0"}, 15000, "/clusters")
	if got != "http://a.b-0.shop.pod:15000/clusters" {
		t.Errorf("it is %s", got)
	}
}

func TestDialPodRefusesWhatIsNone(t *testing.T) {
	c := clientOf(t, http.NotFound)
	for address, want := range map[string]string{
		"a.shop.pod":       "missing port",
		"a.shop.pod:x":     `port "x"`,
		"example.org:80":   "names no Pod",
		"onlyone.pod:80":   "names no Pod",
		"a-0.shop.pod:150": "pod",
	} {
		if _, err := c.dialPod(t.Context(), "tcp", address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is answered with %v", address, err)
		}
	}
}

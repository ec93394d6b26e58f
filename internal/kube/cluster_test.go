package kube_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/internal/kube"
)

// kubeconfigVariable names the kubeconfig of a cluster that tests may fill and
// empty. Without it, tests of a real cluster are left out.
const kubeconfigVariable = "DIORAMA_TEST_KUBECONFIG"

// testImage is an image that the nodes of the test cluster have.
func testImage() string {
	if image := os.Getenv("DIORAMA_TEST_IMAGE"); image != "" {
		return image
	}
	return "lab/redis:dev"
}

func connect(t *testing.T) *kube.Client {
	t.Helper()
	path := os.Getenv(kubeconfigVariable)
	if path == "" {
		t.Skipf("no cluster: set %s to the kubeconfig of one that may be changed", kubeconfigVariable)
	}
	client, err := kube.Connect(path)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// within bounds what a test may wait for.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// namespace makes a namespace of the test's own.
func namespace(t *testing.T, c *kube.Client) kube.Scope {
	t.Helper()
	name := fmt.Sprintf("t-%d", time.Now().UnixNano())
	if err := c.EnsureNamespace(t.Context(), name, map[string]string{"diorama.dev/environment": "test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.DeleteNamespace(context.WithoutCancel(t.Context()), name); err != nil {
			t.Error(err)
		}
	})
	return kube.Scope{Environment: "test", Stack: "cache", Namespace: name}
}

// objects reads YAML documents; NS and IMAGE stand for the namespace and an image.
func objects(t *testing.T, scope kube.Scope, text string) []*unstructured.Unstructured {
	t.Helper()
	text = strings.NewReplacer("NS", scope.Namespace, "IMAGE", testImage()).Replace(text)
	var out []*unstructured.Unstructured
	for document := range strings.SplitSeq(text, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		out = append(out, object)
	}
	return out
}

package kube

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldOwner is the name under which objects are applied server-side.
const FieldOwner = "diorama"

// concurrency bounds the requests that one Apply, Diff or Prune has under way.
const concurrency = 16

// Client talks to one cluster. It is safe for concurrent use.
type Client struct {
	config  *rest.Config
	typed   kubernetes.Interface
	dynamic client.WithWatch

	// inventories is held while an inventory is read and written again, and
	// while it is decided by all of them whose a namespace is.
	inventories sync.Mutex
}

// Connect makes a client for the current context of a kubeconfig file. It
// reads the file and dials nothing: an API that does not answer is first
// noticed by the first call.
func Connect(kubeconfig string) (*Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w; `diorama up` writes it anew", kubeconfig, err)
	}
	return connect(config)
}

// ConnectContext is Connect for a named context of a kubeconfig file; an empty
// name is the current context, an empty file the user's own.
func ConnectContext(kubeconfig, name string) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if kubeconfig != "" {
		rules.ExplicitPath = kubeconfig
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: name}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig context %q: %w; `kubectl config get-contexts` lists them", name, err)
	}
	return connect(config)
}

func connect(config *rest.Config) (*Client, error) {
	quiet()
	// The cluster is ours and small: a client-side limit would only make it
	// slow, and the API server has limits of its own.
	config.QPS = -1
	config.UserAgent = "diorama"
	config.WarningHandler = rest.NoWarnings{}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("prepare connection to %s: %w", config.Host, err)
	}
	return newClient(config, httpClient)
}

func newClient(config *rest.Config, httpClient *http.Client) (*Client, error) {
	typed, err := kubernetes.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("prepare client for %s: %w", config.Host, err)
	}
	dynamic, err := client.NewWithWatch(config, client.Options{HTTPClient: httpClient})
	if err != nil {
		return nil, fmt.Errorf("prepare client for %s: %w", config.Host, err)
	}
	return &Client{config: config, typed: typed, dynamic: dynamic}, nil
}

// Address is the URL of the cluster's API.
func (c *Client) Address() string { return c.config.Host }

// Ready asks the API once whether it answers and is ready.
func (c *Client) Ready(ctx context.Context) error { return c.ask(ctx, "/readyz") }

// alive asks the API once whether it answers at all, which costs it nothing.
func (c *Client) alive(ctx context.Context) error { return c.ask(ctx, "/livez/ping") }

func (c *Client) ask(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Second, fmt.Errorf("no answer within 5 s"))
	defer cancel()
	err := c.typed.Discovery().RESTClient().Get().AbsPath(path).MaxRetries(0).Do(ctx).Error()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("ask the cluster's API at %s: %w", c.config.Host, err)
	}
	return nil
}

// EnsureNamespace makes the namespace, or adds the labels to one that is
// there. Labels that others have set stay.
func (c *Client) EnsureNamespace(ctx context.Context, name string, labels map[string]string) error {
	namespaces := c.typed.CoreV1().Namespaces()
	existing, err := namespaces.Get(ctx, name, metav1.GetOptions{})
	if err == nil && containsAll(existing.Labels, labels) {
		return nil
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("read namespace %s: %w", name, err)
	}
	if err == nil {
		wanted := existing.DeepCopy()
		if wanted.Labels == nil {
			wanted.Labels = map[string]string{}
		}
		maps.Copy(wanted.Labels, labels)
		if _, err := namespaces.Update(ctx, wanted, metav1.UpdateOptions{FieldManager: FieldOwner}); err != nil {
			return fmt.Errorf("label namespace %s: %w", name, err)
		}
		return nil
	}
	wanted := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	_, err = namespaces.Create(ctx, wanted, metav1.CreateOptions{FieldManager: FieldOwner})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	return nil
}

func containsAll(have, want map[string]string) bool {
	for key, value := range want {
		if have[key] != value {
			return false
		}
	}
	return true
}

// DeleteNamespace deletes a namespace with all that is in it, volume claims
// included, and does not wait for the end.
func (c *Client) DeleteNamespace(ctx context.Context, name string) error {
	err := c.typed.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete namespace %s: %w", name, err)
	}
	return nil
}

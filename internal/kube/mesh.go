package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// List returns the objects of a kind in all namespaces. The resource is the
// plural that the API knows it by, such as "virtualservices". Of a kind that
// the cluster does not know, as where its definition was not applied, there are
// none: that is no error.
func (c *Client) List(ctx context.Context, gvk schema.GroupVersionKind, resource string) ([]map[string]any, error) {
	path := "/apis/" + gvk.Group + "/" + gvk.Version + "/" + resource
	if gvk.Group == "" {
		path = "/api/" + gvk.Version + "/" + resource
	}
	data, err := c.typed.Discovery().RESTClient().Get().AbsPath(path).MaxRetries(0).
		SetHeader("Accept", "application/json").Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", resource, err)
	}
	var list unstructured.UnstructuredList
	if err := list.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("read the list of %s: %w", resource, err)
	}
	out := make([]map[string]any, 0, len(list.Items))
	for _, item := range list.Items {
		// A list says the kind once; whoever gets the items wants it of each.
		item.SetGroupVersionKind(gvk)
		out = append(out, item.Object)
	}
	return out, nil
}

// PodURL is where [Client.PodTransport] finds a port of a Pod.
func PodURL(pod diagnose.PodKey, port int, path string) string {
	return "http://" + pod.Name + "." + pod.Namespace + ".pod:" + strconv.Itoa(port) + path
}

// PodTransport is a transport whose connections end at ports of Pods, those on
// a Pod's localhost too, see [PodURL]. Connections are kept for a while: making
// one takes a few round trips to the cluster's API.
func (c *Client) PodTransport() *http.Transport {
	return &http.Transport{
		DialContext:         c.dialPod,
		MaxIdleConnsPerHost: 1, MaxIdleConns: 256,
		IdleConnTimeout:    30 * time.Second,
		DisableCompression: true,
	}
}

// dialPod connects to a port of a Pod through the cluster's API.
func (c *Client) dialPod(ctx context.Context, _, address string) (net.Conn, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("connect to a Pod: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("connect to a Pod: port %q: %w", text, err)
	}
	name, ok := strings.CutSuffix(host, ".pod")
	at := strings.LastIndex(name, ".") // a Pod's name may have dots, a namespace's has none
	if !ok || at < 0 {
		return nil, fmt.Errorf("%q names no Pod", host)
	}
	f := &forwarder{client: c, target: Target{Pod: name[:at], Namespace: name[at+1:], Port: port}}
	// A tunnel is made without a context: whoever has no more time goes on
	// without it.
	opened := make(chan error, 1)
	go func() {
		_, _, _, err := f.open(ctx)
		opened <- err
	}()
	select {
	case err := <-opened:
		if err != nil {
			return nil, err
		}
	case <-ctx.Done():
		go func() {
			<-opened //nolint:errcheck // nobody waits for it any more
			f.drop()
		}()
		return nil, context.Cause(ctx)
	}
	local, remote := net.Pipe()
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(life, f.drop)
	go func() {
		defer end()
		_ = f.carry(life, remote) // whoever reads sees the connection end
	}()
	return &podConn{Conn: local, end: end}, nil
}

// podConn is a connection to a Pod, whose tunnel ends with it.
type podConn struct {
	net.Conn
	end context.CancelFunc
}

// Close ends the connection and its tunnel.
func (p *podConn) Close() error {
	p.end()
	return p.Conn.Close()
}

// Try asks the API to apply the objects as [Client.Apply] would, and changes
// nothing: what checks objects at admission has its say. Its refusals are
// joined in the error.
func (c *Client) Try(ctx context.Context, objects []*unstructured.Unstructured) error {
	var errs []error
	for _, object := range objects {
		err := c.dynamic.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()),
			client.FieldOwner(FieldOwner), client.ForceOwnership, client.DryRunAll)
		if err != nil {
			errs = append(errs, fmt.Errorf("apply %s: %w", IDOf(object), err))
		}
	}
	return errors.Join(errs...)
}

// DeleteOurs deletes an object that the scope's environment has made. One that
// is gone already is no error; one of somebody else's is.
func (c *Client) DeleteOurs(ctx context.Context, scope Scope, object *unstructured.Unstructured) error {
	existing, err := c.get(ctx, IDOf(object))
	if err != nil {
		return fmt.Errorf("read %s: %w", IDOf(object), err)
	}
	if existing == nil {
		return nil
	}
	if existing.GetLabels()[diagnose.LabelEnvironment] != scope.Environment {
		return fmt.Errorf("%s was not made by diorama: it is left as it is", IDOf(object))
	}
	return c.deleteObject(ctx, existing)
}

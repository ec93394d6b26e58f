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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
			errs = append(errs, changedOr(object, fmt.Errorf("apply %s: %w", IDOf(object), err)))
		}
	}
	return errors.Join(errs...)
}

// ChangedError is an object that is another one than was read.
type ChangedError struct {
	Object ObjectID
	Err    error // what the API says; nil where it was seen before it was asked
}

func (e *ChangedError) Error() string {
	return e.Object.String() + " was changed meanwhile: look again"
}

func (e *ChangedError) Unwrap() error { return e.Err }

// changedOr is a [ChangedError] where that is what the API says, else err. Of
// fields that others own there are no conflicts: they are taken.
func changedOr(object *unstructured.Unstructured, err error) error {
	if object.GetResourceVersion() != "" && (apierrors.IsConflict(err) || apierrors.IsNotFound(err)) {
		return &ChangedError{IDOf(object), err}
	}
	return err
}

// ApplyAsRead applies an object as [Client.Apply] would, where what is there
// still has the object's resource version; else it is a [ChangedError], and
// nothing is changed. An object without one is applied to whatever is there.
func (c *Client) ApplyAsRead(ctx context.Context, scope Scope, object *unstructured.Unstructured) error {
	if _, err := c.asRead(ctx, object); err != nil { // before the stack's inventory is written
		return err
	}
	_, err := c.Apply(ctx, []*unstructured.Unstructured{object}, ApplyOptions{Scope: scope})
	if err != nil {
		return changedOr(object, err)
	}
	return nil
}

// asRead is the object as it is; nil: there is none. It is an error where the
// object has another version.
func (c *Client) asRead(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	existing, err := c.get(ctx, IDOf(object))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", IDOf(object), err)
	}
	if v := object.GetResourceVersion(); v != "" && (existing == nil || existing.GetResourceVersion() != v) {
		return existing, &ChangedError{Object: IDOf(object)}
	}
	return existing, nil
}

// DeleteOurs deletes an object that the scope's environment has made, where it
// still has the object's resource version, if that has one. One that is gone
// already is no error; one of somebody else's is.
func (c *Client) DeleteOurs(ctx context.Context, scope Scope, object *unstructured.Unstructured) error {
	existing, err := c.asRead(ctx, object)
	if existing == nil && (err == nil || isChanged(err)) {
		return nil
	}
	if err != nil {
		return err
	}
	if existing.GetLabels()[diagnose.LabelEnvironment] != scope.Environment {
		return fmt.Errorf("%s was not made by diorama: it is left as it is", IDOf(object))
	}
	uid, version := existing.GetUID(), existing.GetResourceVersion()
	err = c.dynamic.Delete(ctx, existing, client.PropagationPolicy(metav1.DeletePropagationBackground),
		client.Preconditions{UID: &uid, ResourceVersion: &version})
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err):
		return &ChangedError{IDOf(object), err}
	default:
		return fmt.Errorf("delete %s: %w", IDOf(object), err)
	}
}

func isChanged(err error) bool {
	_, ok := errors.AsType[*ChangedError](err)
	return ok
}

package kind

import (
	"context"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
)

// proxyContainer is how Istio calls its proxy's container.
const proxyContainer = "istio-proxy"

// lookAtMesh gathers what the mesh's objects, its proxies and istiod say; the
// lock of meshes is held.
func (r *Runtime) lookAtMesh(ctx context.Context) (istio.Observation, error) {
	o, client, err := r.meshObjects(ctx)
	if err != nil {
		return o, err
	}
	pods := asked{client: r.meshes.podsOf(client), room: newRoom(answersAtOnce)}
	var group errgroup.Group
	group.Go(func() error {
		o.Syncs, o.Silent = pods.syncs(ctx, r.istiods())
		return nil // what is not known is absent
	})
	o.Answers = r.meshes.turns.ask(ctx, o.Time, o.Pods, pods.proxy)
	_ = group.Wait() // nobody fails
	o.Title = titled(o.Title, o.Syncs)
	r.observing().refuse(refusals(istio.Doors(o)))
	return o, context.Cause(ctx)
}

// podsOf asks Pods through a client. Another client is of another cluster: what
// was remembered of the one before goes; the lock is held.
func (m *meshes) podsOf(client *kube.Client) *http.Client {
	if m.pods != nil && m.client == client {
		return m.pods
	}
	if m.pods != nil {
		m.pods.CloseIdleConnections()
		m.memory, m.turns = istio.Memory{}, turns{}
	}
	m.client, m.pods = client, &http.Client{
		Transport: client.PodTransport(),
		// A proxy that sends us elsewhere is not one that we asked.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return m.pods
}

// istiods are the Pods of the control plane that answer.
func (r *Runtime) istiods() []diagnose.PodKey {
	var keys []diagnose.PodKey
	for _, pod := range r.observing().newest().Pods {
		ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
		if pod.Labels["app"] == "istiod" && ready {
			keys = append(keys, diagnose.PodKey{Namespace: pod.Namespace, Name: pod.Name})
		}
	}
	return keys
}

// listMesh lists what configures a mesh.
func listMesh(ctx context.Context, client *kube.Client) ([]istio.Object, error) {
	const networking, security = "networking.istio.io", "security.istio.io"
	kinds := []struct {
		gvk    schema.GroupVersionKind
		plural string
	}{
		{schema.GroupVersionKind{Version: "v1", Kind: "Service"}, "services"},
		{schema.GroupVersionKind{Group: networking, Version: "v1", Kind: "VirtualService"}, "virtualservices"},
		{schema.GroupVersionKind{Group: networking, Version: "v1", Kind: "DestinationRule"}, "destinationrules"},
		{schema.GroupVersionKind{Group: networking, Version: "v1", Kind: "Gateway"}, "gateways"},
		{schema.GroupVersionKind{Group: networking, Version: "v1", Kind: "ServiceEntry"}, "serviceentries"},
		{peerAuthentication(), peerAuthentications},
		{schema.GroupVersionKind{Group: security, Version: "v1", Kind: "AuthorizationPolicy"}, "authorizationpolicies"},
	}
	lists := make([][]map[string]any, len(kinds))
	group, ctx := errgroup.WithContext(ctx)
	for i, kind := range kinds {
		group.Go(func() (err error) {
			lists[i], err = client.List(ctx, kind.gvk, kind.plural)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all []istio.Object
	for _, list := range lists {
		for _, object := range list {
			all = append(all, object)
		}
	}
	return all, nil
}

// meshPod is a Pod as the mesh's reader wants it; false of one that has nothing
// to do with the environment or its mesh, or has ended.
func meshPod(pod corev1.Pod, namespace string) (istio.Pod, bool) {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed || pod.DeletionTimestamp != nil {
		return istio.Pod{}, false
	}
	is := func(c corev1.Container) bool { return c.Name == proxyContainer }
	// A proxy beside the program's containers, or before them and going on.
	proxy := slices.ContainsFunc(pod.Spec.Containers, is) || slices.ContainsFunc(pod.Spec.InitContainers, is)
	if pod.Namespace != namespace && !proxy {
		return istio.Pod{}, false
	}
	ready := func(c corev1.ContainerStatus) bool { return c.Name == proxyContainer && c.Ready }
	m := istio.Pod{
		Name: pod.Name, Namespace: pod.Namespace, IP: pod.Status.PodIP, Labels: pod.Labels,
		Workload: pod.Labels[diagnose.LabelService], Stack: pod.Labels[diagnose.LabelStack], Proxy: proxy,
		ProxyReady: slices.ContainsFunc(pod.Status.ContainerStatuses, ready) || slices.ContainsFunc(pod.Status.InitContainerStatuses, ready),
		Gateway:    len(pod.Spec.Containers) == 1 && is(pod.Spec.Containers[0]),
		Ready: slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		}),
	}
	if m.Workload == "" && m.Gateway {
		m.Workload = pod.Labels["app"]
	}
	return m, true
}

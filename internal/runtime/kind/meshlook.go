package kind

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
)

const (
	// answersWithin is how long a proxy may take to say what it knows. One that
	// takes longer is not known this time; the others are.
	answersWithin = 1500 * time.Millisecond
	// proxiesAtOnce bounds the proxies that are asked at a time.
	proxiesAtOnce = 8
	// proxyAnswer bounds what a proxy may answer; a big mesh's takes some MiB.
	proxyAnswer = 32 << 20
	// proxyContainer is how Istio calls its container.
	proxyContainer = "istio-proxy"
)

// lookAtMesh gathers what the mesh's objects, its proxies and istiod say; the
// lock of meshes is held.
func (r *Runtime) lookAtMesh(ctx context.Context) (istio.Observation, error) {
	o, client, err := r.meshObjects(ctx)
	if err != nil {
		return o, err
	}
	pods := r.meshes.podsOf(client)
	o.Answers = make(map[string]istio.Answer)
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(proxiesAtOnce)
	for _, pod := range r.istiods() {
		group.Go(func() error {
			syncs, err := askSync(ctx, pods, pod)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				o.Silent = true
				return nil // what is not known is absent
			}
			o.Syncs = append(o.Syncs, syncs...)
			return nil
		})
	}
	for _, pod := range o.Pods {
		if !pod.Proxy || !pod.ProxyReady {
			continue
		}
		group.Go(func() error {
			answer, err := askProxy(ctx, pods, pod)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				o.Answers[pod.Key()] = answer
			}
			return nil // what is not known is absent
		})
	}
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
		m.memory = istio.Memory{}
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

func askSync(ctx context.Context, pods *http.Client, pod diagnose.PodKey) ([]istio.Sync, error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	data, err := get(ctx, pods, kube.PodURL(pod, istio.SyncPort, istio.SyncPath))
	if err != nil {
		return nil, err
	}
	syncs, err := istio.ParseSync(data)
	if syncs == nil {
		syncs = []istio.Sync{} // known: none is connected
	}
	return syncs, err
}

func askProxy(ctx context.Context, pods *http.Client, pod istio.Pod) (istio.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	key := diagnose.PodKey{Namespace: pod.Namespace, Name: pod.Name}
	data, err := get(ctx, pods, kube.PodURL(key, istio.AdminPort, istio.AdminClusters))
	if err != nil {
		return istio.Answer{}, err
	}
	var answer istio.Answer
	if answer.Hosts, err = istio.ParseClusters(data); err != nil {
		return istio.Answer{}, err
	}
	if data, err = get(ctx, pods, kube.PodURL(key, istio.AdminPort, istio.AdminStats)); err != nil {
		return istio.Answer{}, err
	}
	answer.Counts, err = istio.ParseStats(data)
	return answer, err
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, proxyAnswer))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", url, response.Status)
	}
	return data, err
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

package kind

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/kube"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
)

func TestMeshPod(t *testing.T) {
	proxied := func(change func(*corev1.Pod)) corev1.Pod {
		p := pod("api", "n1", time.Time{})
		p.Spec.Containers = []corev1.Container{{Name: "api"}}
		change(&p)
		return p
	}
	for name, test := range map[string]struct {
		pod  corev1.Pod
		want istio.Pod // of these fields
		none bool
	}{
		"outside": {pod: proxied(func(*corev1.Pod) {}), want: istio.Pod{Workload: "api", Ready: true}},
		"a proxy that goes on after the start": {
			pod: proxied(func(p *corev1.Pod) {
				p.Spec.InitContainers = []corev1.Container{{Name: "istio-init"}, {Name: "istio-proxy"}}
				p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "istio-proxy", Ready: true}}
			}),
			want: istio.Pod{Workload: "api", Ready: true, Proxy: true, ProxyReady: true},
		},
		"a proxy beside": {
			pod: proxied(func(p *corev1.Pod) {
				p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "istio-proxy"})
			}),
			want: istio.Pod{Workload: "api", Ready: true, Proxy: true},
		},
		"a gateway of another namespace": {
			pod: proxied(func(p *corev1.Pod) {
				p.Namespace, p.Labels = "istio-system", map[string]string{"app": "istio-ingressgateway"}
				p.Spec.Containers = []corev1.Container{{Name: "istio-proxy"}}
			}),
			want: istio.Pod{Workload: "istio-ingressgateway", Ready: true, Proxy: true, Gateway: true},
		},
		"of another namespace": {pod: proxied(func(p *corev1.Pod) { p.Namespace = "kube-system" }), none: true},
		"ended":                {pod: proxied(func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }), none: true},
		"on its way out":       {pod: proxied(func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }), none: true},
	} {
		got, ok := meshPod(test.pod, "diorama")
		if ok == test.none {
			t.Errorf("%s: told %v", name, ok)
			continue
		}
		same := got.Workload == test.want.Workload && got.Ready == test.want.Ready && got.Proxy == test.want.Proxy &&
			got.ProxyReady == test.want.ProxyReady && got.Gateway == test.want.Gateway
		if ok && !same {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTitled(t *testing.T) {
	if got := titled("istio", []istio.Sync{{}, {Version: "1.31.0"}}); got != "istio 1.31" {
		t.Errorf("it is %q", got)
	}
	if got := titled("istio", nil); got != "istio" {
		t.Errorf("it is %q", got)
	}
}

func TestAnotherClusterIsAskedAnew(t *testing.T) {
	one, other := new(kube.Client), new(kube.Client)
	var m meshes
	first := m.podsOf(one)
	m.memory = m.memory.With(istio.Observation{Time: time.Unix(1, 0)})
	if m.podsOf(one) != first || !m.memory.Ready(time.Unix(2, 0)) {
		t.Error("the same cluster is asked anew")
	}
	if m.podsOf(other) == first || m.memory.Ready(time.Unix(2, 0)) {
		t.Error("another cluster's Pods are asked through the one before")
	}
}

func TestAProxyIsNotFollowedElsewhere(t *testing.T) {
	elsewhere := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = elsewhere || r.URL.Path == "/elsewhere"
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	var m meshes
	client := m.podsOf(new(kube.Client))
	client.Transport = server.Client().Transport
	if err := (asked{client, newRoom(answersAtOnce)}).get(t.Context(), server.URL, func([]byte) error { return nil }); err == nil || elsewhere {
		t.Errorf("it is %v, elsewhere %v", err, elsewhere)
	}
}

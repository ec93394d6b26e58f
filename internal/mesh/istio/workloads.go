package istio

import (
	"cmp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// workloads are those of the environment, by name.
func (x *index) workloads() []mesh.Workload {
	byName := make(map[string]*mesh.Workload)
	for _, pod := range x.Pods {
		if pod.Workload == "" {
			continue
		}
		w := byName[pod.Workload]
		if w == nil {
			w = &mesh.Workload{Name: pod.Workload, Stack: pod.Stack, TLS: mesh.Outside}
			byName[pod.Workload] = w
		}
		if !pod.Proxy {
			continue
		}
		w.Proxies = append(w.Proxies, x.proxy(pod))
		if mode, policy := x.tls(pod); w.TLS == mesh.Outside {
			w.TLS, w.Policy = mode, policy
		}
	}
	out := []mesh.Workload{}
	for _, w := range byName {
		slices.SortFunc(w.Proxies, func(a, b mesh.Proxy) int { return cmp.Compare(a.Pod, b.Pod) })
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b mesh.Workload) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (x *index) proxy(pod Pod) mesh.Proxy {
	p := mesh.Proxy{Pod: pod.Name, Ready: pod.ProxyReady}
	s, ok := x.sync(pod)
	switch {
	case ok:
		p.Version, p.Behind = s.Version, s.Behind
	case x.Syncs != nil && !x.Silent && pod.ProxyReady:
		p.Behind = []string{"everything: it is not connected to istiod"}
	}
	return p
}

func (x *index) sync(pod Pod) (Sync, bool) {
	i := slices.IndexFunc(x.Syncs, func(s Sync) bool { return s.Pod == pod.Name && s.Namespace == pod.Namespace })
	if i < 0 {
		return Sync{}, false
	}
	return x.Syncs[i], true
}

// tls is the mode of a Pod with a proxy, and the policy that decides. A policy
// for the workload counts before one for its namespace, that before one for
// the mesh; of several the oldest; one that leaves the mode open is passed by
// (https://istio.io/latest/docs/concepts/security/#peer-authentication).
func (x *index) tls(pod Pod) (mode mesh.TLSMode, policy string) {
	policies := x.of(kindPeerAuthentication)
	for _, counts := range []func(Object, peerAuthentication) bool{
		func(o Object, p peerAuthentication) bool {
			return o.Namespace() == pod.Namespace && len(p.Selector.MatchLabels) > 0 && pod.has(p.Selector.MatchLabels)
		},
		func(o Object, p peerAuthentication) bool {
			return o.Namespace() == pod.Namespace && len(p.Selector.MatchLabels) == 0
		},
		func(o Object, p peerAuthentication) bool {
			return o.Namespace() == x.Root && len(p.Selector.MatchLabels) == 0
		},
	} {
		for _, object := range policies {
			spec := decode[peerAuthentication](object)
			if !counts(object, spec) {
				continue
			}
			if mode, ok := modeOf(spec.MTLS.Mode); ok {
				return mode, object.Namespace() + "/" + object.Name()
			}
			break
		}
	}
	return mesh.Permissive, ""
}

// modeOf reads a mode of Istio's; false where it leaves it open.
func modeOf(mode string) (mesh.TLSMode, bool) {
	switch strings.ToUpper(mode) {
	case "STRICT":
		return mesh.Strict, true
	case "PERMISSIVE":
		return mesh.Permissive, true
	case "DISABLE":
		return mesh.Disabled, true
	default:
		return "", false
	}
}

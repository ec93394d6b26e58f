package istio

import (
	"fmt"
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// planTLS makes a workload, or all of the environment, take connections in a
// mode.
func (x *index) planTLS(e mesh.Edit, now time.Time) (Planned, error) {
	modes := map[mesh.TLSMode]string{mesh.Strict: "STRICT", mesh.Permissive: "PERMISSIVE", mesh.Disabled: "DISABLE"}
	mode, ok := modes[e.TLS]
	if !ok {
		return Planned{}, cannot("mutual TLS cannot be %q: expected strict or permissive", e.TLS)
	}
	before, after, err := x.policyOf(e.Service)
	if err != nil {
		return Planned{}, err
	}
	mtls, _ := after.spec()["mtls"].(map[string]any)
	if mtls == nil {
		mtls = map[string]any{}
	}
	mtls["mode"] = mode
	after.spec()["mtls"] = mtls
	whom := "all workloads"
	if e.Service != "" {
		whom = e.Service
	}
	summary := map[mesh.TLSMode]string{
		mesh.Strict:     "let %s refuse connections without mutual TLS",
		mesh.Permissive: "let %s take connections with and without mutual TLS",
		mesh.Disabled:   "let %s take connections without mutual TLS only",
	}[e.TLS]
	p, err := finish(e, fmt.Sprintf(summary, whom), before, after, now)
	if err == nil {
		p.Draft.Doors = Doors(x.with(after))
	}
	return p, err
}

// policyOf is the policy that decides for a workload, empty: for all, and a copy
// to change; before is nil where one must be made.
func (x *index) policyOf(workload string) (before, after Object, err error) {
	var pods []Pod
	for _, pod := range x.Pods {
		if pod.Workload == workload {
			pods = append(pods, pod)
		}
	}
	switch {
	case workload == "":
		if object := x.policy(func(p peerAuthentication) bool { return len(p.Selector.MatchLabels) == 0 }); object != nil {
			return x.take(object, "decides for all workloads")
		}
		after, err = x.made(kindPeerAuthentication, "security.istio.io/v1", madeName, map[string]any{})
		return nil, after, err
	case len(pods) == 0:
		var names []string
		for _, w := range x.workloads() {
			names = append(names, w.Name)
		}
		return nil, nil, cannot("there is no workload %q; there is %s", workload, orNone(names))
	case slices.ContainsFunc(pods, func(p Pod) bool { return p.Gateway || p.Namespace != x.Namespace }):
		return nil, nil, cannot("%s is no workload of the environment but a part of the mesh: a policy from here would not reach it", workload)
	case !slices.ContainsFunc(pods, func(p Pod) bool { return p.Proxy }):
		return nil, nil, cannot("%s is outside the mesh: it has no proxy that could ask for mutual TLS; name it in the profile's mesh", workload)
	}
	object := x.policy(func(p peerAuthentication) bool {
		return len(p.Selector.MatchLabels) > 0 && slices.ContainsFunc(pods, func(pod Pod) bool { return pod.has(p.Selector.MatchLabels) })
	})
	if object == nil {
		after, err = x.made(kindPeerAuthentication, "security.istio.io/v1", madeName+"-"+workload, map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{labelService: workload}},
		})
		return nil, after, err
	}
	selector := decode[peerAuthentication](object).Selector.MatchLabels
	for _, pod := range x.Pods {
		if pod.Namespace == object.Namespace() && pod.Workload != workload && pod.has(selector) {
			return nil, nil, cannot("%s decides for %s and for %s too: change it where it comes from, or switch all workloads", object, workload, callerOf(pod))
		}
	}
	return x.take(object, "decides for "+workload)
}

// policy is the policy of the environment's namespace that decides of those
// that fit.
func (x *index) policy(fits func(peerAuthentication) bool) Object {
	for _, object := range x.of(kindPeerAuthentication) {
		if object.Namespace() == x.Namespace && fits(decode[peerAuthentication](object)) {
			return object
		}
	}
	return nil
}

// take is an object of ours and a copy to change.
func (x *index) take(object Object, does string) (before, after Object, err error) {
	if !x.ours(object) {
		return nil, nil, x.foreign(object, does)
	}
	after = object.clean()
	if after.spec() == nil {
		after["spec"] = map[string]any{}
	}
	return object, after, nil
}

package istio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// wrongSelectors are policies for workloads that are not there.
func (x *index) wrongSelectors() []mesh.Problem {
	var all []mesh.Problem
	check := func(object Object, labels map[string]string, anywhere bool) {
		if len(labels) == 0 || slices.ContainsFunc(x.Pods, func(p Pod) bool {
			return (anywhere || p.Namespace == object.Namespace()) && p.has(labels)
		}) {
			return
		}
		var words []string
		for _, key := range slices.Sorted(maps.Keys(labels)) {
			words = append(words, key+"="+labels[key])
		}
		all = append(all, mesh.Problem{
			ID: codeNoWorkload, Object: place(object),
			Summary: "it selects " + strings.Join(words, ", ") + ", and no Pod has these labels: it has no effect",
			Advice:  []string{"give it labels that Pods have, or delete it"},
		})
	}
	for _, kind := range []string{kindPeerAuthentication, kindAuthorizationPolicy} {
		for _, object := range x.of(kind) {
			if object.Namespace() == x.Namespace { // of others not all Pods are known
				check(object, decode[peerAuthentication](object).Selector.MatchLabels, false)
			}
		}
	}
	for _, object := range x.of(kindGateway) {
		if object.Namespace() == x.Namespace {
			check(object, decode[gateway](object).Selector, true)
		}
	}
	return all
}

// protocols are how a port's name may begin
// (https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/).
func protocols() []string {
	return []string{"http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "mongo", "mysql", "redis", "udp", "hbone"}
}

// wrongPorts are ports whose protocol the mesh must guess, of services in it
// that are routed by rules for HTTP.
func (x *index) wrongPorts() []mesh.Problem {
	var all []mesh.Problem
	for _, e := range x.entries {
		if e.service == nil || e.virtual == nil || len(e.virtual.spec.HTTP) == 0 {
			continue
		}
		for _, port := range e.service.spec.Ports {
			prefix, _, _ := strings.Cut(port.Name, "-")
			if port.AppProtocol != "" || slices.Contains(protocols(), prefix) || port.Protocol == "UDP" {
				continue
			}
			all = append(all, mesh.Problem{
				ID: codePortName, Object: place(e.service.object),
				Summary: fmt.Sprintf("its port %d is called %q, which names no protocol: the mesh guesses it from the first bytes", port.Port, port.Name),
				Advice:  []string{"call the port http or http-…, or give it appProtocol: http"},
			})
		}
	}
	return all
}

// wrongProxies are proxies that did not take what they were sent.
func (x *index) wrongProxies() []mesh.Problem {
	var all []mesh.Problem
	for _, pod := range x.Pods {
		s, ok := x.sync(pod)
		if !pod.Proxy || !ok {
			continue
		}
		for _, refused := range s.Refused {
			all = append(all, mesh.Problem{
				ID: "proxy-refuses", Object: "Pod/" + pod.Name, Blocks: true,
				Summary: "its proxy refuses what istiod sent, and goes on with what it had: " + refused,
				Advice:  []string{"undo the last change of the mesh; an EnvoyFilter or a proxy of another version are usual causes"},
			})
		}
	}
	return all
}

// said are what Istio itself says of its objects, where it was told to analyse
// them.
func (x *index) said() []mesh.Problem {
	var all []mesh.Problem
	for _, object := range x.Objects {
		data, err := json.Marshal(object["status"])
		if err != nil || object["status"] == nil || object.Kind() == kindService {
			continue
		}
		var s status
		_ = json.Unmarshal(data, &s) // it fills what it can
		for _, m := range s.ValidationMessages {
			all = append(all, mesh.Problem{
				ID: m.Type.Code, Object: place(object), Blocks: strings.EqualFold(m.Level, "ERROR"),
				Summary: "Istio says: " + cmp.Or(m.Type.Name, m.Type.Code), Advice: nonEmpty(m.DocumentationURL),
			})
		}
		for _, c := range s.Conditions {
			// Reconciled=False says only that proxies are still on their way.
			if c.Status == "False" && c.Type != "Reconciled" {
				all = append(all, mesh.Problem{
					ID: cmp.Or(c.Reason, c.Type), Object: place(object), Summary: "Istio says: " + cmp.Or(c.Message, c.Reason, c.Type),
				})
			}
		}
	}
	return all
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

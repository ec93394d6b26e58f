package istio

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
)

func parseObject(data []byte) (Object, bool) {
	var object Object
	return object, json.Unmarshal(data, &object) == nil && object != nil
}

func editOf(service string) mesh.Edit {
	return mesh.Edit{Kind: mesh.EditHeader, Service: service, Header: mesh.Header{Name: "x", Value: "y"}, To: "v1"}
}

// object reads one of a test's objects, with what each needs.
func object(t *testing.T, kind, name, spec string) Object {
	t.Helper()
	o, ok := parseObject([]byte(`{"kind":"` + kind + `","metadata":{"name":"` + name +
		`","namespace":"diorama","creationTimestamp":"2026-11-27T11:01:00Z","labels":{"diorama.dev/environment":"c","diorama.dev/stack":"demo"}},"spec":` + spec + `}`))
	if !ok {
		t.Fatalf("%s is no object", spec)
	}
	return o
}

func service(t *testing.T, s mesh.State, name string) mesh.Service {
	t.Helper()
	i := slices.IndexFunc(s.Services, func(v mesh.Service) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s in %+v", name, s.Services)
	}
	return s.Services[i]
}

func TestFoldRecorded(t *testing.T) {
	o := observed(t)
	m := Memory{}.With(o)
	if !m.Ready(o.Time) || (Memory{}).Ready(o.Time) || m.Ready(o.Time.Add(mesh.Window)) {
		t.Error("what can be compared to is not told")
	}
	next := later(o, 2*time.Second, map[string]Counts{"v1": {Requests: 160}, "v2": {Requests: 25}, "v3": {Requests: 15, Errors: 15}})
	state := Fold(next, m.With(next))
	v := service(t, state, "recommender")
	if v.Rule != "diorama/recommender" || !slices.Equal(v.Callers, []string{"caller"}) || len(v.Routes) != 2 {
		t.Errorf("it is %+v", v)
	}
	header, split := v.Routes[0], v.Routes[1]
	if !slices.Equal(header.Match, []string{"user-agent: Android*"}) || header.Destinations[0].Weight != 100 || header.Destinations[0].Seen.Share != nil {
		t.Errorf("the first route is %+v", header)
	}
	var shares []float64
	for _, d := range split.Destinations {
		shares = append(shares, *d.Seen.Share)
	}
	if !reflect.DeepEqual(shares, []float64{80, 12.5, 7.5}) {
		t.Errorf("seen were %v", shares)
	}
	if split.Timeout != 5*time.Second || split.Retries == nil || *split.Retries != (mesh.Retries{Attempts: 2, PerTry: 2 * time.Second, On: "5xx"}) {
		t.Errorf("the split is %+v", split)
	}
	v3 := split.Destinations[2]
	if v3.Seen.Errors != 15 || !split.Destinations[1].Seen.Shared || v3.Seen.Shared {
		t.Errorf("v3 is %+v", v3)
	}
	if len(v3.Endpoints) != 1 || !v3.Endpoints[0].Ejected || v3.Endpoints[0].Pod != "recommender-v3-cfd5776d6-mwq47" || !slices.Equal(v3.Endpoints[0].EjectedBy, []string{"caller"}) {
		t.Errorf("its endpoints are %+v", v3.Endpoints)
	}
	want := mesh.Policy{
		Rule: "diorama/recommender", MaxConnections: 100, MaxPending: 50, Interval: 5 * time.Second,
		Eject: "after 5 errors in a row, for 30s", Balancer: "least request",
	}
	if v.Policy != want {
		t.Errorf("the policy is %+v", v.Policy)
	}
}

func TestFoldWorkloads(t *testing.T) {
	o := observed(t)
	o.Objects = append(o.Objects,
		object(t, kindPeerAuthentication, "open", `{"selector":{"matchLabels":{"app":"caller"}},"mtls":{"mode":"UNSET"}}`),
		Object{"kind": kindPeerAuthentication, "metadata": map[string]any{"name": "all", "namespace": "istio-system"}, "spec": map[string]any{"mtls": map[string]any{"mode": "DISABLE"}}})
	o.Syncs[0].Behind = []string{"routes"}
	o.Syncs = o.Syncs[:2]
	got := make(map[string]mesh.Workload)
	for _, w := range Fold(o, Memory{}.With(o)).Workloads {
		got[w.Name] = w
	}
	for name, want := range map[string]struct {
		mode   mesh.TLSMode
		policy string
	}{
		"caller":         {mesh.Disabled, "istio-system/all"},
		"recommender-v1": {mesh.Strict, "diorama/recommender-v1"},
		"outsider":       {mesh.Outside, ""},
	} {
		if w := got[name]; w.TLS != want.mode || w.Policy != want.policy {
			t.Errorf("%s is %s by %q", name, w.TLS, w.Policy)
		}
	}
	if p := got["caller"].Proxies[0]; !slices.Equal(p.Behind, []string{"routes"}) || p.Version != "1.31.0" || !p.Ready {
		t.Errorf("the caller's proxy is %+v", p)
	}
	if p := got["recommender-v3"].Proxies[0]; len(p.Behind) != 1 || !strings.HasPrefix(p.Behind[0], "everything") {
		t.Errorf("a proxy that istiod does not know is %+v", p)
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		name, kind, spec string
		id               string
		says             string
		blocks           bool
	}{
		{"no such host", kindVirtualService, `{"hosts":["x"],"http":[{"route":[{"destination":{"host":"recomender"}}]}]}`, codeNotFound, "it routes to recomender", true},
		{"a host with a dot", kindVirtualService, `{"hosts":["x"],"http":[{"route":[{"destination":{"host":"recommender.diorama"}}]}]}`, codeNotFound, "recommender.diorama", true},
		{"no such subset", kindVirtualService, `{"hosts":["x"],"http":[{"route":[{"destination":{"host":"recommender","subset":"v9"}}]}]}`, codeNotFound, "the subset v9", true},
		{"unreachable", kindVirtualService, `{"hosts":["x"],"http":[{"route":[{"destination":{"host":"caller"}}]},{"name":"b","route":[{"destination":{"host":"caller"}}]}]}`, codeUnreachable, "number 1", false},
		{"everything by its path", kindVirtualService, `{"hosts":["x"],"http":[{"match":[{"uri":{"prefix":"/"}}],"route":[{"destination":{"host":"caller"}}]},{"route":[{"destination":{"host":"caller"}}]}]}`, codeUnreachable, "number 1 takes every", false},
		{"asked for before", kindVirtualService, routedBy(`{"name":"a","headers":{"x":{"exact":"y"}}}`, `{"headers":{"x":{"exact":"y"}}}`), codeUnreachable, "its route number 2 asks for x: y, and so does route number 1", false},
		{"asked for before, in part", kindVirtualService, routedBy(`{"headers":{"x":{"exact":"y"}}}`, `{"headers":{"x":{"exact":"y"}}},{"headers":{"z":{"exact":"y"}}}`), codeIneffective, "its route number 2 asks for x: y", false},
		{"a path without a stroke", kindVirtualService, routedBy(`{"uri":{"prefix":"v1"}}`), idNever, "the path v1", false},
		{"a method in small letters", kindVirtualService, routedBy(`{"method":{"exact":"get"}}`), idNever, "the method get", false},
		{"from nobody", kindVirtualService, routedBy(`{"sourceLabels":{"app":"outsider"}}`), idNever, "callers from app=outsider, and no Pod in the mesh", false},
		{"through no gateway", kindVirtualService, routedBy(`{"gateways":["gw"]}`), idNever, "through gw, and the rule", false},
		{"no host", kindVirtualService, `{"http":[{"route":[{"destination":{"host":"caller"}}]}]}`, "no-hosts", "it names no host", false},
		{"weights", kindVirtualService, `{"hosts":["x"],"http":[{"route":[{"destination":{"host":"caller"},"weight":3},{"destination":{"host":"recommender"},"weight":4}]}]}`, "weights-not-100", "add up to 7", false},
		{"same host", kindVirtualService, `{"hosts":["recommender.diorama.svc.cluster.local"],"http":[{"route":[{"destination":{"host":"caller"}}]}]}`, codeSameHost, "VirtualService/recommender", false},
		{"a rule for nothing", kindDestinationRule, `{"host":"nobody"}`, codeNotFound, "it is about nobody", false},
		{"TLS off", kindDestinationRule, `{"host":"recommender","trafficPolicy":{"tls":{"mode":"DISABLE"}}}`, codeTLSConflict, "strict", true},
		{"selector", kindPeerAuthentication, `{"selector":{"matchLabels":{"app":"nobody"}},"mtls":{"mode":"STRICT"}}`, codeNoWorkload, "app=nobody", false},
		{"gateway", kindGateway, `{"selector":{"istio":"nobody"}}`, codeNoWorkload, "istio=nobody", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := observed(t)
			o.Objects = append(o.Objects, object(t, test.kind, "odd", test.spec))
			var found []mesh.Problem
			for _, p := range Fold(o, Memory{}.With(o)).Problems {
				if p.Object == test.kind+"/odd" {
					found = append(found, p)
				}
			}
			if len(found) != 1 || found[0].ID != test.id || found[0].Blocks != test.blocks || !strings.Contains(found[0].Summary, test.says) || len(found[0].Advice) == 0 {
				t.Errorf("found %+v", found)
			}
		})
	}
}

// routedBy is the spec of a VirtualService with a route for each list of
// conditions, and one for what is left.
func routedBy(conditions ...string) string {
	var routes strings.Builder
	for _, c := range conditions {
		routes.WriteString(`{"match":[` + c + `],"route":[{"destination":{"host":"caller"}}]},`)
	}
	return `{"hosts":["x"],"http":[` + routes.String() + `{"route":[{"destination":{"host":"caller"}}]}]}`
}

func TestProblemsThatIstioTells(t *testing.T) {
	o := observed(t)
	odd := object(t, kindVirtualService, "odd", `{"hosts":["x"]}`)
	odd["status"] = map[string]any{
		"validationMessages": []any{map[string]any{"level": "ERROR", "type": map[string]any{"code": "IST0132", "name": "VirtualServiceHostNotFoundInGateway"}}},
		"conditions":         []any{map[string]any{"type": "Reconciled", "status": "False"}},
	}
	o.Objects = append(o.Objects, odd)
	o.Syncs[0].Refused = []string{"no such filter"}
	state := Fold(o, Memory{}.With(o))
	if !slices.ContainsFunc(state.Problems, func(p mesh.Problem) bool { return p.ID == "IST0132" && p.Blocks }) {
		t.Errorf("found %+v", state.Problems)
	}
	if !slices.ContainsFunc(state.Problems, func(p mesh.Problem) bool {
		return p.ID == "proxy-refuses" && strings.Contains(p.Summary, "no such filter")
	}) {
		t.Errorf("found %+v", state.Problems)
	}
}

func TestGateways(t *testing.T) {
	o := observed(t)
	edge := Pod{Name: "gw-1", Namespace: "istio-system", Workload: "istio-ingressgateway", Proxy: true, ProxyReady: true, Gateway: true, Labels: map[string]string{}}
	o.Pods = append(o.Pods, edge)
	target := Target{Host: "recommender.diorama.svc.cluster.local", Subset: "v1", Port: 8080}
	o.Answers[edge.Key()] = Answer{Counts: map[Target]Counts{target: {Requests: 5}}}
	o.Objects = append(o.Objects,
		object(t, kindVirtualService, "recommender-edge", `{"hosts":["*"],"gateways":["gw"],"http":[{"route":[{"destination":{"host":"recommender","subset":"v1"}}]}]}`),
		object(t, kindVirtualService, "redis", `{"hosts":["*"],"gateways":["gw"],"http":[{"route":[{"destination":{"host":"redis"}}]}]}`))
	state := Fold(o, Memory{}.With(o))
	own := service(t, state, "recommender")
	if !slices.Equal(own.Callers, []string{"caller"}) {
		t.Errorf("its callers are %v", own.Callers)
	}
	if v := service(t, state, "recommender-edge"); !slices.Equal(v.Callers, []string{"istio-ingressgateway"}) || v.Rule != "diorama/recommender-edge" {
		t.Errorf("at the edge it is %+v", v)
	}
	if v := service(t, state, "redis"); v.Rule != "diorama/redis" {
		t.Errorf("what only the edge routes is %+v", v)
	}
}

package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/internal/terminal"
)

// meshAt is a mesh in which most things are the matter.
func meshAt(now time.Time) mesh.State {
	share := func(v float64) *float64 { return &v }
	p99 := 41 * time.Millisecond
	pods := func(names ...string) []mesh.Endpoint {
		var all []mesh.Endpoint
		for _, name := range names {
			all = append(all, mesh.Endpoint{Address: "10.0.0.1:" + name, Pod: name, Healthy: true})
		}
		return all
	}
	ejected := pods("recommender-v2-0")
	ejected[0].Ejected, ejected[0].EjectedBy = true, []string{"gateway"}
	return mesh.State{
		Time: now, Stack: "istio", Title: "istio 1.31",
		Services: []mesh.Service{
			{
				Name: "recommender", Callers: []string{"gateway"}, Rule: "diorama/recommender",
				Policy: mesh.Policy{MaxConnections: 100, MaxPending: 50, Eject: "after 5 errors in a row, for 30s", Balancer: "least request"},
				Routes: []mesh.Route{
					{Match: []string{"user-agent: *Android*\x1b[2J"}, Destinations: []mesh.Destination{{Name: "v2", Service: "recommender", Subset: "v2", Weight: 100, Seen: mesh.Seen{Shared: true}, Endpoints: ejected}}},
					{
						Timeout: 8 * time.Second, Retries: &mesh.Retries{Attempts: 2, PerTry: 3 * time.Second, On: "5xx"}, Fault: mesh.Fault{Delay: 3 * time.Second, DelayShare: 5, Abort: 503, AbortShare: 0.5},
						Destinations: []mesh.Destination{
							{Name: "v1", Service: "recommender", Subset: "v1", Weight: 90, Seen: mesh.Seen{Requests: 9_060, Share: share(90.6), P99: &p99}, Endpoints: pods("a", "b")},
							{Name: "v2", Service: "recommender", Subset: "v2", Weight: 10, Seen: mesh.Seen{Requests: 940, Errors: 3, Share: share(9.4), Shared: true}, Endpoints: ejected},
						},
					},
				},
			},
			{Name: "quiet", Routes: []mesh.Route{{Destinations: []mesh.Destination{{Name: "quiet", Service: "quiet", Weight: 100}}}}},
		},
		Workloads: []mesh.Workload{
			{Name: "gateway", TLS: mesh.Permissive, Proxies: []mesh.Proxy{{Pod: "gateway-0", Ready: true, Behind: []string{"routes"}}}},
			{Name: "recommender-v1", TLS: mesh.Strict, Proxies: []mesh.Proxy{{Pod: "recommender-v1-0", Ready: true}, {Pod: "recommender-v1-1"}}},
			{Name: "kafka", TLS: mesh.Outside},
		},
		Problems: []mesh.Problem{
			{ID: "IST0101", Object: "VirtualService/odd", Summary: "it routes to nobody, and there is no such service", Advice: []string{"route to a service that there is"}, Blocks: true},
			{ID: "weights-not-100", Object: "VirtualService/sloppy", Summary: "the weights add up to 120"},
		},
		Doors: []mesh.Door{
			{Endpoint: "istio/http", Address: "127.0.0.1:8088", Workload: "istio-ingressgateway", Gateway: true},
			{Endpoint: "demo/gateway", Address: "127.0.0.1:8080", Workload: "gateway", Refuses: true, Policy: "diorama/all"},
		},
		Changes: []mesh.Change{{ID: "1", Time: now.Add(-4 * time.Minute), Service: "recommender", Summary: "delay 5 % of requests to recommender by 3s", Stuck: "VirtualService/diorama/recommender was changed by kubectl-edit since: http[1].fault.delay.fixedDelay is 5s, and was 3s"}},
	}
}

func TestMesh(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	if err := Mesh(&b, meshAt(now), Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	golden(t, "mesh.txt", b.Bytes())
	for _, width := range []int{40, 80, 120} {
		b.Reset()
		if err := Mesh(&b, meshAt(now), Options{Now: now, Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if w := terminal.Width(strings.TrimRight(line, "\n")); w > width {
				t.Errorf("at %d columns a line has %d: %s", width, w, line)
			}
		}
	}
	b.Reset()
	if err := Mesh(&b, mesh.State{Absence: "this environment has no mesh"}, Options{}); err != nil || b.String() != " this environment has no mesh\n" {
		t.Errorf("absent it is %q, %v", b.String(), err)
	}
}

func TestMeshJSON(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	data, err := MeshJSON(meshAt(now))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema   int
		Services []mesh.Service
	}
	if err := json.Unmarshal(data, &got); err != nil || got.Schema != Schema || got.Services[0].Routes[1].Destinations[0].Weight != 90 || data[len(data)-1] != '\n' {
		t.Errorf("it is %s, %v", data, err)
	}
	var all any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	golden(t, "mesh.keys", []byte(strings.Join(keysOf("", all), "\n")+"\n"))
	data, err = MeshJSON(mesh.State{
		Services:  []mesh.Service{{Routes: []mesh.Route{{Destinations: []mesh.Destination{{Endpoints: []mesh.Endpoint{{}}}}}}}},
		Workloads: []mesh.Workload{{Proxies: []mesh.Proxy{{}}}}, Problems: []mesh.Problem{{}}, Changes: []mesh.Change{{}},
	})
	if err != nil || json.Unmarshal(data, &all) != nil {
		t.Fatal(err)
	}
	golden(t, "mesh-least.keys", []byte(strings.Join(keysOf("", all), "\n")+"\n"))
}

// keysOf are the keys of a value of JSON and of all in it, each once.
func keysOf(at string, value any) []string {
	var keys []string
	switch v := value.(type) {
	case map[string]any:
		for key, value := range v {
			keys = append(append(keys, at+key), keysOf(at+key+".", value)...)
		}
	case []any:
		for _, value := range v {
			keys = append(keys, keysOf(at, value)...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

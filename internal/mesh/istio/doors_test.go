package istio

import (
	"slices"
	"testing"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// TestDoors: strict mutual TLS shuts the doors of workloads with a proxy, and of
// no others; the draft says so before it is applied.
func TestDoors(t *testing.T) {
	o := observed(t)
	o.Pods = append(o.Pods, Pod{Name: "gw-1", Namespace: "istio-system", Workload: "gw", Proxy: true, ProxyReady: true, Gateway: true, Labels: map[string]string{}})
	for _, name := range []string{"caller", "outsider", "gw", "recommender-v1", "nobody"} {
		o.Doors = append(o.Doors, mesh.Door{Endpoint: "demo/" + name, Address: "127.0.0.1:1", Workload: name})
	}
	refusing := func(doors []mesh.Door) (names []string) {
		for _, d := range doors {
			if d.Refuses {
				names = append(names, d.Workload+" by "+d.Policy)
			}
		}
		return names
	}
	strict := "recommender-v1 by diorama/recommender-v1"
	if got := refusing(Fold(o, Memory{}.With(o)).Doors); !slices.Equal(got, []string{strict}) {
		t.Errorf("now these refuse: %v", got)
	}
	byPort := o
	byPort.Objects = slices.Clone(o.Objects)
	for i, object := range byPort.Objects {
		if object.Kind() == kindPeerAuthentication && object.Name() == "recommender-v1" {
			byPort.Objects[i] = Object(clone(object))
			byPort.Objects[i].spec()["portLevelMtls"] = map[string]any{"8080": map[string]any{"mode": "PERMISSIVE"}}
		}
	}
	if got := refusing(Doors(byPort)); len(got) != 0 {
		t.Errorf("with a policy by port these refuse: %v", got)
	}
	for want, e := range map[string]mesh.Edit{
		"caller by diorama/diorama-mesh-caller": {Kind: mesh.EditTLS, Service: "caller", TLS: mesh.Strict},
		"caller by diorama/diorama-mesh":        {Kind: mesh.EditTLS, TLS: mesh.Strict},
		"":                                      {Kind: mesh.EditTLS, TLS: mesh.Permissive},
	} {
		p, err := Plan(o, e, now())
		if err != nil {
			t.Fatal(err)
		}
		doors := p.Draft.Doors
		if got, all := refusing(doors), []string{want, strict}; len(doors) != 5 || !doors[2].Gateway || !slices.Equal(got, all[len(all)-len(got):]) || (want != "") != (len(got) == 2) {
			t.Errorf("%+v: these would refuse: %v", e, got)
		}
	}
}

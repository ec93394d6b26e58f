package istio

import (
	"slices"

	"github.com/diorama-dev/diorama/internal/mesh"
)

// Doors are the environment's endpoints, and which of them refuse whoever comes
// from outside the mesh. It takes the Pods and the policies.
func Doors(o Observation) []mesh.Door { return newIndex(o).doors() }

// doors: a host's port leads past the mesh to a Pod, whose proxy closes the
// connection where it wants mutual TLS. A gateway is the edge of the mesh: what
// it listens for is said by its Gateway, not by policies for mutual TLS.
func (x *index) doors() []mesh.Door {
	var all []mesh.Door
	for _, door := range x.Doors {
		for _, pod := range x.Pods {
			if pod.Workload != door.Workload || door.Workload == "" || !pod.Proxy {
				continue
			}
			if door.Gateway = pod.Gateway; pod.Gateway {
				break
			}
			if mode, policy := x.tls(pod); mode == mesh.Strict && !x.byPort(policy) {
				door.Refuses, door.Policy = true, policy
				break
			}
		}
		all = append(all, door)
	}
	return all
}

// byPort reports a policy that says of ports something else than of the rest:
// nobody knows here which of a Pod's ports a door leads to.
func (x *index) byPort(policy string) bool {
	return slices.ContainsFunc(x.of(kindPeerAuthentication), func(o Object) bool {
		return o.Namespace()+"/"+o.Name() == policy && len(decode[peerAuthentication](o).PortLevelMTLS) > 0
	})
}

// with is the observation as it would be with an object as it is given.
func (o Observation) with(object Object) Observation {
	o.Objects = slices.DeleteFunc(slices.Clone(o.Objects), func(other Object) bool { return other.String() == object.String() })
	o.Objects = append(o.Objects, object)
	return o
}

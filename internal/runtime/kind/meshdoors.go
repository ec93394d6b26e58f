package kind

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/mesh"
	"github.com/diorama-dev/diorama/internal/mesh/istio"
	"github.com/diorama-dev/diorama/internal/plan"
)

// doorsEvery is how often policies for mutual TLS are read where there is a
// mesh: somebody may switch them by another way than ours. It is one request.
const doorsEvery = 10 * time.Second

// doorsWithin bounds reading them.
const doorsWithin = 5 * time.Second

// doorsOf are the plan's endpoints as the mesh's reader wants them.
func doorsOf(p plan.Plan) []mesh.Door {
	var all []mesh.Door
	for _, e := range p.Endpoints {
		all = append(all, mesh.Door{
			Endpoint: e.Stack + "/" + e.Name, Workload: e.Service, Address: net.JoinHostPort(e.Host, strconv.Itoa(e.Port)),
		})
	}
	return all
}

// watchDoors keeps known which endpoints the mesh has refuse, until ctx ends.
func (r *Runtime) watchDoors(ctx context.Context) {
	ticker := time.NewTicker(doorsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.lookAtDoors(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// lookAtDoors reads which endpoints the mesh has refuse. Where that cannot be
// read, what was known stays.
func (r *Runtime) lookAtDoors(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, doorsWithin)
	defer cancel()
	client, err := r.Client()
	if err != nil {
		return
	}
	o, err := r.meshFrame()
	if err != nil {
		if _, none := errors.AsType[*absentError](err); none {
			r.observing().refuse(nil)
		}
		return
	}
	list, err := client.List(ctx, peerAuthentication(), peerAuthentications)
	if err != nil {
		return
	}
	for _, object := range list {
		o.Objects = append(o.Objects, object)
	}
	r.observing().refuse(refusals(istio.Doors(o)))
}

const peerAuthentications = "peerauthentications"

func peerAuthentication() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "security.istio.io", Version: "v1", Kind: "PeerAuthentication"}
}

// refusals are the doors that refuse, and where the mesh's gateway is.
func refusals(doors []mesh.Door) []diagnose.Refusal {
	gateway := ""
	if i := slices.IndexFunc(doors, func(d mesh.Door) bool { return d.Gateway }); i >= 0 {
		gateway = doors[i].Address
	}
	var all []diagnose.Refusal
	for _, d := range doors {
		if d.Refuses {
			all = append(all, diagnose.Refusal{Endpoint: d.Endpoint, Address: d.Address, Service: d.Workload, Policy: d.Policy, Gateway: gateway})
		}
	}
	return all
}

// refuse notes which endpoints the mesh has refuse, and tells it where that is
// news.
func (o *observer) refuse(refusals []diagnose.Refusal) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if slices.Equal(o.refusals, refusals) {
		return
	}
	o.refusals = refusals
	if o.seen {
		last := o.last
		last.Time = time.Now()
		o.take(last)
	}
}

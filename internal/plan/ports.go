package plan

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/profiles"
)

const (
	// firstNodePort is where Kubernetes' node ports begin by default
	// (kube-apiserver --service-node-port-range).
	firstNodePort = 30000
	// poolSize is how many ports a new cluster publishes for stacks that are
	// added later; nothing but creation can publish a port.
	poolSize = 16
	// firstPoolPort lies below the ports that Linux hands out to clients
	// (net.ipv4.ip_local_port_range begins at 32768), so that no connection
	// of the host's own can be sitting on one after a restart.
	firstPoolPort = 20000
)

// wish is an endpoint that wants a host port.
type wish struct {
	key       string // "instance/endpoint"
	preferred int
	// fixed is true where the profile itself names the port: then no other
	// will do.
	fixed bool
}

func wishes(all []instance, p profiles.Profile) []wish {
	var list []wish
	for _, i := range all {
		for _, name := range slices.Sorted(maps.Keys(i.stack.Endpoints)) {
			key := i.As + "/" + name
			w := wish{key: key, preferred: i.stack.Endpoints[name].HostPort}
			if port, ok := p.Ports[key]; ok {
				w.preferred, w.fixed = port, true
			}
			list = append(list, w)
		}
	}
	return list
}

// wishes are those of the stacks, then those of the user's apps.
func (r *resolver) wishes() []wish {
	list := wishes(r.all, r.in.Profile)
	for _, a := range r.apps {
		for _, port := range a.ports {
			w := wish{key: a.Name + "/" + port.name, preferred: port.preferred}
			if fixed, ok := r.in.Profile.Ports[w.key]; ok {
				w.preferred, w.fixed = fixed, true
			}
			list = append(list, w)
		}
	}
	return list
}

// PortTakenError says that a port which the profile names belongs to somebody else.
type PortTakenError struct {
	Port            int
	Endpoint, Owner string
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d, which the profile wants for %s, is taken by %s; stop it, or choose another with --set ports.%s=PORT",
		e.Port, e.Endpoint, e.Owner, e.Endpoint)
}

// ports gives every endpoint its host port. What the record holds stays as it
// is. Before the cluster is made any free port may be published; afterwards
// only the pool is left.
func ports(environment string, wanted []wish, record env.Record, host Host) (map[string]env.PortRecord, []env.PortRecord, error) {
	given := maps.Clone(record.Ports)
	if given == nil {
		given = make(map[string]env.PortRecord)
	}
	if record.Cluster.Complete {
		return fromPool(wanted, given, record.Cluster.Ports, host)
	}
	assigned, err := freePorts(wanted, given, host)
	if err != nil {
		return nil, nil, err
	}
	used := make(map[int]bool)
	var published []env.PortRecord
	for _, w := range wanted {
		port := assigned[w.key]
		port.Node = firstNodePort + len(published)
		assigned[w.key] = port
		published, used[port.Host] = append(published, port), true
	}
	taken := func(port int) bool {
		_, by := host.Taken(port)
		return by || used[port]
	}
	for port := poolStart(environment); len(published) < len(wanted)+poolSize; port++ {
		if !taken(port) {
			published = append(published, env.PortRecord{Node: firstNodePort + len(published), Host: port})
		}
	}
	return assigned, published, nil
}

// freePorts gives each wish a port that nobody has: the one that was given
// before, else the preferred one, else one that resembles it.
func freePorts(wanted []wish, given map[string]env.PortRecord, host Host) (map[string]env.PortRecord, error) {
	used := make(map[int]bool)
	taken := func(port int) bool {
		_, by := host.Taken(port)
		return by || used[port]
	}
	assigned := make(map[string]env.PortRecord, len(wanted))
	for _, w := range wanted {
		port, err := choose(w, given, taken, host)
		if err != nil {
			return nil, err
		}
		used[port] = true
		assigned[w.key] = env.PortRecord{Host: port, Preferred: w.preferred}
	}
	return assigned, nil
}

// poolStart is where an environment looks for its pool: somewhere of its own,
// so that two that are made at the same time do not meet.
func poolStart(environment string) int {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(environment)) // never fails
	return firstPoolPort + int(sum.Sum32()%500)*poolSize
}

// choose returns the preferred port, or the first free one that resembles it.
func choose(w wish, given map[string]env.PortRecord, taken func(int) bool, host Host) (int, error) {
	if old, ok := given[w.key]; ok && !w.fixed && !taken(old.Host) {
		return old.Host, nil
	}
	if !taken(w.preferred) {
		return w.preferred, nil
	}
	if w.fixed {
		owner, by := host.Taken(w.preferred)
		if !by {
			owner = "another endpoint of this profile"
		}
		return 0, &PortTakenError{Port: w.preferred, Endpoint: w.key, Owner: owner}
	}
	for port := w.preferred%10000 + 10000; port < firstPoolPort; port++ {
		if !taken(port) {
			return port, nil
		}
	}
	return 0, &PortTakenError{Port: w.preferred, Endpoint: w.key, Owner: "others, like all that resemble it"}
}

// PoolEmptyError says that the cluster publishes no port that is still free.
type PoolEmptyError struct{ Endpoint string }

func (e *PoolEmptyError) Error() string {
	return fmt.Sprintf("no spare port is left for %s: a cluster publishes its ports when it is made; make it again with --recreate (this deletes its data)", e.Endpoint)
}

func fromPool(wanted []wish, given map[string]env.PortRecord, published []env.PortRecord, host Host) (map[string]env.PortRecord, []env.PortRecord, error) {
	held := make(map[int]bool)
	for _, port := range given {
		held[port.Node] = true
	}
	for _, w := range wanted {
		if port, ok := given[w.key]; ok && (!w.fixed || port.Host == w.preferred) {
			continue
		}
		if w.fixed {
			if owner, taken := host.Taken(w.preferred); taken {
				return nil, nil, &PortTakenError{Port: w.preferred, Endpoint: w.key, Owner: owner}
			}
		}
		free := slices.IndexFunc(published, func(p env.PortRecord) bool { return !held[p.Node] })
		if free < 0 {
			return nil, nil, &PoolEmptyError{Endpoint: w.key}
		}
		port := published[free]
		held[port.Node] = true
		port.Preferred = w.preferred
		given[w.key] = port
	}
	return given, published, nil
}

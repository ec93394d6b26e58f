package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// clusterPrefix begins the names of our clusters; kind puts contextPrefix
// before a cluster's name to name its context.
const (
	clusterPrefix = "diorama-"
	contextPrefix = "kind-"
)

const (
	freePort       = "free it, or leave it: another port is used then, and shown"
	removeNetwork  = "remove it (docker network rm kind): kind makes it as a bridge"
	otherAddresses = "with no cluster running: docker network rm kind, and set default-address-pools of Docker to addresses that are free"
)

func removeCluster(name string) string {
	return "leave it and use another --name, or remove it with: kind delete cluster --name " + name
}

func removeContext(name string) string {
	return "--merge-kubeconfig would replace it; remove it with: kubectl config delete-context " + name
}

func ports(f Facts, check Check) []Check {
	if len(f.Wanted.Ports) == 0 {
		return nil
	}
	var checks []Check
	for _, use := range f.Taken {
		if use.Ours {
			continue
		}
		taken := check
		taken.Title, taken.Found = "Port "+strconv.Itoa(use.Port), "taken by "+use.Holder()
		taken.Status, taken.Remedy = Warn, freePort
		checks = append(checks, taken)
	}
	if len(checks) == 0 {
		free := make([]string, 0, len(f.Wanted.Ports))
		for _, port := range f.Wanted.Ports {
			free = append(free, strconv.Itoa(port))
		}
		check.Found = strings.Join(free, ", ") + " to be had"
		return []Check{check}
	}
	return checks
}

// Holder names who has the port, for people.
func (u PortUse) Holder() string {
	if u.Container != "" {
		return "container " + u.Container
	}
	return u.Process.String()
}

func bridge(f Facts, check Check) []Check {
	if f.Unusable != nil {
		return nil
	}
	check.Found = "not there yet"
	n := f.Network
	if !n.Exists {
		return []Check{check}
	}
	subnets := make([]string, 0, len(n.Subnets))
	for _, subnet := range n.Subnets {
		subnets = append(subnets, subnet.String())
	}
	check.Found = strings.Join(subnets, ", ")
	switch {
	case n.Driver != "bridge":
		check.Status = Fail
		check.Found = "its driver is " + n.Driver
		check.Remedy = removeNetwork
	case len(n.Clashes) > 0:
		clash := n.Clashes[0]
		check.Status = Warn
		check.Found += fmt.Sprintf(", and %s of this machine has %s", clash.Interface, clash.Prefix)
		check.Remedy = otherAddresses
	}
	return []Check{check}
}

func clusters(f Facts, check Check) []Check {
	var checks []Check
	for _, cluster := range f.Clusters {
		name := strings.TrimPrefix(cluster, clusterPrefix)
		if slices.Contains(f.Wanted.Known, name) {
			continue
		}
		check.Title, check.Found = "Cluster "+cluster, "there, and not ours: no record of it"
		check.Status, check.Remedy = Warn, removeCluster(cluster)
		if name == f.Wanted.Environment {
			check.Status = Fail
		}
		checks = append(checks, check)
	}
	return checks
}

func contexts(f Facts, check Check) []Check {
	var checks []Check
	for _, context := range f.Contexts {
		name := strings.TrimPrefix(context, contextPrefix+clusterPrefix)
		if slices.Contains(f.Wanted.Known, name) {
			continue
		}
		check.Title, check.Found = "Context "+context, "in your kubeconfig, and not ours: no record of it"
		check.Status, check.Remedy = Warn, removeContext(context)
		checks = append(checks, check)
	}
	return checks
}

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

func ports(f Facts) []Check {
	if len(f.Wanted.Ports) == 0 {
		return nil
	}
	var checks []Check
	for _, use := range f.Taken {
		if use.Ours {
			continue
		}
		checks = append(checks, Check{
			ID: "port", Title: "Port " + strconv.Itoa(use.Port), Status: Warn, Found: "taken by " + use.Holder(),
			Remedy: "free it, or leave it: another port is used then, and shown",
		})
	}
	if len(checks) == 0 {
		free := make([]string, 0, len(f.Wanted.Ports))
		for _, port := range f.Wanted.Ports {
			free = append(free, strconv.Itoa(port))
		}
		return []Check{{ID: "port", Title: "Ports", Status: OK, Found: strings.Join(free, ", ") + " to be had"}}
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

func bridge(f Facts) []Check {
	if f.Unusable != nil {
		return nil
	}
	check := Check{ID: "network", Title: "Network kind", Status: OK, Found: "not there yet"}
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
		check.Remedy = "remove it (docker network rm kind): kind makes it as a bridge"
	case len(n.Clashes) > 0:
		clash := n.Clashes[0]
		check.Status = Warn
		check.Found += fmt.Sprintf(", and %s of this machine has %s", clash.Interface, clash.Prefix)
		check.Remedy = "with no cluster running: docker network rm kind, and set default-address-pools of Docker to addresses that are free"
	}
	return []Check{check}
}

func clusters(f Facts) []Check {
	var checks []Check
	for _, cluster := range f.Clusters {
		name := strings.TrimPrefix(cluster, clusterPrefix)
		if slices.Contains(f.Wanted.Known, name) {
			continue
		}
		check := Check{
			ID: "cluster", Title: "Cluster " + cluster, Status: Warn, Found: "there, and not ours: no record of it",
			Remedy: "leave it and use another --name, or remove it with: kind delete cluster --name " + cluster,
		}
		if name == f.Wanted.Environment {
			check.Status = Fail
		}
		checks = append(checks, check)
	}
	return checks
}

func contexts(f Facts) []Check {
	var checks []Check
	for _, context := range f.Contexts {
		name := strings.TrimPrefix(context, contextPrefix+clusterPrefix)
		if slices.Contains(f.Wanted.Known, name) {
			continue
		}
		checks = append(checks, Check{
			ID: "context", Title: "Context " + context, Status: Warn,
			Found:  "in your kubeconfig, and not ours: no record of it",
			Remedy: "--merge-kubeconfig would replace it; remove it with: kubectl config delete-context " + context,
		})
	}
	return checks
}

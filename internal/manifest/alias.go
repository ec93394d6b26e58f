package manifest

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LabelAlias begins the label of Pods that answer to a name which several
// services of a Compose file share; the name follows.
const LabelAlias = "alias.diorama.dev/"

// common is a network alias that several services have. As with docker
// compose, whoever calls it reaches any of them: one Service selects the Pods
// of all.
type common struct {
	services []string // of Compose
	ports    map[string]port
	headless bool
}

// commonAliases are the network aliases that more than one service has and
// that are no service's own name.
func (r *renderer) commonAliases() map[string]*common {
	all := map[string]*common{}
	for _, service := range r.services {
		for _, network := range r.model.Services[service].Networks {
			if network == nil {
				continue
			}
			for _, alias := range network.Aliases {
				name := strings.ToLower(alias)
				if all[name] == nil {
					all[name] = &common{ports: map[string]port{}}
				}
				if c := all[name]; !slices.Contains(c.services, service) {
					c.services = append(c.services, service)
				}
			}
		}
	}
	maps.DeleteFunc(all, func(name string, c *common) bool {
		_, taken := r.taken[name]
		return len(c.services) < 2 || taken || label(name) != name
	})
	for name, c := range all {
		r.taken[name] = c.services[0]
	}
	return all
}

// join adds the service's ports to the names that it shares.
func (p *pod) join(ports map[string]port, kind string) {
	for _, c := range p.r.common {
		if slices.Contains(c.services, p.compose) {
			maps.Copy(c.ports, ports)
			c.headless = c.headless || kind == kindStatefulSet
		}
	}
}

// aliasLabels mark the Pods that answer to shared names.
func (p *pod) aliasLabels() map[string]string {
	labels := map[string]string{}
	for name, c := range p.r.common {
		if slices.Contains(c.services, p.compose) {
			labels[LabelAlias+name] = "true"
		}
	}
	return labels
}

// commonServices are the Services of shared names, once all services are known.
func (r *renderer) commonServices() error {
	for _, name := range slices.Sorted(maps.Keys(r.common)) {
		c := r.common[name]
		s := &corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: r.in.Namespace, Labels: r.labels("")},
			Spec: corev1.ServiceSpec{
				Selector: map[string]string{LabelStack: label(r.in.Stack), LabelAlias + name: "true"},
				Ports:    servicePorts(sortedPorts(c.ports)),
			},
		}
		if c.headless || len(c.ports) == 0 {
			headless(s)
		}
		if err := r.add(0, s); err != nil {
			return err
		}
	}
	return nil
}

// aliases are the other names under which Compose's name server knows the
// service: its container's, its host name, network aliases, and what others
// call it in links.
func (p *pod) aliases() []string {
	type wish struct {
		name string
		at   []string
	}
	wishes := []wish{{p.service.ContainerName, p.at("container_name")}, {p.service.Hostname, p.at("hostname")}}
	for _, network := range slices.Sorted(maps.Keys(p.service.Networks)) {
		if config := p.service.Networks[network]; config != nil {
			for _, alias := range config.Aliases {
				wishes = append(wishes, wish{alias, p.at("networks", network, "aliases")})
			}
		}
	}
	for _, other := range p.r.services {
		for _, link := range p.r.model.Services[other].Links {
			if service, alias, ok := strings.Cut(link, ":"); ok && service == p.compose {
				wishes = append(wishes, wish{alias, p.r.in.Project.Item(link, "services", other, "links")})
			}
		}
	}
	var names []string
	for _, w := range wishes {
		name := strings.ToLower(w.name)
		switch owner, taken := p.r.taken[name]; {
		case name == "" || name == p.compose || taken && owner == p.compose || p.r.common[name] != nil:
		case label(name) != name:
			p.r.lose("not a name that a cluster resolves; others reach the service as "+p.name, w.at...)
		case taken:
			p.r.lose("the name "+name+" belongs to the service "+owner, w.at...)
		default:
			p.r.taken[name] = p.compose
			names = append(names, name)
		}
	}
	return names
}

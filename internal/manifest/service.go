package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// port is a port of a service in the cluster.
type port struct {
	name     string
	number   int32
	protocol corev1.Protocol
	app      *string // appProtocol
}

// portName tells a mesh the protocol of a port that is known for it: for HTTP
// it reads requests, and where the server speaks first it must not wait for
// the client. Of other ports it finds out by itself.
func portName(number int32, protocol corev1.Protocol) string {
	prefix := "port"
	if protocol == corev1.ProtocolUDP {
		return "udp-" + strconv.Itoa(int(number))
	}
	switch number {
	case 4317, 9095, 50051:
		prefix = "grpc"
	case 443, 6443, 8443, 9443:
		prefix = "https"
	case 80, 3000, 3100, 4200, 4318, 5000, 5173, 5601, 8000, 8001, 8008, 8080, 8081, 8082, 8083, 8084, 8085, 8086, 8088, 8090,
		8222, 8333, 8500, 8761, 8848, 8888, 9090, 9200, 9411, 13133, 15672, 15692, 16686:
		prefix = "http"
	case 21, 22, 25, 110, 143, 389, 587, 1433, 1521, 1883, 2181, 3306, 4222, 4369, 5432, 5671, 5672, 6379, 6380, 7687,
		9042, 9092, 9093, 9094, 9876, 10911, 11211, 25672, 26257, 27017, 33060:
		prefix = "tcp"
	}
	return prefix + "-" + strconv.Itoa(int(number))
}

// declaredPorts are those of ports and expose, sorted.
func (p *pod) declaredPorts() []port {
	list := map[string]port{}
	add := func(number uint64, protocol, app string) {
		if number == 0 || number > 65535 {
			return
		}
		n := port{number: int32(number), protocol: corev1.ProtocolTCP}
		if strings.EqualFold(protocol, "udp") {
			n.protocol = corev1.ProtocolUDP
		}
		n.name = portName(n.number, n.protocol)
		if app != "" && len(validation.IsQualifiedName(app)) == 0 {
			n.app = &app
			if name := label(app); len(name) <= 8 && n.protocol == corev1.ProtocolTCP {
				n.name = name + "-" + strconv.Itoa(int(number))
			}
		}
		list[fmt.Sprint(n.protocol, n.number)] = n
	}
	for _, exposed := range p.service.Expose {
		numbers, protocol, _ := strings.Cut(exposed, "/")
		from, to, ranged := strings.Cut(numbers, "-")
		first, err := strconv.ParseUint(from, 10, 16)
		last := first
		if ranged && err == nil {
			last, err = strconv.ParseUint(to, 10, 16)
		}
		if err != nil || last < first || last-first > 256 {
			p.r.lose("no port, or a range of more than 256", p.at("expose")...)
			continue
		}
		for n := first; n <= last; n++ {
			add(n, protocol, "")
		}
	}
	for _, c := range p.service.Ports {
		if c.AppProtocol != "" && len(validation.IsQualifiedName(c.AppProtocol)) > 0 {
			p.r.lose("Kubernetes knows no protocol of that name", p.item(c.AppProtocol, "ports")...)
		}
		add(uint64(c.Target), c.Protocol, c.AppProtocol)
	}
	return sortedPorts(list)
}

func sortedPorts(list map[string]port) []port {
	return slices.SortedFunc(maps.Values(list), func(a, b port) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.protocol, b.protocol))
	})
}

// servicesFor are the Services of a workload: one under its own name, one for
// each other name that it has in Compose, one that publishes host ports.
func (p *pod) servicesFor(kind string) []*corev1.Service {
	r := p.r
	all := map[string]port{}
	for _, n := range p.declaredPorts() {
		all[fmt.Sprint(n.protocol, n.number)] = n
	}
	published := r.publishedBy(p.compose)
	numbers := slices.Clone(r.mentions[p.compose])
	for _, h := range published {
		numbers = append(numbers, h.Port)
	}
	for _, number := range numbers {
		n := port{number: int32(number), protocol: corev1.ProtocolTCP, name: portName(int32(number), corev1.ProtocolTCP)}
		if _, there := all["TCP"+strconv.Itoa(number)]; !there {
			all["TCP"+strconv.Itoa(number)] = n
		}
	}
	ports := sortedPorts(all)
	aliases := p.aliases()
	p.join(all, kind)
	if kind == kindJob && len(ports) == 0 && len(aliases) == 0 {
		return nil
	}
	var services []*corev1.Service
	for _, name := range append([]string{p.name}, aliases...) {
		services = append(services, p.clusterService(name, ports, kind))
	}
	if len(published) > 0 {
		services = append(services, r.hostService(p.name, published))
	}
	return services
}

func (r *renderer) publishedBy(service string) []HostPort {
	list := slices.DeleteFunc(slices.Clone(r.in.HostPorts), func(h HostPort) bool { return h.Service != service })
	slices.SortFunc(list, func(a, b HostPort) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.NodePort, b.NodePort))
	})
	return list
}

func (p *pod) clusterService(name string, ports []port, kind string) *corev1.Service {
	s := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: p.r.in.Namespace, Labels: p.r.labels(p.name)},
		Spec:       corev1.ServiceSpec{Selector: p.selector(), Ports: servicePorts(ports)},
	}
	roundRobin := p.service.Deploy != nil && p.service.Deploy.EndpointMode == "dnsrr"
	if kind == kindStatefulSet || len(ports) == 0 || roundRobin {
		headless(s)
	}
	return s
}

func servicePorts(ports []port) []corev1.ServicePort {
	var list []corev1.ServicePort
	for _, n := range ports {
		list = append(list, corev1.ServicePort{
			Name: n.name, Port: n.number, TargetPort: intstr.FromInt32(n.number), Protocol: n.protocol, AppProtocol: n.app,
		})
	}
	return list
}

// headless has a Service's name stand for the addresses of its Pods.
func headless(s *corev1.Service) {
	s.Spec.ClusterIP = corev1.ClusterIPNone
	s.Spec.PublishNotReadyAddresses = true
}

// hostService publishes ports of a service on the nodes.
func (r *renderer) hostService(service string, published []HostPort) *corev1.Service {
	s := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Name: service + HostSuffix, Namespace: r.in.Namespace, Labels: r.labels(service)},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Selector: r.selector(service)},
	}
	for _, h := range published {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{
			Name: label(h.Name), Port: int32(h.Port), TargetPort: intstr.FromInt32(int32(h.Port)),
			NodePort: int32(h.NodePort), Protocol: corev1.ProtocolTCP,
		})
	}
	return s
}

// mentionedPorts are the ports at which the project's own texts speak of its
// services: in Compose every port of a container can be reached, declared or
// not.
func (r *renderer) mentionedPorts() map[string][]int {
	if len(r.services) == 0 {
		return nil
	}
	known := map[string]string{}
	var names []string
	for _, service := range r.services {
		s := r.model.Services[service]
		for _, name := range []string{service, s.ContainerName, s.Hostname} {
			if _, there := known[name]; name != "" && !there {
				known[name] = service
				names = append(names, regexp.QuoteMeta(name))
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	pattern := regexp.MustCompile(`(?:^|[^A-Za-z0-9_.\-])(` + strings.Join(names, "|") + `):(\d{1,5})\b`)
	mentions := map[string][]int{}
	for _, text := range r.texts() {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			if n, err := strconv.Atoi(match[2]); err == nil && n > 0 && n < 65536 {
				service := known[match[1]]
				mentions[service] = append(mentions[service], n)
			}
		}
	}
	for service := range mentions {
		mentions[service] = slices.Compact(slices.Sorted(slices.Values(mentions[service])))
	}
	return mentions
}

// texts is everything that services are told.
func (r *renderer) texts() []string {
	var list []string
	for _, name := range r.services {
		s := r.model.Services[name]
		list = slices.Concat(list, s.Command, s.Entrypoint)
		if s.HealthCheck != nil {
			list = append(list, s.HealthCheck.Test...)
		}
		list = append(list, values(s.Environment)...)
	}
	for _, config := range r.model.Configs {
		list = append(list, config.Content)
	}
	for _, content := range r.in.Project.Content {
		for _, file := range content.Files {
			list = append(list, string(file.Data))
		}
	}
	return list
}

func values(environment types.MappingWithEquals) []string {
	var list []string
	for _, value := range environment {
		if value != nil {
			list = append(list, *value)
		}
	}
	return list
}

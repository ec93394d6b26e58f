package manifest

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// pod makes the Pod template of one service, and gathers on the way what the
// template refers to.
type pod struct {
	r         *renderer
	name      string // in the cluster
	compose   string // in the Compose file
	service   types.ServiceConfig
	image     string
	requested string
	memory    int64 // bytes requested
	gpus      int64
	secrets   map[string][]byte // the service's own Secret
	volumes   []corev1.Volume
	claims    []string
	hashes    []string // of the ConfigMaps and Secrets referred to
}

func newPod(r *renderer, name string) *pod {
	return &pod{r: r, name: r.names[name], compose: name, service: r.model.Services[name], secrets: map[string][]byte{}}
}

// at is the path of a key of the service, for positions.
func (p *pod) at(keys ...string) []string {
	return append([]string{"services", p.compose}, keys...)
}

// item is the path of an item of one of the service's lists, found by what it
// says.
func (p *pod) item(text, list string) []string {
	return p.r.in.Project.Item(text, p.at(list)...)
}

func (p *pod) template() (corev1.PodTemplateSpec, error) {
	main, err := p.mainContainer()
	if err != nil {
		return corev1.PodTemplateSpec{}, err
	}
	off := false
	spec := corev1.PodSpec{
		Containers:                    []corev1.Container{main},
		EnableServiceLinks:            &off,
		AutomountServiceAccountToken:  &off,
		TerminationGracePeriodSeconds: p.grace(),
		SecurityContext:               p.podSecurity(),
		HostAliases:                   p.hostAliases(),
		DNSConfig:                     p.dns(),
	}
	if spec.InitContainers, err = p.initContainers(main.VolumeMounts); err != nil {
		return corev1.PodTemplateSpec{}, err
	}
	spec.Volumes = p.volumes
	if p.service.Init != nil && *p.service.Init {
		// The Pod's own first process reaps and forwards, as docker-init does.
		on := true
		spec.ShareProcessNamespace = &on
	}
	if host := label(p.service.Hostname); p.service.Hostname != "" && host != p.name {
		spec.Hostname = host
	}
	template := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: p.r.labels(p.name), Annotations: p.podAnnotations()},
		Spec:       spec,
	}
	return template, nil
}

// grace is how long a stopping container has: ten seconds, as in Compose,
// where nothing is said.
func (p *pod) grace() *int64 {
	grace := int64(10)
	if p.service.StopGracePeriod != nil {
		grace = int64(seconds(*p.service.StopGracePeriod, 0))
	}
	return &grace
}

// podAnnotations carry the hash of what the Pod refers to, and the service's
// labels and annotations, whose values need not be those of Kubernetes labels.
func (p *pod) podAnnotations() map[string]string {
	annotations := map[string]string{}
	p.annotate(annotations, p.service.Labels, "labels")
	p.annotate(annotations, p.service.Annotations, "annotations")
	hashes := slices.Clone(p.hashes)
	if len(p.secrets) > 0 {
		hashes = append(hashes, digest(p.secrets))
	}
	if len(hashes) > 0 {
		annotations[AnnotationConfig] = hash(hashes...)[:16]
	}
	if len(annotations) == 0 {
		return nil
	}
	return annotations
}

func (p *pod) workloadAnnotations() map[string]string {
	if p.service.Deploy == nil || len(p.service.Deploy.Labels) == 0 {
		return nil
	}
	annotations := map[string]string{}
	p.annotate(annotations, p.service.Deploy.Labels, "deploy", "labels")
	return annotations
}

func (p *pod) annotate(annotations map[string]string, from map[string]string, keys ...string) {
	for _, key := range slices.Sorted(maps.Keys(from)) {
		switch {
		case len(validation.IsQualifiedName(strings.ToLower(key))) > 0:
			p.r.lose("Kubernetes takes no annotation of that name", p.at(append(keys, key)...)...)
		case !utf8.ValidString(from[key]) || p.r.secret(from[key]):
			p.r.lose("the value must not or cannot stand in an annotation", p.at(append(keys, key)...)...)
		default:
			annotations[key] = from[key]
		}
	}
}

// hostAliases are the extra_hosts; those that stand for the host's own
// address have none in a cluster.
func (p *pod) hostAliases() []corev1.HostAlias {
	byAddress := map[string][]string{}
	for _, host := range slices.Sorted(maps.Keys(p.service.ExtraHosts)) {
		for _, address := range p.service.ExtraHosts[host] {
			if _, err := netip.ParseAddr(address); err != nil {
				p.r.lose("only addresses can be carried over, not "+strconv.Quote(address), p.at("extra_hosts", host)...)
				continue
			}
			if len(validation.IsDNS1123Subdomain(host)) > 0 {
				p.r.lose("Kubernetes takes no host of that name", p.at("extra_hosts", host)...)
				continue
			}
			byAddress[address] = append(byAddress[address], host)
		}
	}
	var aliases []corev1.HostAlias
	for _, address := range slices.Sorted(maps.Keys(byAddress)) {
		aliases = append(aliases, corev1.HostAlias{IP: address, Hostnames: byAddress[address]})
	}
	return aliases
}

// dns adds name servers to the cluster's own, of which Kubernetes takes three
// in all.
func (p *pod) dns() *corev1.PodDNSConfig {
	config := &corev1.PodDNSConfig{}
	for _, server := range p.service.DNS {
		if _, err := netip.ParseAddr(server); err != nil || len(config.Nameservers) == 2 {
			p.r.lose("at most two addresses are added to the cluster's own name server", p.at("dns")...)
			continue
		}
		config.Nameservers = append(config.Nameservers, server)
	}
	for _, domain := range p.service.DNSSearch {
		if len(validation.IsDNS1123Subdomain(strings.TrimSuffix(domain, "."))) > 0 {
			p.r.lose("not a domain: "+strconv.Quote(domain), p.at("dns_search")...)
			continue
		}
		config.Searches = append(config.Searches, domain)
	}
	for _, option := range p.service.DNSOpts {
		name, value, valued := strings.Cut(option, ":")
		if name == "" {
			continue
		}
		o := corev1.PodDNSConfigOption{Name: name}
		if valued {
			o.Value = &value
		}
		config.Options = append(config.Options, o)
	}
	if len(config.Nameservers)+len(config.Searches)+len(config.Options) == 0 {
		return nil
	}
	return config
}

// build is what the image is made of; nil where it is only taken.
func (p *pod) build() *Build {
	b := p.service.Build
	if b == nil {
		return nil
	}
	build := &Build{
		Context: b.Context, Dockerfile: b.Dockerfile, Inline: b.DockerfileInline, Args: b.Args, Target: b.Target,
		Labels: b.Labels, Network: b.Network, ExtraHosts: slices.Sorted(slices.Values(b.ExtraHosts.AsList(":"))),
	}
	return build
}

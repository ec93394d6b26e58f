package manifest

import (
	"maps"
	"net/netip"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The kinds of workload.
const (
	kindDeployment  = "Deployment"
	kindStatefulSet = "StatefulSet"
	kindDaemonSet   = "DaemonSet"
	kindJob         = "Job"
)

// service renders one Compose service: its workload, its Services and what
// only it refers to.
func (r *renderer) service(name string) error {
	p := newPod(r, name)
	template, err := p.template()
	if err != nil {
		return err
	}
	kind := r.kind(name, len(p.claims) > 0)
	p.kindLosses(kind)
	maps.Copy(template.Labels, p.aliasLabels())
	r.enrol(template.Labels, kind, p.name, p.service.Labels)
	work := Workload{
		Service: p.name, Kind: kind, Name: p.name, Image: p.image, Requested: p.requested,
		Replicas: p.service.GetScale(), Wave: r.waves[name], Ports: p.published(), Build: p.build(),
		Claims: p.claims, GPUs: p.gpus * int64(p.service.GetScale()), Memory: p.memory * int64(p.service.GetScale()),
	}
	var object any
	switch kind {
	case kindStatefulSet:
		object = p.statefulSet(template)
	case kindDaemonSet:
		object = p.daemonSet(template)
	case kindJob:
		job := p.job(template)
		work.Name, object = job.Name, job
	default:
		object = p.deployment(template)
	}
	r.work = append(r.work, work)
	if secret := p.secretObject(); secret != nil {
		if err := r.add(0, secret); err != nil {
			return err
		}
	}
	for _, service := range p.servicesFor(kind) {
		if err := r.add(0, service); err != nil {
			return err
		}
	}
	return r.add(r.waves[name], object)
}

// kindLosses reports what this kind of workload cannot do.
func (p *pod) kindLosses(kind string) {
	policy := restartPolicy(p.service)
	if kind != kindJob && (policy == types.RestartPolicyNo || policy == types.RestartPolicyOnFailure) {
		p.r.lose("the containers of a service are always started again", p.at("restart")...)
	}
	if host := label(p.service.Hostname); kind == kindStatefulSet && p.service.Hostname != "" && host != p.name && p.service.Hostname != p.compose {
		p.r.lose("others reach the service under this name; its own Pods are called "+p.name+"-0 and so on", p.at("hostname")...)
	}
}

// kind decides what runs a service. A service that must not be restarted is a
// Job, unless it serves: it has ports, a healthcheck, or others wait for it to
// be healthy.
func (r *renderer) kind(name string, stateful bool) string {
	service := r.model.Services[name]
	mode := ""
	if service.Deploy != nil {
		mode = service.Deploy.Mode
	}
	switch {
	case mode == "replicated-job", mode == "global-job", r.jobs[name]:
		return kindJob
	case restartPolicy(service) == types.RestartPolicyNo && !r.serves(name):
		return kindJob
	case mode == "global":
		return kindDaemonSet
	case stateful:
		return kindStatefulSet
	}
	return kindDeployment
}

func (r *renderer) serves(name string) bool {
	service := r.model.Services[name]
	if len(service.Ports) > 0 || len(service.Expose) > 0 || service.HealthCheck != nil && !service.HealthCheck.Disable {
		return true
	}
	if _, probed := r.in.Probes[name]; probed {
		return true
	}
	for _, other := range r.model.Services {
		if other.DependsOn[name].Condition == types.ServiceConditionHealthy {
			return true
		}
	}
	return false
}

// restartPolicy is the service's word for when it is restarted, without the
// number of attempts; deploy.restart_policy counts where restart is not given.
func restartPolicy(service types.ServiceConfig) string {
	policy, _, _ := strings.Cut(service.Restart, ":")
	if policy != "" || service.Deploy == nil || service.Deploy.RestartPolicy == nil {
		return policy
	}
	switch service.Deploy.RestartPolicy.Condition {
	case "none":
		return types.RestartPolicyNo
	case "on-failure":
		return types.RestartPolicyOnFailure
	}
	return types.RestartPolicyAlways
}

// published are the ports that the Compose file wants on the host.
func (p *pod) published() []Port {
	var ports []Port
	for _, port := range p.service.Ports {
		protocol := port.Protocol
		if protocol == "" {
			protocol = "tcp"
		}
		if address, err := netip.ParseAddr(port.HostIP); err == nil && !address.IsLoopback() && !address.IsUnspecified() {
			p.r.lose("ports are published on 127.0.0.1 only", p.item(port.HostIP, "ports")...)
		}
		ports = append(ports, Port{Container: int(port.Target), Published: port.Published, Protocol: protocol})
	}
	return ports
}

func (p *pod) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: p.r.in.Namespace, Labels: p.r.labels(p.name), Annotations: p.workloadAnnotations(),
	}
}

func (p *pod) selector() map[string]string { return p.r.selector(p.name) }

// selector picks the Pods of a service.
func (r *renderer) selector(service string) map[string]string {
	return map[string]string{LabelStack: label(r.in.Stack), LabelService: service}
}

func (p *pod) replicas() *int32 {
	replicas := int32(min(p.service.GetScale(), 1000))
	return &replicas
}

func (p *pod) deployment(template corev1.PodTemplateSpec) *appsv1.Deployment {
	d := &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: kindDeployment},
		ObjectMeta: p.meta(p.name),
		Spec: appsv1.DeploymentSpec{
			Replicas: p.replicas(), Selector: &metav1.LabelSelector{MatchLabels: p.selector()}, Template: template,
		},
	}
	d.Spec.Strategy, d.Spec.MinReadySeconds = p.strategy()
	d.Spec.MinReadySeconds = max(d.Spec.MinReadySeconds, settle(template))
	return d
}

// settleSeconds is how long a container that nobody asks whether it is ready
// must have run to be taken for ready: one that crashes does so sooner.
const settleSeconds = 3

func settle(template corev1.PodTemplateSpec) int32 {
	for _, c := range template.Spec.Containers {
		if c.ReadinessProbe == nil {
			return settleSeconds
		}
	}
	return 0
}

// strategy is how Pods are replaced. Without an update_config it is left to
// Kubernetes, which starts the new Pod first; a GPU must be given back first.
func (p *pod) strategy() (appsv1.DeploymentStrategy, int32) {
	if p.service.Deploy == nil || p.service.Deploy.UpdateConfig == nil {
		if p.gpus > 0 {
			return appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}, 0
		}
		return appsv1.DeploymentStrategy{}, 0
	}
	update := p.service.Deploy.UpdateConfig
	step := intstr.FromInt32(1)
	if update.Parallelism != nil {
		if step = intstr.FromInt32(int32(min(*update.Parallelism, 1000))); *update.Parallelism == 0 {
			step = intstr.FromString("100%")
		}
	}
	none := intstr.FromInt32(0)
	rolling := &appsv1.RollingUpdateDeployment{MaxUnavailable: &step, MaxSurge: &none}
	if update.Order == "start-first" {
		rolling = &appsv1.RollingUpdateDeployment{MaxUnavailable: &none, MaxSurge: &step}
	}
	return appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: rolling}, seconds(update.Delay, 0)
}

func (p *pod) statefulSet(template corev1.PodTemplateSpec) *appsv1.StatefulSet {
	set := &appsv1.StatefulSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: kindStatefulSet},
		ObjectMeta: p.meta(p.name),
		Spec: appsv1.StatefulSetSpec{
			Replicas: p.replicas(), Selector: &metav1.LabelSelector{MatchLabels: p.selector()}, Template: template,
			ServiceName: p.name, PodManagementPolicy: appsv1.ParallelPodManagement,
		},
	}
	if p.service.Deploy != nil && p.service.Deploy.UpdateConfig != nil {
		set.Spec.MinReadySeconds = seconds(p.service.Deploy.UpdateConfig.Delay, 0)
		if p.service.Deploy.UpdateConfig.Order == "start-first" {
			p.r.lose("its volume belongs to one Pod at a time: the old one stops first", p.at("deploy", "update_config", "order")...)
		}
	}
	set.Spec.MinReadySeconds = max(set.Spec.MinReadySeconds, settle(template))
	return set
}

func (p *pod) daemonSet(template corev1.PodTemplateSpec) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: kindDaemonSet},
		ObjectMeta: p.meta(p.name),
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: p.selector()}, Template: template, MinReadySeconds: settle(template),
		},
	}
}

// job is named with a hash of its spec: a Job never changes, a changed one is
// another one, and an unchanged one is not run again.
func (p *pod) job(template corev1.PodTemplateSpec) *batchv1.Job {
	backoff := int32(0)
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	if restartPolicy(p.service) == types.RestartPolicyOnFailure {
		template.Spec.RestartPolicy, backoff = corev1.RestartPolicyOnFailure, p.attempts()
	}
	j := &batchv1.Job{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: kindJob},
		Spec:     batchv1.JobSpec{BackoffLimit: &backoff, Template: template},
	}
	if replicas := *p.replicas(); replicas != 1 {
		j.Spec.Parallelism, j.Spec.Completions = &replicas, &replicas
	}
	j.ObjectMeta = p.meta(p.name + "-" + digest(j.Spec)[:8])
	return j
}

// attempts is how often a Job is tried again: Kubernetes' six, if not said.
func (p *pod) attempts() int32 {
	if _, count, ok := strings.Cut(p.service.Restart, ":"); ok {
		if n, err := strconv.ParseInt(count, 10, 32); err == nil && n >= 0 {
			return int32(n)
		}
	}
	if d := p.service.Deploy; d != nil && d.RestartPolicy != nil && d.RestartPolicy.MaxAttempts != nil {
		return int32(min(*d.RestartPolicy.MaxAttempts, 1000))
	}
	return 6
}

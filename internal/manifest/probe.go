package manifest

import (
	"math"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/diorama-dev/diorama/stacks"
)

// starting is how long a container may take to become healthy for the first
// time before the kubelet starts it again: Compose would wait for ever.
const starting = 10 * time.Minute

// rhythm is how a container is asked.
type rhythm struct {
	first, then time.Duration // between two questions, before and after the first good answer
	timeout     time.Duration
	retries     int32
	patience    time.Duration // until the first good answer
}

// seconds rounds up, within what Kubernetes takes.
func seconds(d types.Duration, least int32) int32 {
	s := math.Ceil(time.Duration(d).Seconds())
	return int32(max(float64(least), min(s, math.MaxInt32)))
}

// probes are the startup and the readiness probe: of stack.yaml, else of the
// healthcheck.
func (p *pod) probes(e *environment) (startup, readiness *corev1.Probe) {
	if probe, ok := p.r.in.Probes[p.compose]; ok {
		return both(stackHandler(e, probe), rhythm{
			first: time.Second, then: 10 * time.Second, timeout: 5 * time.Second, retries: 3, patience: starting,
		})
	}
	check := p.service.HealthCheck
	if check == nil || check.Disable {
		return nil, nil
	}
	handler, ok := p.healthHandler(e, check.Test)
	if !ok {
		return nil, nil
	}
	return both(handler, healthRhythm(check))
}

func both(handler corev1.ProbeHandler, r rhythm) (startup, readiness *corev1.Probe) {
	first := seconds(types.Duration(r.first), 1)
	timeout := seconds(types.Duration(r.timeout), 1)
	threshold := int32(max(1, math.Ceil(min(r.patience.Seconds()/float64(first), math.MaxInt32))))
	startup = &corev1.Probe{ProbeHandler: handler, PeriodSeconds: first, TimeoutSeconds: timeout, FailureThreshold: threshold}
	readiness = &corev1.Probe{
		ProbeHandler: handler, PeriodSeconds: seconds(types.Duration(r.then), 1), TimeoutSeconds: timeout, FailureThreshold: max(1, r.retries),
	}
	return startup, readiness
}

func stackHandler(e *environment, probe stacks.Probe) corev1.ProbeHandler {
	switch {
	case probe.HTTP != nil:
		return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: probe.HTTP.Path, Port: intstr.FromInt32(int32(probe.HTTP.Port))}}
	case probe.TCP != 0:
		return corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(int32(probe.TCP))}}
	}
	return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: e.exec(probe.Exec)}}
}

// healthHandler reads a healthcheck's test: CMD and words, CMD-SHELL and a
// script, or NONE. Without a test it is the image's own, which a cluster does
// not know.
func (p *pod) healthHandler(e *environment, test types.HealthCheckTest) (corev1.ProbeHandler, bool) {
	exec := func(command []string) (corev1.ProbeHandler, bool) {
		return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}, true
	}
	switch {
	case len(test) == 0:
		p.r.lose("the image's own healthcheck is not known here; write its test out", p.at("healthcheck")...)
	case test[0] == "CMD-SHELL" && len(test) > 1:
		return exec(e.shell(e.rewriteAll(test[1:2])[0]))
	case test[0] == "CMD" && len(test) > 1:
		return exec(e.exec(test[1:]))
	}
	return corev1.ProbeHandler{}, false
}

// healthRhythm fills in Compose's defaults, but asks often until the first
// good answer: others wait for it.
func healthRhythm(check *types.HealthCheckConfig) rhythm {
	r := rhythm{first: 2 * time.Second, then: 10 * time.Second, timeout: 30 * time.Second, retries: 3, patience: starting}
	if check.Interval != nil && *check.Interval > 0 {
		r.then = time.Duration(*check.Interval)
		r.first = min(r.first, r.then)
	}
	if check.StartInterval != nil && *check.StartInterval > 0 {
		r.first = time.Duration(*check.StartInterval)
	}
	if check.Timeout != nil && *check.Timeout > 0 {
		r.timeout = time.Duration(*check.Timeout)
	}
	if check.Retries != nil && *check.Retries > 0 {
		r.retries = int32(min(*check.Retries, 1000))
	}
	start := time.Duration(0)
	if check.StartPeriod != nil {
		start = time.Duration(*check.StartPeriod)
	}
	r.patience = max(r.patience, start+time.Duration(r.retries)*min(r.then, time.Hour))
	return r
}

package manifest

import (
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
)

// imageReference is the image that a service asks for: its own, or a name of
// ours for one that is built.
func (p *pod) imageReference() string {
	if p.service.Image != "" {
		return p.service.Image
	}
	return "diorama.local/" + label(p.r.in.Environment) + "/" + p.name
}

func (p *pod) mainContainer() (corev1.Container, error) {
	var err error
	p.requested = p.imageReference()
	if p.image, err = p.r.image(p.requested); err != nil {
		return corev1.Container{}, err
	}
	e := newEnvironment(p, p.at())
	c := p.container(e, p.name, p.service.ContainerSpec)
	c.Image = p.image
	c.Stdin, c.TTY = p.service.StdinOpen, p.service.Tty
	c.Resources = p.resources()
	c.VolumeMounts = p.mountAll(p.service.ContainerSpec)
	c.StartupProbe, c.ReadinessProbe = p.probes(e)
	c.Lifecycle = p.lifecycle(e)
	c.Ports = p.containerPorts()
	c.Env = e.list()
	return c, nil
}

// container is what services and their pre_start hooks have in common.
func (p *pod) container(e *environment, name string, spec types.ContainerSpec) corev1.Container {
	e.add(spec.Environment)
	c := corev1.Container{
		Name:            name,
		ImagePullPolicy: corev1.PullIfNotPresent,
		WorkingDir:      spec.WorkingDir,
		SecurityContext: p.security(spec, e.path),
	}
	c.Command, c.Args = p.command(e, spec)
	return c
}

// command is entrypoint and command. In both worlds, giving an entrypoint
// silences the image's command, and giving a command keeps its entrypoint.
func (p *pod) command(e *environment, spec types.ContainerSpec) (command, args []string) {
	command, args = e.arguments(spec.Entrypoint), e.arguments(spec.Command)
	switch {
	case spec.Entrypoint != nil && len(spec.Entrypoint) == 0 && len(spec.Command) > 0:
		return args, nil // the image's entrypoint is cleared
	case spec.Entrypoint != nil && len(spec.Entrypoint) == 0:
		p.r.lose("an image's entrypoint can be replaced, not cleared; name the program", append(e.path, "entrypoint")...)
	case spec.Command != nil && len(spec.Command) == 0 && len(spec.Entrypoint) == 0:
		p.r.lose("an image's command can be replaced, not cleared; name the program", append(e.path, "command")...)
	}
	return command, args
}

// containerPorts only inform: every port of a Pod can be reached.
func (p *pod) containerPorts() []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for _, port := range p.declaredPorts() {
		ports = append(ports, corev1.ContainerPort{Name: port.name, ContainerPort: port.number, Protocol: port.protocol})
	}
	return ports
}

// initContainers are the service's pre_start hooks, in order.
func (p *pod) initContainers(mounts []corev1.VolumeMount) ([]corev1.Container, error) {
	var list []corev1.Container
	for i, hook := range p.service.PreStart {
		reference := hook.Image
		if reference == "" {
			reference = p.requested
		}
		image, err := p.r.image(reference)
		if err != nil {
			return nil, err
		}
		e := newEnvironment(p, p.at("pre_start", fmt.Sprint(i)))
		c := p.container(e, fmt.Sprintf("%s-init-%d", p.name, i), hook.ContainerSpec)
		c.Image = image
		c.VolumeMounts = mounts
		c.Env = e.list()
		list = append(list, c)
	}
	return list, nil
}

// lifecycle holds what runs after the start and before the stop.
func (p *pod) lifecycle(e *environment) *corev1.Lifecycle {
	after, before := p.hooks(e, "post_start", p.service.PostStart), p.hooks(e, "pre_stop", p.service.PreStop)
	if stop := stopScript(p.service.StopSignal, p.service.Init); stop != "" {
		before = append(before, stop)
	}
	if len(after)+len(before) == 0 {
		return nil
	}
	handler := func(scripts []string) *corev1.LifecycleHandler {
		if len(scripts) == 0 {
			return nil
		}
		return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: e.shell(strings.Join(scripts, " && "))}}
	}
	return &corev1.Lifecycle{PostStart: handler(after), PreStop: handler(before)}
}

func (p *pod) hooks(e *environment, key string, hooks []types.ServiceHook) []string {
	var scripts []string
	for i, hook := range hooks {
		at := func(k string) []string { return p.at(key, fmt.Sprint(i), k) }
		if hook.User != "" && hook.User != p.service.User {
			p.r.lose("hooks run as the container's own user", at("user")...)
		}
		if hook.Privileged && !p.service.Privileged {
			p.r.lose("hooks have the container's own privileges", at("privileged")...)
		}
		if len(hook.Command) == 0 {
			continue
		}
		words := quoteAll(e.rewriteAll(hook.Command))
		if len(hook.Environment) > 0 {
			words = "env " + quoteAll(pairs(hook.Environment)) + " " + words
		}
		if hook.WorkingDir != "" {
			words = "cd " + quote(hook.WorkingDir) + " && " + words
		}
		scripts = append(scripts, "("+words+")")
	}
	return scripts
}

// stopScript sends the signal that a container wants instead of SIGTERM and
// waits for its end; the kubelet's own signal comes after it.
func stopScript(signal string, init *bool) string {
	name := strings.TrimPrefix(strings.ToUpper(signal), "SIG")
	if name == "" || name == "TERM" || name == "15" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-") != "" {
		return ""
	}
	if init != nil && *init {
		return "kill -" + name + " -1"
	}
	return "kill -" + name + " 1; while kill -0 1 2>/dev/null; do sleep 1; done"
}

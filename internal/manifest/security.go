package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
)

// security is what a container may do.
func (p *pod) security(spec types.ContainerSpec, at []string) *corev1.SecurityContext {
	c := &corev1.SecurityContext{}
	yes, no := true, false
	if spec.Privileged {
		c.Privileged = &yes
	}
	if spec.ReadOnly {
		c.ReadOnlyRootFilesystem = &yes
	}
	if len(spec.CapAdd)+len(spec.CapDrop) > 0 {
		c.Capabilities = &corev1.Capabilities{Add: capabilities(spec.CapAdd), Drop: capabilities(spec.CapDrop)}
	}
	c.RunAsUser, c.RunAsGroup = p.user(spec.User, at)
	for _, option := range spec.SecurityOpt {
		switch strings.ReplaceAll(option, ":", "=") {
		case "no-new-privileges=true", "no-new-privileges":
			if !spec.Privileged && !slices.Contains(capabilities(spec.CapAdd), "SYS_ADMIN") {
				c.AllowPrivilegeEscalation = &no
			}
		case "no-new-privileges=false":
		case "seccomp=unconfined":
			c.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
		case "apparmor=unconfined":
			c.AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
		default:
			p.r.lose("the nodes have no such profile", p.r.in.Project.Item(option, append(slices.Clone(at), "security_opt")...)...)
		}
	}
	if *c == (corev1.SecurityContext{}) {
		return nil
	}
	return c
}

func capabilities(names []string) []corev1.Capability {
	var list []corev1.Capability
	for _, name := range names {
		list = append(list, corev1.Capability(strings.TrimPrefix(strings.ToUpper(name), "CAP_")))
	}
	return list
}

// user reads "user", "user:group"; names are known only inside the image,
// except root's.
func (p *pod) user(user string, at []string) (uid, gid *int64) {
	if user == "" {
		return nil, nil
	}
	name, group, grouped := strings.Cut(user, ":")
	if uid = identity(name); uid == nil {
		p.r.lose("only the image knows the user "+strconv.Quote(name)+"; give its number", append(slices.Clone(at), "user")...)
		return nil, nil
	}
	if grouped {
		if gid = identity(group); gid == nil {
			p.r.lose("only the image knows the group "+strconv.Quote(group)+"; give its number", append(slices.Clone(at), "user")...)
		}
	}
	return uid, gid
}

func identity(name string) *int64 {
	if name == "root" {
		return new(int64)
	}
	n, err := strconv.ParseInt(name, 10, 32)
	if err != nil || n < 0 {
		return nil
	}
	return &n
}

// podSecurity is what all containers of the Pod share: the group that volumes
// belong to, so that a user other than root can write, and kernel settings.
func (p *pod) podSecurity() *corev1.PodSecurityContext {
	c := &corev1.PodSecurityContext{}
	name, group, grouped := strings.Cut(p.service.User, ":")
	if uid := identity(name); uid != nil && *uid != 0 && len(p.volumes) > 0 {
		c.FSGroup = uid
		if gid := identity(group); grouped && gid != nil && *gid != 0 {
			c.FSGroup = gid
		}
		once := corev1.FSGroupChangeOnRootMismatch
		c.FSGroupChangePolicy = &once
	}
	for _, group := range p.service.GroupAdd {
		if gid := identity(group); gid != nil {
			c.SupplementalGroups = append(c.SupplementalGroups, *gid)
		} else {
			p.r.lose("only the image knows the group "+strconv.Quote(group)+"; give its number", p.item(group, "group_add")...)
		}
	}
	for _, name := range slices.Sorted(keys(p.service.Sysctls)) {
		if !safeSysctl(name) {
			p.r.lose("the kubelet allows a Pod to set only what Kubernetes lists as safe", p.at("sysctls", name)...)
			continue
		}
		c.Sysctls = append(c.Sysctls, corev1.Sysctl{Name: name, Value: p.service.Sysctls[name]})
	}
	if c.FSGroup == nil && len(c.SupplementalGroups)+len(c.Sysctls) == 0 {
		return nil
	}
	return c
}

// safeSysctl reports whether a kubelet allows the setting by default
// (Kubernetes 1.32, "Using sysctls in a Kubernetes Cluster").
func safeSysctl(name string) bool {
	switch name {
	case "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
		"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem":
		return true
	}
	return false
}

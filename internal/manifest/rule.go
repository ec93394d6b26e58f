package manifest

import (
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/compose"
)

// rule says what becomes of a key. The zero rule is a key that is carried over
// with all that is below it.
type rule struct {
	// lost is the reason why it is not.
	lost string
	// harmless are values that ask for what there is anyway.
	harmless []string
	// below are the rules of the keys below it, "*" those of any key or item
	// without one; a key that has no rule at all is a loss.
	below map[string]rule
}

// walkLosses goes through everything that the files say, so that a key which
// nobody has thought of is reported and not dropped.
func (r *renderer) walkLosses() {
	rules := rule{below: fileRules()}
	r.in.Project.Walk(func(e compose.Entry) bool {
		if !r.enabled(e.Path) {
			return false
		}
		found, free := rules.find(e.Path)
		switch {
		case found == nil && !free && strings.HasPrefix(e.Path[len(e.Path)-1], "x-"):
			return false // an extension, for other programs
		case found == nil:
			r.lose("it has no meaning here", e.Path...)
			return false
		case found.lost == "":
			return found.below != nil
		}
		if e.Kind != compose.Scalar || e.Value != "" && !slices.Contains(found.harmless, e.Value) {
			r.lose(found.lost, e.Path...)
		}
		return false
	})
}

// unsetVariables reports variables that are not set, as docker compose does.
func (r *renderer) unsetVariables() {
	r.in.Project.Walk(func(e compose.Entry) bool {
		if !r.enabled(e.Path) || len(e.Path) == 1 && strings.HasPrefix(e.Path[0], "x-") {
			return false // of an extension, what is used of it is seen where it is used
		}
		for _, name := range e.Unset {
			r.lose("the variable "+name+" is not set; nothing stands in its place", e.Path...)
		}
		return true
	})
}

// enabled is false for a service of a profile that is not active, or one that
// is lost as a whole.
func (r *renderer) enabled(path []string) bool {
	if len(path) < 2 || path[0] != "services" {
		return true
	}
	_, enabled := r.names[path[1]]
	return enabled
}

// find is the rule of a path, nil where there is none. Free is true where the
// last key is a name of the user's own.
func (top rule) find(path []string) (_ *rule, free bool) {
	current := top
	for _, key := range path {
		next, named := current.below[key]
		if !named {
			rest, ok := current.below["*"]
			if !ok {
				return nil, false
			}
			next = rest
		}
		free = !named
		current = next
	}
	return &current, free
}

func lost(reason string, harmless ...string) rule { return rule{lost: reason, harmless: harmless} }

func each(rules map[string]rule) rule { return rule{below: map[string]rule{"*": {below: rules}}} }

// carried are keys that are carried over with all that is below them.
func carried(rules map[string]rule, names ...string) map[string]rule {
	for _, name := range names {
		rules[name] = rule{}
	}
	return rules
}

func fileRules() map[string]rule {
	return carried(map[string]rule{
		"services": each(serviceRules()),
		"volumes": each(carried(map[string]rule{
			"driver":      lost("the cluster's own storage is used", "local"),
			"driver_opts": lost("the cluster's own storage is used"),
			"external":    lost("the cluster has no such volume yet; an empty one is made", "false"),
			"name":        lost("the volume is the environment's own; environments do not share"),
			"labels":      {below: map[string]rule{LabelSize: {}, "*": lost("a volume carries no labels of its own")}},
		})),
		"networks": each(carried(map[string]rule{
			"driver":      lost("the Pod network is the cluster's", "bridge", "overlay", "default"),
			"driver_opts": lost("the Pod network is the cluster's"),
			"ipam":        lost("the Pod network is the cluster's; refer to services by name"),
			"internal":    lost("Pods reach the outside; the environment's network is one", "false"),
			"external":    lost("the environment's network is one; what is attached elsewhere is not in it", "false"),
			"enable_ipv4": lost("the Pod network is the cluster's", "true"),
			"enable_ipv6": lost("the Pod network is the cluster's", "false"),
			"labels":      lost("there is no object that would carry them"),
		}, "name", "attachable")),
		"secrets": each(objectRules()),
		"configs": each(objectRules()),
		"jobs":    lost("jobs are not run; start them by hand with kubectl create job"),
		"models":  lost("models are run by Docker's model runner, which a cluster lacks"),
	}, "name", "version", "include")
}

func objectRules() map[string]rule {
	return carried(map[string]rule{
		"driver":          lost("only files, texts and variables are carried over"),
		"driver_opts":     lost("only files, texts and variables are carried over"),
		"template_driver": lost("the text is used as it is"),
		"labels":          lost("it carries no labels of its own"),
		"external":        lost("it is defined elsewhere; give its file or content here", "false"),
	}, "file", "content", "environment", "name")
}

// serviceRules are those of a service's keys. Keys that are carried over only
// in part report their losses where they are rendered.
func serviceRules() map[string]rule {
	rules := carried(map[string]rule{
		"build":      {below: buildRules()},
		"depends_on": each(carried(map[string]rule{"restart": lost("a service is not started again with the one it depends on", "false")}, "condition", "required")),
		"deploy":     {below: deployRules()},
		"networks": each(carried(map[string]rule{
			"driver_opts":            lost("the Pod network is the cluster's"),
			"interface_name":         lost("the Pod network is the cluster's"),
			"ipv4_address":           lost("Pods get their addresses from the cluster; refer to the service by name"),
			"ipv6_address":           lost("Pods get their addresses from the cluster; refer to the service by name"),
			"link_local_ips":         lost("Pods get their addresses from the cluster; refer to the service by name"),
			"mac_address":            lost("Pods get their addresses from the cluster"),
			"use_service_name_alias": lost("a service always has its own name", "true"),
		}, "aliases", "priority", "gw_priority")),
		"ports":   each(carried(map[string]rule{"mode": lost("ports are published by the cluster", "ingress", "host")}, "target", "published", "host_ip", "protocol", "name", "app_protocol")),
		"volumes": each(volumeRules()),
		"configs": each(carried(fileOwner(), "source", "target", "mode")),
		"secrets": each(carried(fileOwner(), "source", "target", "mode")),
	}, "image", "command", "entrypoint", "environment", "env_file", "expose", "healthcheck", "container_name", "restart",
		"hostname", "user", "working_dir", "shm_size", "tmpfs", "stop_grace_period", "cap_add", "cap_drop",
		"privileged", "read_only", "init", "extra_hosts", "dns", "dns_search", "dns_opt", "labels", "label_file",
		"annotations", "mem_limit", "mem_reservation", "cpus", "cpu_quota", "cpu_period", "scale", "profiles",
		"extends", "tty", "stdin_open", "attach", "security_opt", "gpus", "group_add", "sysctls", "links", "stop_signal")
	for name, r := range hookRules() {
		rules[name] = r
	}
	for name, r := range lostServiceKeys() {
		rules[name] = r
	}
	return rules
}

func fileOwner() map[string]rule {
	return map[string]rule{
		"uid": lost("mounted files belong to root; all may read them", "0"),
		"gid": lost("mounted files belong to root; all may read them", "0"),
	}
}

func volumeRules() map[string]rule {
	return carried(map[string]rule{
		"consistency": lost("there is no such setting", "default", "consistent", "cached", "delegated"),
		"bind": {below: map[string]rule{
			"create_host_path": {}, "selinux": {}, "recursive": {},
			"propagation": lost("mounts are private", "rprivate", "private"),
		}},
		"volume": {below: carried(map[string]rule{"labels": lost("a volume carries no labels of its own")}, "nocopy", "subpath")},
		"tmpfs":  {below: carried(map[string]rule{"mode": lost("everybody may write", "1777", "511", "1023", "0777", "777")}, "size")},
		"image":  {},
	}, "type", "source", "target", "read_only")
}

func hookRules() map[string]rule {
	hook := each(carried(map[string]rule{}, "command", "user", "privileged", "working_dir", "environment"))
	start := serviceStartRules()
	return map[string]rule{"post_start": hook, "pre_stop": hook, "pre_start": each(start)}
}

// serviceStartRules are those of a hook that runs before the service: it is an
// init container, which has what the service's container has.
func serviceStartRules() map[string]rule {
	rules := carried(map[string]rule{
		"per_replica": lost("it runs once for every Pod", "true"),
		"volumes":     lost("it sees the volumes of its service"),
		"tmpfs":       lost("it sees the volumes of its service"),
		"secrets":     lost("it sees the secrets of its service"),
		"configs":     lost("it sees the configs of its service"),
	}, "image", "command", "entrypoint", "environment", "env_file", "user", "working_dir", "cap_add", "cap_drop",
		"privileged", "read_only", "security_opt")
	for name, r := range lostServiceKeys() {
		rules[name] = r
	}
	return rules
}

func buildRules() map[string]rule {
	const reason = "the image is built without it"
	rules := carried(map[string]rule{}, "context", "dockerfile", "dockerfile_inline", "args", "target", "labels", "extra_hosts", "network")
	for _, name := range []string{"additional_contexts", "secrets", "ssh", "entitlements", "isolation", "ulimits", "shm_size"} {
		rules[name] = lost(reason)
	}
	rules["privileged"] = lost(reason, "false")
	rules["platforms"] = lost("the image is built for the nodes' platform")
	for _, name := range []string{"cache_from", "cache_to", "tags", "provenance", "sbom", "no_cache_filter"} {
		rules[name] = rule{lost: "it makes no difference to the image that runs here"}
	}
	rules["no_cache"] = lost("the cache is used; it follows what the image is made of", "false")
	rules["pull"] = lost("base images are taken from the host's cache where they are there", "false")
	return rules
}

func deployRules() map[string]rule {
	limits := carried(map[string]rule{
		"pids":              lost("the kubelet has one limit for all Pods", "0", "-1"),
		"generic_resources": lost("only NVIDIA's GPUs can be reserved"),
		"devices": each(carried(map[string]rule{
			"options": lost("a Pod asks for a number of GPUs only"),
		}, "capabilities", "count", "device_ids", "driver")),
	}, "cpus", "memory")
	update := carried(map[string]rule{
		"failure_action":    lost("a rollout that fails stops and is reported", "pause"),
		"monitor":           lost("the readiness probe decides"),
		"max_failure_ratio": lost("the readiness probe decides", "0", "0.0"),
	}, "parallelism", "delay", "order")
	return carried(map[string]rule{
		"resources":       {below: map[string]rule{"limits": {below: limits}, "reservations": {below: limits}}},
		"update_config":   {below: update},
		"rollback_config": lost("a rollout that fails stops and is reported; nothing is rolled back"),
		"placement":       lost("the cluster's nodes are alike; Pods run where there is room"),
		"restart_policy": {below: carried(map[string]rule{
			"delay":  lost("the kubelet waits longer after every restart"),
			"window": lost("the kubelet waits longer after every restart"),
		}, "condition", "max_attempts")},
	}, "mode", "replicas", "labels", "endpoint_mode")
}

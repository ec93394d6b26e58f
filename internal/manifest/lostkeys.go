package manifest

// lostServiceKeys are the keys of a service that a cluster does not know.
func lostServiceKeys() map[string]rule {
	const (
		kubelet = "the nodes' kubelet decides; there is no such setting for a Pod"
		devices = "nodes have no such device; GPUs are asked for with deploy.resources.reservations.devices"
		logs    = "logs are read from the Pods; see diorama logs"
	)
	rules := map[string]rule{
		"network_mode":        lost("Pods have addresses of their own; services reach each other by name", "bridge", "default"),
		"pid":                 lost("Pods do not share processes with others"),
		"ipc":                 lost("Pods do not share memory with others", "private", "shareable"),
		"uts":                 lost("Pods have host names of their own"),
		"userns_mode":         lost(kubelet),
		"cgroup":              lost(kubelet, "private"),
		"devices":             {below: map[string]rule{"*": lost(devices, "nvidia.com/gpu=all")}},
		"device_cgroup_rules": lost(devices),
		"logging":             lost(logs),
		"log_driver":          lost(logs),
		"log_opt":             lost(logs),
		"domainname":          lost("Pods are in the domain of their Service"),
		"mac_address":         lost("Pods get their addresses from the cluster"),
		"external_links":      lost("containers outside of the environment are not in its network"),
		"net":                 lost("Pods have addresses of their own; services reach each other by name", "bridge"),
		"models":              lost("models are run by Docker's model runner, which a cluster lacks"),
		"provider":            lost("a provider runs outside of containers; run it beside the environment"),
		"credential_spec":     lost("it is for Windows"),
		"isolation":           lost("it is for Windows", "default"),
		"platform":            lost("the image for the nodes' platform is used"),
		"pull_policy":         lost("images are fetched before the start and loaded into the nodes", "missing", "if_not_present", "build"),
		"pull_refresh_after":  lost("images are fetched before the start and loaded into the nodes"),
		"runtime":             lost("nodes have one container runtime", "runc"),
		"volumes_from":        lost("name the volumes and mount them in both services"),
		"volume_driver":       lost("the cluster's own storage is used", "local"),
		"use_api_socket":      lost("a cluster has no Docker to talk to", "false"),
		"develop":             lost("files are not watched; run diorama up again after a change"),
		"ulimits":             lost("containers have the limits of the nodes' container runtime"),
		"umask":               lost(kubelet),
		"oom_kill_disable":    lost(kubelet, "false"),
	}
	for _, name := range []string{
		"blkio_config", "cgroup_parent", "cpu_count", "cpu_percent", "cpu_rt_period", "cpu_rt_runtime", "cpuset",
		"cpu_shares", "memswap_limit", "mem_swappiness", "oom_score_adj", "pids_limit", "storage_opt",
	} {
		rules[name] = lost(kubelet, "0")
	}
	return rules
}

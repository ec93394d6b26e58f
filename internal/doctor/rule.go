package doctor

import (
	"fmt"
	"strings"

	"github.com/diorama-dev/diorama/internal/docker"
)

// RuleDoc is what is known of a check before it is made: checks take their ID
// from here, and the troubleshooting page is made of it.
type RuleDoc struct {
	ID    string
	Title string
	// Meaning is what is looked at, and when it is not well.
	Meaning string
	// Remedies are what a person can do; what only a check knows stands in
	// capitals.
	Remedies []string
}

// rule is one kind of check. Examine gets the check as it is when all is well,
// and returns those that it came to.
type rule struct {
	doc     RuleDoc
	examine func(Facts, Check) []Check
}

// rules are in the order in which their checks are told.
func rules() []rule {
	return append(machineRules(), []rule{
		{RuleDoc{
			"cgroup", "Control groups",
			fmt.Sprintf("Kubernetes 1.%d and later need version 2 of the kernel's control groups.", strictKubelet),
			[]string{olderKubernetes(), modernCgroups},
		}, cgroups},
		{RuleDoc{
			"inotify", "File watches",
			"The kernel's bounds of one user's file watches, which all nodes share. Too few show as \"too many open files\", later and elsewhere.",
			[]string{"sudo sysctl " + strings.Join(Inotify{1, 1}.raised(), " ")},
		}, inotify},
		{RuleDoc{
			"port", "Ports",
			"Whether the ports that the profile wants on 127.0.0.1 are free, and who holds one that is not. A port that is taken stops nothing: another one is used.",
			[]string{freePort},
		}, ports},
		{RuleDoc{
			"network", "Network kind",
			"Docker's network for clusters must be a bridge, and have addresses that no network of this machine (a VPN, say) has too.",
			[]string{removeNetwork, otherAddresses},
		}, bridge},
		{RuleDoc{
			"cluster", "Clusters",
			"Clusters that have a name of ours and are not ours. They are never touched; one that has the very name that is wanted is in the way.",
			[]string{removeCluster("CLUSTER")},
		}, clusters},
		{RuleDoc{
			"context", "Contexts",
			"Contexts of your kubeconfig that have a name of ours and are not ours. It matters only with --merge-kubeconfig.",
			[]string{removeContext("CONTEXT")},
		}, contexts},
		gpuRule(),
		gpuReloadRule(),
	}...)
}

// machineRules are those of Docker and the machine that it runs on.
func machineRules() []rule {
	return []rule{
		{RuleDoc{
			"platform", "Platform",
			"Node images are built for amd64 and arm64. Docker should run the architecture of this machine: an emulated one is slow.",
			[]string{otherArchitecture, ownArchitecture("ARCHITECTURE")},
		}, platform},
		{RuleDoc{
			"docker", "Docker",
			"Whether a Docker engine answers that can be used: one on this machine, new enough, and this user may use it.",
			dockerRemedies(),
		}, dockerAnswers},
		{RuleDoc{
			"docker-command", "docker command",
			"Whether the command docker is on PATH: kind runs it.",
			[]string{installCommand},
		}, dockerCommand},
		serversRule(),
		{RuleDoc{
			"memory", "Memory",
			"What Docker's machine has, not the laptop around it, against " + size(leastMemory) + " and what the profile is expected to use. Below " + size(comfortMemory) + " there is a warning.",
			append(raises("memory"), endPrograms),
		}, memory},
		{RuleDoc{
			"cpus", "CPUs",
			"One CPU works, slowly; there is a warning.",
			raises("CPUs"),
		}, cpus},
		{RuleDoc{
			"disk", "Disk",
			"What is free where Docker keeps its data: below " + size(leastDisk) + " images do not fit, below " + size(comfortDisk) + " there is a warning.",
			[]string{freeDisk},
		}, disk},
	}
}

// dockerRemedies are those of every reason for which Docker cannot be used.
func dockerRemedies() []string {
	var out []string
	for _, reason := range []docker.Reason{docker.NotFound, docker.NotRunning, docker.NotPermitted, docker.NotSupported} {
		out = append(out, (&docker.Error{Reason: reason}).Remedy())
	}
	return append(out, askDocker)
}

// Catalogue lists every kind of check, in the order in which they are told.
func Catalogue() []RuleDoc {
	var out []RuleDoc
	for _, r := range rules() {
		out = append(out, r.doc)
	}
	return out
}

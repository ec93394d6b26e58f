package doctor

import (
	"fmt"
	"strconv"
	"strings"
)

// strictKubelet is the first Kubernetes 1.x whose kubelet refuses to start on
// cgroup v1 unless its failCgroupV1 is turned off (KEP-5573).
const strictKubelet = 35

// kind's own advice for clusters of more than one node:
// https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
const (
	inotifyInstances = 512
	inotifyWatches   = 524288
)

const modernCgroups = "boot Docker's machine with cgroup v2 (kernel parameter systemd.unified_cgroup_hierarchy=1)"

// olderKubernetes takes the last version before the strict one.
func olderKubernetes() string {
	return fmt.Sprintf(`set cluster.kubernetes to "1.%d"`, strictKubelet-1)
}

func cgroups(f Facts, check Check) []Check {
	if f.Docker.CgroupVersion == "" {
		return nil
	}
	check.Found = "version " + f.Docker.CgroupVersion
	if f.Docker.CgroupVersion != "1" {
		return []Check{check}
	}
	check.Status, check.Remedy = Warn, modernCgroups+": Kubernetes is leaving version 1 behind"
	if minor, known := minorOf(f.Wanted.Kubernetes); known && minor >= strictKubelet {
		check.Status = Fail
		check.Found += ", and the kubelet of Kubernetes " + f.Wanted.Kubernetes + " does not start on it"
		check.Remedy = olderKubernetes() + ", or " + modernCgroups
	}
	return []Check{check}
}

// minorOf is the 36 of "1.36", "v1.36.4" and the like.
func minorOf(version string) (int, bool) {
	rest, found := strings.CutPrefix(strings.TrimPrefix(version, "v"), "1.")
	if !found {
		return 0, false
	}
	text, _, _ := strings.Cut(rest, ".")
	minor, err := strconv.Atoi(text)
	return minor, err == nil
}

// raised are the kernel's settings for those of the bounds that are too low.
func (i Inotify) raised() []string {
	var settings []string
	if i.Instances < inotifyInstances {
		settings = append(settings, fmt.Sprintf("fs.inotify.max_user_instances=%d", inotifyInstances))
	}
	if i.Watches < inotifyWatches {
		settings = append(settings, fmt.Sprintf("fs.inotify.max_user_watches=%d", inotifyWatches))
	}
	return settings
}

func inotify(f Facts, check Check) []Check {
	i := f.Inotify
	if i.Instances == 0 || i.Watches == 0 {
		return nil
	}
	check.Found = fmt.Sprintf("%d instances, %d watches per user", i.Instances, i.Watches)
	if settings := i.raised(); len(settings) > 0 {
		check.Status = Warn
		check.Remedy = "sudo sysctl " + strings.Join(settings, " ")
	}
	return []Check{check}
}

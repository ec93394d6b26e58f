package watch

import (
	"regexp"
	"strings"
)

// podInCgroup is the part of a cgroup's path that names a Pod, with the UID's
// dashes as they are or, with systemd, as underscores (kubelet, pkg/kubelet/cm).
var podInCgroup = regexp.MustCompile(`pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})(?:\.slice)?(?:/|\n|$)`)

// PodOfCgroup is the UID of the Pod that a process belongs to, by the text of
// its /proc/PID/cgroup; empty: it belongs to none.
func PodOfCgroup(text string) string {
	match := podInCgroup.FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	return strings.ReplaceAll(match[1], "_", "-")
}

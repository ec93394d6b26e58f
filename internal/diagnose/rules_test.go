package diagnose

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/env"
)

func TestExplainError(t *testing.T) {
	for text, want := range map[string]string{
		"permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock":                                           "docker-not-permitted",
		"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?":                                              "docker-not-running",
		"error during connect: this error may indicate that the docker daemon is not running: Get http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.41/info: EOF": "docker-not-running",
		`exec: "docker": executable file not found in $PATH`:                                                                                             "docker-not-running",
		"driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:5432 failed: port is already allocated":                       "port-in-use",
		"listen tcp 127.0.0.1:9092: bind: address already in use":                                                                                        "port-in-use",
		"write /var/lib/docker/tmp/x: no space left on device":                                                                                           "disk-full",
		"fsnotify: too many open files":                          "inotify-limit",
		"toomanyrequests: You have reached your pull rate limit": "image-rate-limited",
		"the weather is bad":                                     "",
	} {
		got := ""
		if findings := ExplainError(errors.New(text)); len(findings) > 0 {
			got = findings[0].ID
			if !findings[0].Terminal || len(findings[0].Advice) == 0 || !strings.Contains(findings[0].Summary, "try: ") {
				t.Errorf("%s: %+v", text, findings[0])
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	wrapped := fmt.Errorf("ask Docker: %w", &fs.PathError{Op: "dial", Path: "/var/run/docker.sock", Err: syscall.EACCES})
	if findings := ExplainError(wrapped); len(findings) != 1 || findings[0].ID != "docker-not-permitted" {
		t.Errorf("got %+v", findings)
	}
	if ExplainError(nil) != nil {
		t.Error("no error has a finding")
	}
}

// TestImageCauses uses words of registries and of container runtimes that the
// recordings lack: those of Docker Hub's pull limit and of errors on the way
// are documented ones, not recorded.
func TestImageCauses(t *testing.T) {
	for message, want := range map[string]string{
		"toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit": "image-rate-limited",
		"dial tcp 10.0.0.1:443: i/o timeout":                                               "registry-unreachable",
		"tls: failed to verify certificate: x509: certificate signed by unknown authority": "registry-unreachable",
		"http: server gave HTTP response to HTTPS client":                                  "registry-unreachable",
		"unexpected status from HEAD request: 403 Forbidden":                               "image-unauthorised",
		"manifest unknown": "image-not-found",
		"write /var/lib/containerd/x: no space left on device":                 "disk-full",
		"no matching manifest for linux/arm64/v8 in the manifest list entries": "image-platform",
		"something new": "image-pull-failed",
		"":              "image-pull-failed",
	} {
		if got := imageCauseOf(message).doc.ID; got != want {
			t.Errorf("%q: got %s, want %s", message, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                          "plain",
		"\x1b[31mred\x1b[0m text":        "red text",
		"two\nlines\tand tab":            "two lines and tab",
		"bell\a and \x00 nul":            "bell and nul",
		"bad \xff bytes":                 "bad bytes",
		"\u202eesrever":                  "esrever",
		"\x1b]0;title\a":                 "0;title",
		"日本語 stays":                      "日本語 stays",
		strings.Repeat("x", 2*maxText):   strings.Repeat("x", maxText) + "…",
		"\u009b2Jcleared":                "cleared",
		"  spaces   are \u2028 squeezed": "spaces are squeezed",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func TestAmounts(t *testing.T) {
	for n, want := range map[int64]string{
		64 << 20: "64Mi", 1 << 30: "1Gi", 24684084 << 10: "23.5Gi", 1536 << 20: "1536Mi", 0: "0", 512: "512",
	} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestAPIUnreachable(t *testing.T) {
	o := load(t, "ready")
	o.API = API{Address: "https://127.0.0.1:6443", Error: "connection refused", Since: noon}
	findings := Explain(o)
	if len(findings) != 1 || findings[0].ID != "api-unreachable" || findings[0].Terminal || !findings[0].Since.Equal(noon) {
		t.Errorf("got %+v", findings)
	}
	if services := Services(o); services[0].Phase != env.PhaseReady {
		t.Errorf("what was known is forgotten: %+v", services)
	}
}

// TestUnschedulableIsTerminalOnlyWhenNothingWillChange covers what Pods hold.
func TestUnschedulableIsTerminalOnlyWhenNothingWillChange(t *testing.T) {
	pod := func(name, memory, node string) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}}
		p.Spec.NodeName = node
		p.Spec.Containers = []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)},
		}}}
		if node == "" {
			p.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
				Message: "0/1 nodes are available: 1 Insufficient memory.", LastTransitionTime: metav1.NewTime(noon),
			}}
		}
		return p
	}
	leaving := pod("other", "3Gi", "node")
	leaving.DeletionTimestamp = new(metav1.NewTime(noon))
	for name, test := range map[string]struct {
		wants string
		other corev1.Pod
		after time.Duration
		want  bool
	}{
		"never fits":                 {"8Gi", pod("other", "1Gi", "node"), 0, true},
		"held, just now":             {"2Gi", pod("other", "3Gi", "node"), time.Second, false},
		"held by one that stays":     {"2Gi", pod("other", "3Gi", "node"), time.Minute, true},
		"held by one that is ending": {"2Gi", leaving, time.Minute, false},
	} {
		node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node"}}
		node.Status.Allocatable = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("4Gi")}
		o := Observation{Time: noon.Add(test.after), Nodes: []corev1.Node{node}, Pods: []corev1.Pod{pod("app", test.wants, ""), test.other}}
		findings := Explain(o)
		if len(findings) != 1 || findings[0].ID != "unschedulable-memory" || findings[0].Terminal != test.want {
			t.Errorf("%s: %+v", name, findings)
		}
	}
}

// TestReadyCountsArePods covers a controller that has not noticed yet.
func TestReadyCountsArePods(t *testing.T) {
	o := load(t, "ready")
	for i := range o.Pods[0].Status.Conditions {
		if o.Pods[0].Status.Conditions[i].Type == corev1.PodReady {
			o.Pods[0].Status.Conditions[i].Status = corev1.ConditionFalse
		}
	}
	if s := Services(o)[0]; s.Ready != 0 || s.Phase != env.PhaseStarting || s.Waiting == "" {
		t.Errorf("got %+v", s)
	}
}

// TestEvicted uses the kubelet's documented message, for want of a recording.
func TestEvicted(t *testing.T) {
	o := starting("")
	o.Pods[0].Status.Phase, o.Pods[0].Status.Reason = corev1.PodFailed, "Evicted"
	o.Pods[0].Status.Message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. "
	findings := Explain(o)
	if len(findings) != 1 || findings[0].ID != "evicted" || findings[0].Terminal || !strings.Contains(findings[0].Summary, "memory") {
		t.Errorf("got %+v", findings)
	}
}

func TestTaintsOfKubernetesItselfMayPass(t *testing.T) {
	o := load(t, "unschedulable-taint")
	o.Time = o.Time.Add(time.Hour)
	if findings := Explain(o); !findings[0].Terminal {
		t.Errorf("somebody's taint stays: %+v", findings)
	}
	o.Nodes[0].Spec.Taints[0].Key = "node.kubernetes.io/not-ready"
	if findings := Explain(o); findings[0].Terminal {
		t.Errorf("Kubernetes' own taint may pass: %+v", findings)
	}
}

func TestTerminalPicksAndOrders(t *testing.T) {
	got := Terminal([]env.Finding{
		{ID: "b", Terminal: true, Since: noon.Add(time.Second)}, {ID: "x"}, {ID: "a", Terminal: true, Since: noon},
	})
	if len(got) != 2 || got[0].ID != "a" || got[1].ID != "b" {
		t.Errorf("got %+v", got)
	}
}

func TestSettingsThatComeByThemselves(t *testing.T) {
	for _, message := range []string{
		`MountVolume.SetUp failed for volume "x" : failed to sync configmap cache: timed out waiting for the condition`,
		`MountVolume.SetUp failed for volume "kube-api-access-x" : configmap "kube-root-ca.crt" not found`,
	} {
		o := load(t, "volume-mount-failed")
		first := time.Time{}
		for i := range o.Events {
			if o.Events[i].Reason == "FailedMount" {
				o.Events[i].Message = message
				first = firstSeen(o.Events[i])
			}
		}
		for after, want := range map[time.Duration]int{time.Second: 0, time.Minute: 1} {
			o.Time = first.Add(after)
			if findings := Explain(o); len(findings) != want {
				t.Errorf("%s after %s: %+v", message, after, findings)
			}
		}
	}
}

// TestANodeThatIsStillComingAccepts: of several nodes the control plane's taint
// is not what keeps a Pod off while the others become ready.
func TestANodeThatIsStillComingAccepts(t *testing.T) {
	o := load(t, "unschedulable-taint")
	o.Time = o.Time.Add(time.Hour)
	since := Explain(o)[0].Since
	worker := *o.Nodes[0].DeepCopy()
	worker.Name, worker.Spec.Taints[0].Key = "worker", "node.kubernetes.io/not-ready"
	o.Nodes = append(o.Nodes, worker)
	o.Time = since.Add(schedulePatience - time.Second)
	if findings := Explain(o); slices.ContainsFunc(findings, func(f env.Finding) bool { return f.ID == "unschedulable-taint" }) {
		t.Errorf("before its time: %+v", findings)
	}
	o.Time = since.Add(schedulePatience)
	findings := Explain(o)
	i := slices.IndexFunc(findings, func(f env.Finding) bool { return f.ID == "unschedulable-taint" })
	if i < 0 || findings[i].Terminal || strings.Contains(strings.Join(findings[i].Advice, " "), o.Nodes[0].Name) {
		t.Errorf("got %+v", findings)
	}
}

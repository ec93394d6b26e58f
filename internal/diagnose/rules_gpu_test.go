package diagnose

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func gpuPod(name, node, gpus string) corev1.Pod {
	amount := corev1.ResourceList{"nvidia.com/gpu": resource.MustParse(gpus)}
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "diorama"},
		Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
			Name: name, Resources: corev1.ResourceRequirements{Limits: amount, Requests: amount},
		}}},
	}
}

// ofGone is the Pod of a Deployment of ours that has been deleted.
func ofGone(pod corev1.Pod) corev1.Pod {
	pod.Labels = map[string]string{LabelService: pod.Name}
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: pod.Name}}
	return pod
}

func TestWhoHoldsTheGPUs(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		there    string
		holders  []corev1.Pod
		asks     string
		waited   time.Duration
		want     string
		terminal bool
	}{
		"none, just started": {there: "0", asks: "1", waited: time.Second, want: "wants 1 GPU, and no node has any yet: the device plugin has still to tell of them"},
		"none, and none came": {
			there: "0", asks: "2", waited: time.Minute, want: "wants 2 GPUs, and no node has any", terminal: true,
		},
		"all held": {
			there: "2", asks: "1", waited: time.Minute, terminal: true,
			holders: []corev1.Pod{gpuPod("a", "node", "1"), gpuPod("b", "node", "1")},
			want:    "wants 1 GPU, and 2 are there: all are held by a and b",
		},
		"held by one that goes": {
			there: "1", asks: "1", waited: time.Minute, holders: []corev1.Pod{ofGone(gpuPod("a", "node", "1"))},
			want: "wants 1 GPU, and 1 is there: it is held by a",
		},
		"the only one held": {
			there: "1", asks: "1", waited: time.Second, holders: []corev1.Pod{gpuPod("a", "node", "1")},
			want: "wants 1 GPU, and 1 is there: it is held by a",
		},
		"some free": {
			there: "4", asks: "2", waited: time.Second, holders: []corev1.Pod{gpuPod("a", "node", "1"), gpuPod("b", "node", "2")},
			want: "wants 2 GPUs, and 4 are there, of which no node has more than 1 free: the others are held by b and a",
		},
		"too many for any": {there: "2", asks: "3", waited: time.Minute, want: "wants 3 GPUs, and no node has more than 2 in all", terminal: true},
	} {
		t.Run(name, func(t *testing.T) {
			waiting := gpuPod("waits", "", c.asks)
			waiting.Status.Conditions = []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
				Message: "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.", LastTransitionTime: metav1.NewTime(start),
			}}
			o := Observation{
				Time: start.Add(c.waited), Pods: append(c.holders, waiting),
				Nodes: []corev1.Node{{
					ObjectMeta: metav1.ObjectMeta{Name: "node"},
					Status: corev1.NodeStatus{
						Allocatable: corev1.ResourceList{"nvidia.com/gpu": resource.MustParse(c.there)},
						Capacity:    corev1.ResourceList{"nvidia.com/gpu": resource.MustParse(c.there)},
					},
				}},
			}
			findings := scheduleRule().find(index(o))
			if len(findings) == 0 {
				t.Fatal("nothing was found")
			}
			finding := findings[0]
			if finding.Summary != c.want || finding.Terminal != c.terminal {
				t.Errorf("%q, terminal %v; want %q, %v", finding.Summary, finding.Terminal, c.want, c.terminal)
			}
			if none := strings.Contains(strings.Join(finding.Advice, " "), "gpu.simulate"); none != (c.there == "0" && c.waited >= schedulePatience) {
				t.Errorf("advice %q", finding.Advice)
			}
		})
	}
}

// TestGPUsByAnotherName: shares may be called otherwise than what Pods ask for,
// and MIG devices of several kinds are.
func TestGPUsByAnotherName(t *testing.T) {
	for there, want := range map[string]string{
		"nvidia.com/gpu.shared":                         "wants 1 GPU, and no node has any under the name nvidia.com/gpu: they are there as nvidia.com/gpu.shared",
		"nvidia.com/mig-1g.10gb":                        "wants 1 GPU, and no node has any under the name nvidia.com/gpu: they are there as nvidia.com/mig-1g.10gb",
		"nvidia.com/mig-3g.40gb nvidia.com/mig-1g.10gb": "wants 1 GPU, and no node has any under the name nvidia.com/gpu: they are there as nvidia.com/mig-1g.10gb, nvidia.com/mig-3g.40gb",
		"amd.com/gpu":                                   "wants 1 GPU, and no node has any",
	} {
		waiting := gpuPod("waits", "", "1")
		waiting.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
			Message: "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
		}}
		amounts := corev1.ResourceList{"nvidia.com/gpu": resource.MustParse("0"), "nvidia.com/mig-7g.80gb": resource.MustParse("0")}
		for name := range strings.FieldsSeq(there) {
			amounts[corev1.ResourceName(name)] = resource.MustParse("4")
		}
		findings := scheduleRule().find(index(Observation{Time: time.Unix(100, 0), Pods: []corev1.Pod{waiting}, Nodes: []corev1.Node{{
			ObjectMeta: metav1.ObjectMeta{Name: "node"}, Status: corev1.NodeStatus{Allocatable: amounts},
		}}}))
		if len(findings) == 0 || findings[0].Summary != want {
			t.Errorf("%s: %+v", there, findings)
			continue
		}
		if renamed := strings.Contains(strings.Join(findings[0].Advice, " "), "rename=false"); renamed != strings.Contains(want, "name") {
			t.Errorf("%s: advice %q", there, findings[0].Advice)
		}
	}
}

package kube_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/diagnose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/kube"
)

// kubectl is kubectl inside the node.
const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf "

// nodeScenario is trouble of the node itself: what makes it and what ends it.
type nodeScenario struct {
	name string
	want []string // IDs of findings
	yaml string   // a workload that meets it; may be empty
	make func(t *testing.T, node string)
	end  func(t *testing.T, node string)
}

func inNode(script string) func(*testing.T, string) {
	return func(t *testing.T, node string) { docker(t, "exec", node, "sh", "-c", script) }
}

// nodeScenarios come in this order, the last leaves the node unwell for minutes.
func nodeScenarios() []nodeScenario {
	settle := shell("sleep 1000")
	return []nodeScenario{
		{
			name: "unschedulable-taint", want: []string{"unschedulable-taint"}, yaml: deployment(settle),
			make: inNode(kubectl + "taint nodes --all dedicated=training:NoSchedule"),
			end:  inNode(kubectl + "taint nodes --all dedicated-"),
		},
		{
			name: "api-unreachable", want: []string{"api-unreachable"},
			make: func(t *testing.T, node string) { docker(t, "pause", node) },
			end:  func(t *testing.T, node string) { docker(t, "unpause", node) },
		},
		{
			name: "node-not-ready", want: []string{"node-not-ready"},
			make: inNode("systemctl stop kubelet"), end: inNode("systemctl start kubelet"),
		},
		{
			name: "node-address-changed", want: []string{"node-address-changed"},
			make: readdress, end: func(t *testing.T, _ string) { docker(t, "rm", "-f", "diorama-record-squatter") },
		},
		{
			name: "pressure", want: []string{"disk-pressure", "memory-pressure", "pid-pressure"}, yaml: deployment(settle),
			make: inNode(`sed -i -e 's/nodefs.available: 0%/nodefs.available: 99%/' ` +
				`-e '/^evictionHard:/a\  memory.available: 99%\n  pid.available: 99.999%' /var/lib/kubelet/config.yaml && systemctl restart kubelet`),
			end: inNode(`sed -i -e 's/nodefs.available: 99%/nodefs.available: 0%/' ` +
				`-e '/memory.available/d' -e '/pid.available/d' /var/lib/kubelet/config.yaml && systemctl restart kubelet`),
		},
	}
}

// readdress stops the node, lets another container take its address, and
// starts it again.
func readdress(t *testing.T, node string) {
	image := docker(t, "inspect", "--format", "{{.Image}}", node)
	docker(t, "stop", node)
	docker(t, "run", "-d", "--network", "kind", "--name", "diorama-record-squatter", "--entrypoint", "sleep", image, "3600")
	docker(t, "start", node)
}

func TestRecordNode(t *testing.T) {
	node := recordNode(t)
	c := connect(t)
	for _, s := range nodeScenarios() {
		if !strings.Contains(s.name, *only) {
			continue
		}
		t.Run(s.name, func(t *testing.T) { recordNodeScenario(t, c, node, s) })
	}
}

func recordNodeScenario(t *testing.T, c *kube.Client, node string, s nodeScenario) {
	scope := kube.Scope{Environment: "test", Stack: s.name}
	if s.yaml != "" {
		scope = namespace(t, c)
		scope.Stack = s.name
	}
	// What is known before is kept while the API does not answer.
	finished, started := errors.New("finished"), false
	ctx, cancel := context.WithCancelCause(within(t, 4*time.Minute))
	begin := make(chan struct{}, 1)
	go func() {
		<-begin
		s.make(t, node)
		if s.yaml != "" {
			if _, err := c.Apply(ctx, objects(t, scope, s.yaml), kube.ApplyOptions{Scope: scope}); err != nil {
				t.Error(err)
			}
		}
	}()
	err := c.Observe(ctx, "", func(o diagnose.Observation) {
		if !started {
			started = true
			begin <- struct{}{}
		}
		part := narrow(o, scope.Namespace, true)
		findings := diagnose.Explain(part)
		for _, want := range s.want {
			if !slices.ContainsFunc(findings, func(f env.Finding) bool { return f.ID == want }) {
				return
			}
		}
		save(t, s.name, part)
		cancel(finished)
	})
	s.end(t, node)
	if !errors.Is(err, finished) {
		t.Errorf("never came about: %v", err)
	}
}

package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/diorama-dev/diorama/internal/diagnose"
)

// summary is the part of a kubelet's /stats/summary that we read
// (k8s.io/kubelet/pkg/apis/stats/v1alpha1).
type summary struct {
	Pods []struct {
		PodRef struct{ Name, Namespace string }
		CPU    *struct{ UsageNanoCores *uint64 }
		Memory *struct{ WorkingSetBytes *uint64 }
	}
}

// Usage tells what Pods use: by the kubelets, which need no metrics-server,
// or by the metrics API where kubelets may not be asked. What nobody tells
// stays unknown; the error is that of nodes that did not answer, beside the
// Pods of those that did.
func (c *Client) Usage(ctx context.Context) ([]diagnose.PodUsage, error) {
	pods, err := c.kubeletUsage(ctx)
	if err == nil || len(pods) > 0 {
		return pods, err
	}
	raw, metricsErr := c.typed.Discovery().RESTClient().Get().AbsPath("/apis/metrics.k8s.io/v1beta1/pods").DoRaw(ctx)
	if metricsErr != nil {
		return nil, err // the kubelets' own refusal says more
	}
	return parseMetrics(raw)
}

func (c *Client) kubeletUsage(ctx context.Context) ([]diagnose.PodUsage, error) {
	nodes, err := c.typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		pods  []diagnose.PodUsage
		errs  []error
	)
	for _, node := range nodes.Items {
		group.Go(func() {
			raw, err := c.typed.CoreV1().RESTClient().Get().
				Resource("nodes").Name(node.Name).SubResource("proxy").Suffix("stats/summary").DoRaw(ctx)
			var found []diagnose.PodUsage
			if err == nil {
				found, err = parseSummary(raw)
			}
			mu.Lock()
			defer mu.Unlock()
			pods = append(pods, found...)
			if err != nil {
				errs = append(errs, fmt.Errorf("ask node %s for its usage: %w", node.Name, err))
			}
		})
	}
	group.Wait()
	return pods, errors.Join(errs...)
}

func parseSummary(raw []byte) ([]diagnose.PodUsage, error) {
	var s summary
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	out := make([]diagnose.PodUsage, 0, len(s.Pods))
	for _, pod := range s.Pods {
		usage := diagnose.PodUsage{Pod: diagnose.PodKey{Namespace: pod.PodRef.Namespace, Name: pod.PodRef.Name}}
		if pod.CPU != nil && pod.CPU.UsageNanoCores != nil {
			usage.CPU = new(int64(*pod.CPU.UsageNanoCores / 1_000_000))
		}
		if pod.Memory != nil && pod.Memory.WorkingSetBytes != nil {
			usage.Memory = new(int64(*pod.Memory.WorkingSetBytes))
		}
		out = append(out, usage)
	}
	return out, nil
}

// metrics is the part of a PodMetricsList that we read (metrics.k8s.io/v1beta1).
type metrics struct {
	Items []struct {
		Metadata   struct{ Name, Namespace string }
		Containers []struct {
			Usage struct{ CPU, Memory resource.Quantity }
		}
	}
}

func parseMetrics(raw []byte) ([]diagnose.PodUsage, error) {
	var m metrics
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read the metrics API's answer: %w", err)
	}
	out := make([]diagnose.PodUsage, 0, len(m.Items))
	for _, item := range m.Items {
		var cpu, memory int64
		for _, container := range item.Containers {
			cpu += container.Usage.CPU.MilliValue()
			memory += container.Usage.Memory.Value()
		}
		out = append(out, diagnose.PodUsage{
			Pod: diagnose.PodKey{Namespace: item.Metadata.Namespace, Name: item.Metadata.Name}, CPU: &cpu, Memory: &memory,
		})
	}
	return out, nil
}

// usageLoop sends the usage every few seconds until ctx ends.
func (c *Client) usageLoop(ctx context.Context) <-chan []diagnose.PodUsage {
	out := make(chan []diagnose.PodUsage)
	go func() {
		tick := time.NewTicker(usageEvery)
		defer tick.Stop()
		for {
			if pods, err := c.Usage(ctx); err == nil || len(pods) > 0 {
				select {
				case out <- pods:
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

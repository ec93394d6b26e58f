//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/kind/pkg/cluster"
)

// BenchmarkTimeToReady measures, in one run, a bare cluster, each stack of
// streaming alone, and streaming itself, all with images in Docker's cache.
// The target: streaming takes no longer than the bare cluster and 1.1 times
// the slowest chain of stacks run alone.
func BenchmarkTimeToReady(b *testing.B) {
	var bare, streaming, chain time.Duration
	b.Run("bare cluster", func(b *testing.B) {
		bare = timed(b, "bare-s", func() { bareCluster(b) })
	})
	for _, stack := range []string{"redis", "postgres", "kafka"} {
		b.Run("alone "+stack, func(b *testing.B) {
			w := newBenchWorld(b)
			profile := w.file(stack+".yaml", "name: alone\nstacks: ["+stack+"]\n")
			took := timed(b, "alone-s", func() { w.must("up", profile, "-q") })
			chain = max(chain, afterCluster(b, w, "alone"))
			b.Logf("%s: %.1f s in all, critical path %s", stack, took.Seconds(), path(b, w, "alone"))
		})
	}
	b.Run("streaming", func(b *testing.B) {
		w := newBenchWorld(b)
		streaming = timed(b, "streaming-s", func() { w.must("up", "streaming", "-q") })
		b.Logf("streaming: critical path %s", path(b, w, "streaming"))
		// The demo cannot run alone: its own steps count as its part of the chain.
		chain += own(b, w, "streaming", "demo")
		again := timed(b, "again-s", func() { w.must("up", "streaming", "-q") })
		b.Logf("the same again: %.2f s", again.Seconds())
	})
	limit := bare.Seconds() + 1.1*chain.Seconds()
	b.Logf("bare %.1f s, slowest chain of stacks after its cluster %.1f s, streaming %.1f s: %.2f of the target of %.1f s",
		bare.Seconds(), chain.Seconds(), streaming.Seconds(), streaming.Seconds()/limit, limit)
}

func newBenchWorld(b *testing.B) *world {
	b.Helper()
	w := &world{t: b, state: b.TempDir(), dir: b.TempDir()}
	b.Cleanup(w.clean)
	return w
}

func timed(b *testing.B, unit string, do func()) time.Duration {
	b.Helper()
	began := time.Now()
	do()
	took := time.Since(began)
	b.ReportMetric(took.Seconds(), unit)
	return took
}

// bareCluster is what `kind create cluster --wait` does.
func bareCluster(b *testing.B) {
	b.Helper()
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	image := docker(b, "images", "-q", "--filter", "reference=*/node", "--format", "{{.Repository}}:{{.Tag}}")
	image, _, _ = strings.Cut(image, "\n")
	kubeconfig := filepath.Join(b.TempDir(), "kubeconfig")
	b.Cleanup(func() { _ = provider.Delete("bare-bench", kubeconfig) })
	err := provider.Create("bare-bench", cluster.CreateWithNodeImage(image), cluster.CreateWithKubeconfigPath(kubeconfig),
		cluster.CreateWithWaitForReady(5*time.Minute))
	if err != nil {
		b.Fatal(err)
	}
}

// ran is a step of a run that has ended.
type ran struct {
	ID, Kind, Subject string
	Needs             []string
	Started, Ended    time.Time
}

// steps are those of the environment's last run, from its keeper.
func steps(b *testing.B, w *world, name string) []ran {
	b.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", filepath.Join(w.state, name, "keeper.sock"))
	}}}
	response, err := client.Get("http://keeper/v1/snapshot")
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	var snapshot struct{ Steps []ran }
	if err := json.NewDecoder(response.Body).Decode(&snapshot); err != nil {
		b.Fatal(err)
	}
	return snapshot.Steps
}

// afterCluster is how long the run went on once its cluster was there.
func afterCluster(b *testing.B, w *world, name string) time.Duration {
	b.Helper()
	var cluster, last time.Time
	for _, step := range steps(b, w, name) {
		if step.Kind == "cluster" {
			cluster = step.Ended
		}
		if step.Ended.After(last) {
			last = step.Ended
		}
	}
	return last.Sub(cluster)
}

// own is how long the steps of a stack took by themselves.
func own(b *testing.B, w *world, name, stack string) (sum time.Duration) {
	b.Helper()
	for _, step := range steps(b, w, name) {
		if step.Subject == stack {
			sum += step.Ended.Sub(step.Started)
		}
	}
	return sum
}

// path is the chain of steps that the end waited for, each with its time.
func path(b *testing.B, w *world, name string) string {
	b.Helper()
	all := steps(b, w, name)
	byID := make(map[string]ran)
	last := ran{}
	for _, step := range all {
		byID[step.ID] = step
		if step.Ended.After(last.Ended) {
			last = step
		}
	}
	var chain []string
	for at := last; at.ID != ""; {
		chain = append(chain, fmt.Sprintf("%s %s %.1f s", at.Kind, at.Subject, at.Ended.Sub(at.Started).Seconds()))
		next := ran{}
		for _, need := range at.Needs {
			if byID[need].Ended.After(next.Ended) {
				next = byID[need]
			}
		}
		at = next
	}
	slices.Reverse(chain)
	return strings.Join(chain, " → ")
}

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// newMeshWorld is a world in which Istio can run.
func newMeshWorld(t *testing.T) (*world, []string) {
	t.Helper()
	w := newWorld(t)
	if why := os.Getenv("DIORAMA_E2E_NO_ISTIO"); why != "" {
		t.Skip("left out: " + why)
	}
	var flags []string
	if overlay := os.Getenv("DIORAMA_E2E_OVERLAY"); overlay != "" {
		flags = []string{"--overlay", overlay}
	}
	return w, flags
}

// TestMesh has the demo in a mesh: what Istio is told is what requests do, and
// without Istio the demo goes on alone.
func TestMesh(t *testing.T) {
	w, flags := newMeshWorld(t)
	w.must(append([]string{"up", "mesh", "-d"}, flags...)...)
	w.wantReady("mesh", "istio", "demo")
	if out := w.must(append([]string{"up", "mesh", "-d"}, flags...)...); strings.Contains(out, "configured") || strings.Contains(out, "created") {
		t.Errorf("a second up changes something:\n%s", out)
	}
	wantSidecars(t, "gateway", "load", "recommender-v1", "recommender-v2")
	address := endpoint(t, w.status("mesh"), "istio", "http")
	t.Run("split", func(t *testing.T) { testSplit(t, address) })
	t.Run("header", func(t *testing.T) { testHeader(t, address) })
	t.Run("answer", func(t *testing.T) { testAnswer(t, address) })
	t.Run("logs", func(t *testing.T) { testSidecarLines(t, w.in(t)) })
	t.Run("delay", func(t *testing.T) { testDelay(t, address) })
	t.Run("undo", func(t *testing.T) { testUndo(t, w.in(t)) })
	t.Run("mutual TLS", func(t *testing.T) { testStrict(t, address) })
	t.Run("without it", func(t *testing.T) { testWithoutMesh(t, w.in(t)) })
}

// version asks, as the program, which version of the recommender would answer.
func version(address, program string) (string, error) {
	req, err := http.NewRequest(http.MethodGet, address+"/recommender", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("User-Agent", program)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, body)
	}
	var about struct{ Version string }
	err = json.Unmarshal(body, &about)
	return about.Version, err
}

// versions asks n times, many at once, and counts who answered.
func versions(t *testing.T, address, program string, n int) map[string]int {
	t.Helper()
	const callers = 16
	var group sync.WaitGroup
	var mu sync.Mutex
	counts := map[string]int{}
	asks := make(chan struct{})
	for range callers {
		group.Go(func() {
			for range asks {
				v, err := version(address, program)
				if err != nil {
					v = err.Error()
				}
				mu.Lock()
				counts[v]++
				mu.Unlock()
			}
		})
	}
	for range n {
		asks <- struct{}{}
	}
	close(asks)
	group.Wait()
	return counts
}

// testSplit asks so often that chance alone leaves three points once in
// 100,000 runs.
func testSplit(t *testing.T, address string) {
	const n = 2000
	eventually(t, "the demo behind the mesh's gateway", func() error {
		_, err := version(address, "curl")
		return err
	})
	counts := versions(t, address, "curl", n)
	t.Logf("of %d requests: %v", n, counts)
	if share := 100 * float64(counts["v1"]) / n; share < 87 || share > 93 || counts["v1"]+counts["v2"] != n {
		t.Errorf("%.1f %% went to v1, want 90: %v", share, counts)
	}
}

func testHeader(t *testing.T, address string) {
	const n = 200
	if counts := versions(t, address, "Mozilla/5.0 (Linux; Android 16)", n); counts["v2"] != n {
		t.Errorf("of %d requests of Android phones: %v, want all of v2", n, counts)
	}
}

// testAnswer: a prediction says who made it.
func testAnswer(t *testing.T, address string) {
	resp, err := http.Post(address+"/infer", "application/json", strings.NewReader(`{"user":"user-1","item":"item-1"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Model, Version string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	if want := map[string]string{"v1": "bert-base", "v2": "minilm"}[answer.Version]; answer.Model != want || want == "" {
		t.Errorf("answered %+v", answer)
	}
}

// testSidecarLines: what a proxy writes is not its service's.
func testSidecarLines(t *testing.T, w *world) {
	containers := func(service string) []string {
		var all []string
		for line := range strings.Lines(w.must("logs", service, "--name", "mesh", "-o", "json")) {
			var l struct{ Container string }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if !slices.Contains(all, l.Container) {
				all = append(all, l.Container)
			}
		}
		return all
	}
	if got := containers("gateway"); !slices.Equal(got, []string{"gateway"}) {
		t.Errorf("lines of the gateway come from %v", got)
	}
	if got := containers("istio-proxy"); !slices.Equal(got, []string{"istio-proxy"}) {
		t.Errorf("lines of the proxies come from %v", got)
	}
}

// testDelay: a delay of three seconds is one, on its route and no other.
func testDelay(t *testing.T, address string) {
	const fault = `[{"op":"add","path":"/spec/http/1/fault","value":{"delay":{"fixedDelay":"3s","percentage":{"value":100}}}}]`
	kubectl(t, "mesh", "patch", "virtualservice", "recommender", "--type", "json", "-p", fault)
	// All requests of a route are delayed or none: one within the bounds tells,
	// and a machine that has much else to do makes no delay of it.
	takes := func(program string, least, most time.Duration) func() error {
		return func() error {
			start := time.Now()
			_, err := version(address, program)
			if d := time.Since(start); err == nil && (d < least || d >= most) {
				return fmt.Errorf("a request took %s", d)
			}
			return err
		}
	}
	eventually(t, "the delay", takes("curl", 3*time.Second, 6*time.Second))
	eventually(t, "no delay on the other route", takes("Android", 0, 3*time.Second))
	kubectl(t, "mesh", "patch", "virtualservice", "recommender", "--type", "json", "-p", `[{"op":"remove","path":"/spec/http/1/fault"}]`)
	eventually(t, "the delay's end", takes("curl", 0, 3*time.Second))
}

// testUndo: taking a change back leaves what somebody else has changed since, and
// takes nothing back where that is what the change had set.
func testUndo(t *testing.T, w *world) {
	patch := func(what string) {
		kubectl(t, "mesh", "patch", "virtualservice", "recommender", "--type", "json", "-p", what)
	}
	weights := func(one, two int) {
		patch(fmt.Sprintf(`[{"op":"replace","path":"/spec/http/1/route/0/weight","value":%d},{"op":"replace","path":"/spec/http/1/route/1/weight","value":%d}]`, one, two))
	}
	w.must("mesh", "weight", "recommender", "v1=80", "v2=20", "--name", "mesh")
	patch(`[{"op":"replace","path":"/spec/http/1/timeout","value":"7s"}]`)
	weights(70, 30)
	w.fails(1, []string{"kubectl-patch", "http[1].route[0].weight is 70, and was 80"}, "mesh", "undo", "--name", "mesh")
	weights(80, 20)
	w.must("mesh", "undo", "--name", "mesh")
	route := kubectl(t, "mesh", "get", "virtualservice", "recommender", "-o", "jsonpath={.spec.http[1]}")
	if !strings.Contains(route, `"timeout":"7s"`) || !strings.Contains(route, `"weight":90`) {
		t.Errorf("it is %s", route)
	}
	patch(`[{"op":"replace","path":"/spec/http/1/timeout","value":"8s"}]`)
}

const strict = `{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "default", "namespace": "diorama"}, "spec": {"mtls": {"mode": "STRICT"}}}`

// testStrict: the cluster's API server, which has no proxy, reaches the
// recommender until the mesh takes no connections without mutual TLS.
func testStrict(t *testing.T, address string) {
	const path = "/api/v1/namespaces/diorama/services/recommender-v1:8086/proxy/v1/about"
	outside := func() (string, error) {
		return tryKubectl(t, "mesh", nil, "get", "--raw", path)
	}
	if out, err := outside(); err != nil || !strings.Contains(out, `"v1"`) {
		t.Fatalf("while the mesh permits it: %s, %v", out, err)
	}
	if _, err := tryKubectl(t, "mesh", strings.NewReader(strict), "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a client without a proxy is refused", func() error {
		if out, err := outside(); err == nil {
			return fmt.Errorf("it was answered: %s", out)
		}
		return nil
	})
	if v, err := version(address, "curl"); err != nil {
		t.Errorf("within the mesh: %s %v", v, err)
	}
	kubectl(t, "mesh", "delete", "peerauthentication", "default")
}

// testWithoutMesh takes Istio out of the profile.
func testWithoutMesh(t *testing.T, w *world) {
	profile := w.file("without.yaml", "name: without\nstacks: [demo]\nmesh: [demo]\nparameters:\n  demo: {recommender: served, backends: memory}\n")
	w.must("up", profile, "--name", "mesh", "-d")
	w.wantReady("mesh", "demo")
	wantSidecars(t)
	for _, kinds := range []string{"crd", "mutatingwebhookconfiguration,validatingwebhookconfiguration"} {
		if left := kubectl(t, "mesh", "get", kinds, "-o", "name"); strings.Contains(left, "istio") {
			t.Errorf("Istio left:\n%s", left)
		}
	}
	address := endpoint(t, w.status("mesh"), "demo", "gateway")
	// The node's rules follow the Pods, a moment behind their readiness.
	eventually(t, "the demo behind its own gateway", func() error {
		_, err := version(address, "curl")
		return err
	})
	counts := versions(t, address, "curl", 200)
	if counts["v1"]+counts["v2"] != 200 || counts["v1"] == 0 || counts["v2"] == 0 {
		t.Errorf("without the mesh: %v", counts)
	}
}

// wantSidecars: the Pods of these services have a proxy, and no others.
func wantSidecars(t *testing.T, services ...string) {
	t.Helper()
	var pods struct {
		Items []struct {
			Metadata struct {
				Labels            map[string]string
				DeletionTimestamp *time.Time
			}
			Spec struct{ Containers, InitContainers []struct{ Name string } }
		}
	}
	if err := json.Unmarshal([]byte(kubectl(t, "mesh", "get", "pods", "-o", "json")), &pods); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, pod := range pods.Items {
		for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			if c.Name == "istio-proxy" && pod.Metadata.DeletionTimestamp == nil {
				got = append(got, pod.Metadata.Labels["diorama.dev/service"])
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, services) {
		t.Errorf("Pods with a proxy: %v, want %v", got, services)
	}
}

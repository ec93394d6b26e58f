//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestTroubleIsExplained starts services that cannot become ready, each with
// its reason, and mends them in the same cluster.
func TestTroubleIsExplained(t *testing.T) {
	w := newWorld(t)
	profile := w.file("broken.yaml", "name: broken\nstacks: [redis]\napps: [{name: mine, files: [./compose.yaml]}]\n")
	w.file("compose.yaml", `services:
  crasher:
    image: redis:8.10.1-alpine
    command: [sh, -c, 'echo the disk is on fire; exit 3']
  glutton:
    image: redis:8.10.1-alpine
    command: [sh, -c, 'x=a; while true; do x=$$x$$x; done']
    deploy: {resources: {limits: {memory: 32M}}}
`)
	kubeconfig := w.file("kubeconfig", "apiVersion: v1\nkind: Config\ncurrent-context: elsewhere\ncontexts: [{name: elsewhere, context: {cluster: elsewhere}}]\n")
	w.extra = []string{"KUBECONFIG=" + kubeconfig}
	w.fails(1, []string{"crasher", "glutton"}, "up", profile, "--timeout", "8m", "--merge-kubeconfig")
	wantContext(t, kubeconfig, "kind-diorama-broken") // for whoever looks into it
	wantFindings(t, w, map[string]string{"crasher": "crash", "glutton": "out-of-memory", "redis": ""})
	eventually(t, "the crasher's last words", func() error {
		if out := w.must("explain", "crasher", "--name", "broken"); !strings.Contains(out, "the disk is on fire") {
			return fmt.Errorf("explained as %s", out)
		}
		return nil
	})

	w.file("compose.yaml", `services:
  giant:
    image: redis:8.10.1-alpine
    deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 1}]}}}
`)
	w.fails(1, []string{"giant", "GPU"}, "up", profile, "--timeout", "8m")
	wantFindings(t, w, map[string]string{"giant": "unschedulable-gpu", "redis": ""})

	w.file("compose.yaml", "services: {well: {image: 'redis:8.10.1-alpine', command: [sleep, infinity]}}\n")
	w.must("up", profile)
	w.wantReady("broken", "redis", "mine")
	w.must("down", "--name", "broken", "-y")
	wantContext(t, kubeconfig, "elsewhere")
}

func wantContext(t *testing.T, kubeconfig, want string) {
	t.Helper()
	data, err := os.ReadFile(kubeconfig)
	if err != nil || !strings.Contains(string(data), "current-context: "+want+"\n") {
		t.Errorf("the kubeconfig's context is not %s (%v):\n%s", want, err, data)
	}
}

// wantFindings checks how each service is explained; "" is not at all. A
// container that crashes runs for a moment each time, and may be seen so.
func wantFindings(t *testing.T, w *world, want map[string]string) {
	t.Helper()
	eventually(t, "the findings", func() error {
		services := w.status("broken").Services
		if len(services) != len(want) {
			return fmt.Errorf("%d services, want %d", len(services), len(want))
		}
		for _, service := range services {
			found := ""
			for _, why := range service.Why {
				found += why.ID + " "
			}
			id, known := want[service.Name]
			if !known || !strings.Contains(found, id) || id == "" && found != "" {
				return fmt.Errorf("%s is explained by %q, want %q", service.Name, found, id)
			}
		}
		return nil
	})
}

// TestImageThatIsNowhere fails before anything half-made is shown as ready.
func TestImageThatIsNowhere(t *testing.T) {
	w := newWorld(t)
	w.fails(1, []string{"no-such-image"}, "up", w.file("gone.yaml", "name: gone\nstacks: [redis]\napps: [./compose.yaml]\n"), "--overlay", appOf(w, "services: {ghost: {image: 'no-such-image.invalid/ghost:1'}}"))
}

func appOf(w *world, compose string) string {
	w.file("compose.yaml", compose+"\n")
	return w.file("overlay.yaml", "title: An overlay\n")
}

// TestHostLacksSomething ends with exit code 3 and a remedy.
func TestHostLacksSomething(t *testing.T) {
	t.Run("no Docker", func(t *testing.T) {
		w := newWorld(t)
		// Where no test runs, imitations would take its place.
		w.extra = []string{"DOCKER_HOST=unix:///nonexistent/docker.sock", "CI=true"}
		w.fails(3, []string{"Docker", "start Docker"}, "up", "minimal")
	})
	t.Run("a port that the profile wants is taken", func(t *testing.T) {
		w := newWorld(t)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		w.fails(3, []string{port, "redis/redis"}, "up", "minimal", "--set", "ports.redis/redis="+port)
	})
	t.Run("more memory than there is", func(t *testing.T) {
		w := newWorld(t)
		w.file("compose.yaml", "services: {giant: {image: 'redis:8.10.1-alpine', deploy: {resources: {reservations: {memory: 9000G}}}}}\n")
		w.fails(3, []string{"memory", "leave out"}, "up", w.file("giant.yaml", "name: giant\nstacks: [redis]\napps: [./compose.yaml]\n"))
		if entries, err := os.ReadDir(w.state); err != nil || len(entries) > 0 {
			t.Errorf("something half-made was left: %v, %v", entries, err)
		}
	})
}

// TestInterrupt ends a start with exit code 130, and down removes what it made.
func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	cmd := w.command("up", "minimal", "-q")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitStep(t, w, "cluster")
	if err := cmd.Process.Signal(os.Signal(syscall.SIGINT)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("exit code %d (%v), want 130", cmd.ProcessState.ExitCode(), err)
	}
	left := nodeTraces(t, w, "minimal")
	w.must("down", "--name", "minimal")
	if left := left(); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

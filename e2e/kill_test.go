//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// killSteps are the kinds of step at whose start everything is killed. All of
// them are tried by `make e2e-kill`; otherwise one is.
func killSteps() []string {
	if os.Getenv("DIORAMA_E2E_KILL") == "all" {
		return []string{"image", "nodes", "cluster", "load", "apply", "wait"}
	}
	return []string{"cluster"}
}

// TestKill kills the command and the keeper without warning at the start of a
// step; the next up converges.
func TestKill(t *testing.T) {
	for _, kind := range killSteps() {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t)
			killAt(t, w, kind)
			w.must("up", "minimal")
			w.wantReady("minimal", "postgres", "redis")
			vars := w.vars("minimal")
			redisDo(t, vars["REDIS_URL"], "set", "a", "1")
			query(t, vars["POSTGRES_URL"], "select 'connected'")
			if n := len(strings.Fields(docker(t, "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster=diorama-minimal"))); n != 1 {
				t.Errorf("%d nodes, want 1", n)
			}
		})
	}
}

// killAt runs up until a step of the kind runs, then kills command and keeper.
func killAt(t *testing.T, w *world, kind string) {
	t.Helper()
	cmd := w.command("up", "minimal", "-q")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitStep(t, w, kind)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	killKeeper(t, w, "minimal")
}

// awaitStep watches the keeper's own stream until a step of the kind runs.
func awaitStep(t *testing.T, w *world, kind string) {
	t.Helper()
	socket := filepath.Join(w.state, "minimal", "keeper.sock")
	eventually(t, "the keeper's socket", func() error { _, err := os.Stat(socket); return err })
	kinds := map[string]string{"image": "fetch"}
	if k, ok := kinds[kind]; ok {
		kind = k
	}
	// Where the keeper has died, curl's own pauses would become hours.
	watch := bounded(t, "curl", "-sN", "--retry", "20", "--retry-delay", "1", "--retry-max-time", "60", "--retry-all-errors", "--unix-socket", socket, "http://keeper/v1/watch")
	out, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = watch.Process.Kill(); _ = watch.Wait() }()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var snapshot struct {
			Phase, Error string
			Steps        []struct{ Kind, Phase string }
		}
		if err := json.Unmarshal(lines.Bytes(), &snapshot); err != nil {
			t.Fatal(err)
		}
		for _, step := range snapshot.Steps {
			if step.Kind == kind && (step.Phase == "running" || step.Phase == "done" || step.Phase == "unchanged") {
				return
			}
		}
		if snapshot.Phase == "ready" || snapshot.Phase == "failed" {
			t.Fatalf("the start ended as %s before a step of the kind %s was seen: %s", snapshot.Phase, kind, snapshot.Error)
		}
	}
	t.Fatalf("the keeper went away before a step of the kind %s", kind)
}

// keeperPID is the process of the environment's keeper.
func keeperPID(t testing.TB, w *world, name string) int {
	t.Helper()
	socket := filepath.Join(w.state, name, "keeper.sock")
	out, err := try(t, nil, "curl", "-s", "--unix-socket", socket, "http://keeper/v1/hello")
	if err != nil {
		t.Fatalf("ask the keeper who it is: %v", err)
	}
	var hello struct{ PID int }
	if err := json.Unmarshal([]byte(out), &hello); err != nil || hello.PID <= 1 {
		t.Fatalf("the keeper says %s: %v", out, err)
	}
	return hello.PID
}

// killKeeper kills the environment's keeper as nothing can be caught.
func killKeeper(t testing.TB, w *world, name string) {
	t.Helper()
	pid := keeperPID(t, w, name)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, pid)
}

// awaitEnd waits until there is no such process any more.
func awaitEnd(t testing.TB, pid int) {
	t.Helper()
	eventually(t, "a process's end", func() error {
		if syscall.Kill(pid, 0) == nil {
			state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err == nil && !strings.Contains(string(state), ") Z") {
				return fmt.Errorf("process %d is still there", pid)
			}
		}
		return nil
	})
}

// TestKeeperIsKilled loses no line that was on disk, and the keeper comes back.
func TestKeeperIsKilled(t *testing.T) {
	w := newWorld(t)
	profile := w.file("talk.yaml", "name: talk\nstacks: [redis]\napps: [./compose.yaml]\n")
	w.file("compose.yaml", `services:
  talker:
    image: redis:8.10.1-alpine
    command: [sh, -c, 'i=0; while true; do i=$$((i+1)); echo "line $$i"; sleep 0.05; done']
`)
	w.must("up", profile)
	eventually(t, "some lines", func() error { return wantLines(w, 50) })
	killKeeper(t, w, "talk")
	kept := len(numbers(t, w))
	w.wantReady("talk", "redis", filepath.Base(w.dir))
	eventually(t, "more lines", func() error { return wantLines(w, kept+100) })
	for i, n := range numbers(t, w) {
		if n != i+1 {
			t.Fatalf("line %d of the store is number %d: a line was lost or stored twice", i+1, n)
		}
	}
}

func wantLines(w *world, n int) error {
	if got := len(numbers(w.t, w)); got < n {
		return fmt.Errorf("%d lines, want %d", got, n)
	}
	return nil
}

// numbers are those of the talker's lines in the store, in its order.
func numbers(t testing.TB, w *world) []int {
	t.Helper()
	var all []int
	for line := range strings.Lines(w.must("logs", "talker", "--tail", "-1", "-o", "json", "--name", "talk")) {
		var l struct{ Message string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		var n int
		if _, err := fmt.Sscanf(l.Message, "line %d", &n); err == nil {
			all = append(all, n)
		}
	}
	return all
}

//go:build e2e

// Package e2e proves the whole program on real clusters: it builds the binary
// and uses it as a person would. Every test has a state folder and names of
// its own, and leaves nothing behind.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the program under test.
var binary string

func TestMain(m *testing.M) {
	// The lock of .ci/e2e is held by this process, and by no keeper that a test
	// leaves running.
	if lock, err := strconv.Atoi(os.Getenv("DIORAMA_E2E_LOCK")); err == nil {
		syscall.CloseOnExec(lock)
	}
	folder, err := os.MkdirTemp("", "diorama-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(folder, "diorama")
	build := exec.Command("go", "build", "-o", binary, "github.com/diorama-dev/diorama/cmd/diorama")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the program under test:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// world is a test's own state folder, with commands that run in it.
type world struct {
	t     testing.TB
	state string
	dir   string
	extra []string
}

// Its environments run on kind.
func newWorld(t testing.TB) *world {
	t.Helper()
	if why := os.Getenv("DIORAMA_E2E_NO_KIND"); why != "" {
		t.Skip("left out: " + why)
	}
	return anyWorld(t)
}

// newServerWorld is one without Docker, whose environments are servers.
func newServerWorld(t testing.TB) *world {
	t.Helper()
	w := anyWorld(t)
	w.extra = []string{"DOCKER_HOST=unix:///nonexistent/docker.sock"}
	return w
}

func anyWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, state: t.TempDir(), dir: t.TempDir()}
	t.Cleanup(w.clean)
	return w
}

// in is the same world for a subtest.
func (w *world) in(t *testing.T) *world {
	inner := *w
	inner.t = t
	return &inner
}

// clean takes down whatever the test has left, and fails where that cannot be
// done or something stays.
func (w *world) clean() {
	entries, err := os.ReadDir(w.state)
	if err != nil {
		w.t.Error(err)
	}
	for _, entry := range entries {
		if w.t.Failed() {
			w.explain(entry.Name())
		}
		if out, err := w.command("down", "--name", entry.Name(), "-y").CombinedOutput(); err != nil {
			w.t.Errorf("clean up %s: %v\n%s", entry.Name(), err, out)
		}
	}
}

// explain shows what there is to see of an environment whose test failed.
func (w *world) explain(name string) {
	for _, args := range [][]string{{"status"}, {"explain"}, {"logs", "--tail", "40"}} {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), 20*time.Second)
		cmd := exec.CommandContext(ctx, binary, append(args, "--name", name)...)
		cmd.Env = w.env()
		out, err := cmd.CombinedOutput()
		w.t.Logf("diorama %s: %v\n%s", strings.Join(args, " "), err, out)
		cancel()
	}
	if data, err := os.ReadFile(filepath.Join(w.state, name, "keeper.log")); err == nil {
		w.t.Logf("keeper.log:\n%s", data)
	}
}

func (w *world) env() []string {
	return slices.Concat(os.Environ(), []string{"DIORAMA_STATE=" + w.state, "NO_COLOR=1"}, w.extra)
}

func (w *world) command(args ...string) *exec.Cmd {
	cmd := bounded(w.t, binary, args...)
	cmd.Env, cmd.Dir = w.env(), w.dir
	return cmd
}

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

// run runs a command to its end, whatever its exit code.
func (w *world) run(args ...string) result {
	w.t.Helper()
	cmd := w.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	r := result{stdout: stdout.String(), stderr: stderr.String()}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		r.code = exit.ExitCode()
	} else if err != nil {
		w.t.Fatalf("diorama %s: %v", strings.Join(args, " "), err)
	}
	w.t.Logf("diorama %s: exit code %d after %.1f s", strings.Join(args, " "), r.code, time.Since(began).Seconds())
	return r
}

// must runs a command that has to succeed and returns its standard output.
func (w *world) must(args ...string) string {
	w.t.Helper()
	r := w.run(args...)
	if r.code != 0 {
		w.t.Fatalf("diorama %s: exit code %d\n%s\n%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// fails runs a command that has to end with the code and say the words.
func (w *world) fails(code int, words []string, args ...string) result {
	w.t.Helper()
	r := w.run(args...)
	if r.code != code {
		w.t.Errorf("diorama %s: exit code %d, want %d\n%s\n%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
	}
	for _, word := range words {
		if !strings.Contains(r.stdout+r.stderr, word) {
			w.t.Errorf("diorama %s does not say %q:\n%s\n%s", strings.Join(args, " "), word, r.stdout, r.stderr)
		}
	}
	return r
}

// status is what tests read of `diorama status -o json`.
type status struct {
	Phase    string
	Services []struct {
		Stack, Name, Phase string
		Ready, Desired     int
		Restarts           int
		Server             struct{ Form string }
		Why                []struct {
			ID       string
			Terminal bool
		}
	}
	Endpoints []struct {
		Stack, Name, URL string
		Port             int
	}
}

func (w *world) status(name string) status {
	w.t.Helper()
	var s status
	if err := json.Unmarshal([]byte(w.must("status", "--name", name, "-o", "json")), &s); err != nil {
		w.t.Fatalf("status -o json: %v", err)
	}
	return s
}

// wantReady looks once: after an up all is ready.
func (w *world) wantReady(name string, stacks ...string) {
	w.t.Helper()
	if err := w.status(name).ready(stacks); err != nil {
		w.t.Error(err)
	}
}

// awaitReady looks until all is ready, where the machine has so much else to do
// that a server's answer may be late now and then.
func (w *world) awaitReady(name string, stacks ...string) {
	w.t.Helper()
	eventually(w.t, name+" is ready", func() error { return w.status(name).ready(stacks) })
}

// ready says what of the stacks is not, or which others there are.
func (s status) ready(stacks []string) error {
	var have, wrong []string
	for _, service := range s.Services {
		if service.Phase != "ready" {
			wrong = append(wrong, service.Name+" is "+service.Phase)
		}
		have = append(have, service.Stack)
	}
	slices.Sort(have)
	slices.Sort(stacks)
	have = slices.Compact(have)
	if s.Phase != "ready" || len(wrong) > 0 || !slices.Equal(have, stacks) {
		return fmt.Errorf("phase %s, stacks %v, want ready and %v; %s", s.Phase, have, stacks, strings.Join(wrong, ", "))
	}
	return nil
}

// keeps says of each service whether it keeps its data: an imitation of Redis
// does not.
func (w *world) keeps(name string) map[string]bool {
	w.t.Helper()
	keeps := make(map[string]bool)
	for _, service := range w.status(name).Services {
		keeps[service.Name] = service.Server.Form != "imitation" || service.Name == "kafka"
	}
	return keeps
}

// vars are the variables that `diorama env` prints.
func (w *world) vars(name string) map[string]string {
	w.t.Helper()
	vars := make(map[string]string)
	if err := json.Unmarshal([]byte(w.must("env", "--name", name, "--format", "json")), &vars); err != nil {
		w.t.Fatalf("env --format json: %v", err)
	}
	return vars
}

// file writes a file into the test's working folder.
func (w *world) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

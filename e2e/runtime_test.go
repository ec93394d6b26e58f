//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/runtime/embedded"
)

// runtime is what differs between the runtimes, for steps that do not.
type runtime struct {
	name string
	// disturb ends servers that hold data, while the environment runs.
	disturb func(t *testing.T, w *world, name string)
	// meanwhile happens while the environment is stopped.
	meanwhile func(t *testing.T, w *world, name string)
	// traces are what an environment could leave on the host.
	traces func(t testing.TB, w *world) string
}

// needs skips a test of a runtime that .ci/e2e has found this machine to lack,
// where it was told to leave such tests out. Nothing else skips them.
func (r runtime) needs(t testing.TB) {
	t.Helper()
	if lacks := os.Getenv("DIORAMA_E2E_WITHOUT_" + strings.ToUpper(r.name)); lacks != "" {
		t.Skipf("left out: the runtime %s: %s", r.name, lacks)
	}
}

// onKind runs environments as clusters in containers.
func onKind() runtime {
	return runtime{
		name: "kind",
		disturb: func(t *testing.T, w *world, name string) {
			t.Helper()
			kubectl(t, name, "delete", "pod", "kafka-0", "redis-0", "postgres-0")
			w.must("wait", "--name", name, "--timeout", "3m")
		},
		meanwhile: func(t *testing.T, _ *world, name string) {
			t.Helper()
			takeAddress(t, "diorama-"+name+"-control-plane")
		},
		traces: func(t testing.TB, _ *world) string {
			t.Helper()
			return "containers " + docker(t, "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster") + "\nvolumes " + docker(t, "volume", "ls", "-q")
		},
	}
}

// takeAddress lets another container have the address that a stopped node had,
// as happens when Docker starts again.
func takeAddress(t *testing.T, node string) {
	t.Helper()
	image := docker(t, "inspect", "-f", "{{.Config.Image}}", node)
	squatter := docker(t, "run", "-d", "--network", "kind", "--entrypoint", "sleep", image, "infinity")
	t.Cleanup(func() { docker(t, "rm", "-f", "-v", squatter) })
}

// onEmbedded runs environments as processes.
func onEmbedded() runtime {
	return runtime{
		name: "embedded",
		disturb: func(t *testing.T, w *world, name string) {
			t.Helper()
			for _, service := range []string{"kafka", "redis", "postgres"} {
				killServer(t, w, name, service)
			}
			w.must("wait", "--name", name, "--timeout", "3m")
		},
		meanwhile: func(t *testing.T, w *world, name string) {
			t.Helper()
			for _, process := range processes(t, w) {
				if strings.Contains(process, embedded.ServedBy(env.FolderOf(w.state, name))) {
					t.Errorf("a server goes on: %s", process)
				}
			}
		},
		traces: func(t testing.TB, w *world) string {
			t.Helper()
			folders, err := filepath.Glob("/var/lib/diorama/*")
			if err != nil {
				t.Fatal(err)
			}
			return "processes " + strings.Join(processes(t, w), "\n") + "\nfolders " + strings.Join(folders, "\n")
		},
	}
}

// killServer ends a server of an environment of processes as nothing can be
// caught, and returns once another process has its place.
func killServer(t *testing.T, w *world, name, service string) {
	t.Helper()
	pid := w.process(name, service)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill %s: %v", service, err)
	}
	eventually(t, "another process of "+service, func() error {
		now := w.service(name, service)
		if now.Phase != "ready" || len(now.Pods) != 1 || now.Pods[0] == "pid "+strconv.Itoa(pid) {
			return fmt.Errorf("%s is %s, %v, was process %d", service, now.Phase, now.Pods, pid)
		}
		return nil
	})
}

// process is the one that a service of an environment of processes is.
func (w *world) process(name, service string) int {
	w.t.Helper()
	s := w.service(name, service)
	if len(s.Pods) != 1 {
		w.t.Fatalf("%s has the processes %v", service, s.Pods)
	}
	pid, err := strconv.Atoi(strings.TrimPrefix(s.Pods[0], "pid "))
	if err != nil {
		w.t.Fatal(err)
	}
	return pid
}

// processes are those that the world's environments have, each by what it is:
// whose folder, arguments or variables name the environments' folders.
func processes(t testing.TB, w *world) []string {
	t.Helper()
	signs := []string{w.state}
	if entries, err := os.ReadDir(w.state); err == nil {
		for _, entry := range entries {
			signs = append(signs, embedded.ServedBy(env.FolderOf(w.state, entry.Name())))
		}
	}
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(folders) == 0 {
		t.Logf("this system does not tell of its processes: %v", err)
	}
	var list []string
	for _, folder := range folders {
		// What has ended meanwhile tells nothing, which is as it should be.
		cwd, _ := os.Readlink(filepath.Join(folder, "cwd"))
		arguments, _ := os.ReadFile(filepath.Join(folder, "cmdline"))
		variables, _ := os.ReadFile(filepath.Join(folder, "environ"))
		all := strings.ReplaceAll(cwd+"\x00"+string(arguments)+"\x00"+string(variables), "\x00", " ")
		if slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(all, sign) }) {
			list = append(list, fmt.Sprintf("%s %s (in %s)", filepath.Base(folder), strings.ReplaceAll(string(arguments), "\x00", " "), cwd))
		}
	}
	return list
}

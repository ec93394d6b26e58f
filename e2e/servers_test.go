//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// serverPID is the process of a service without a cluster.
func serverPID(t *testing.T, w *world, name, service string) int {
	t.Helper()
	var holder struct{ PID int }
	data, err := os.ReadFile(filepath.Join(w.state, name, "servers", service, "process.json"))
	if err == nil {
		err = json.Unmarshal(data, &holder)
	}
	if err != nil || holder.PID <= 1 {
		t.Fatalf("the process of %s: %d, %v", service, holder.PID, err)
	}
	return holder.PID
}

// killServer kills a service's process as nothing can be caught, and waits
// until another has taken its place.
func killServer(t *testing.T, w *world, name, service string) {
	t.Helper()
	pid := serverPID(t, w, name, service)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, service+" in its place", func() error {
		if serverPID(t, w, name, service) == pid {
			return fmt.Errorf("still process %d", pid)
		}
		return nil
	})
}

// TestServersAreKilled kills the keeper and servers again and again while
// clients write: nothing that was acknowledged is lost or there twice, nothing
// is left behind or runs twice, and the next command finds all well.
func TestServersAreKilled(t *testing.T) {
	const name = "streaming"
	w := newServerWorld(t)
	w.must("up", name, "--runtime", "embedded")
	vars := w.vars(name)
	for victim, times := range map[string]int{"kafka": 4, "postgres": 2, "redis": 2, "billing": 1, "keeper": 2} {
		t.Run(victim, func(t *testing.T) {
			w := w.in(t)
			clients := write(t, vars, "kept_by_"+victim)
			for range times {
				clients.more(t)
				killFamily(t, w, name, victim)
			}
			clients.more(t)
			clients.wantKept(t)
			w.awaitReady(name, "demo", "kafka", "postgres", "redis")
			for _, e := range w.status(name).Endpoints {
				if n := listeners(t, e.URL); n != 1 {
					t.Errorf("%d listen at %s", n, e.URL)
				}
			}
		})
	}
	w.must("down", "--name", name, "-y")
	if left := processesOf(t, w); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// killFamily kills a server, or the keeper, and sees that all the processes
// that it had started are gone once the next command finds another there.
func killFamily(t *testing.T, w *world, name, victim string) {
	t.Helper()
	var family []int
	if victim == "keeper" {
		family = descendants(t, keeperPID(t, w, name))
		killKeeper(t, w, name)
	} else {
		family = descendants(t, serverPID(t, w, name, victim))
		killServer(t, w, name, victim)
	}
	w.must("wait", "--name", name, "--timeout", "2m")
	for _, pid := range family {
		awaitEnd(t, pid)
	}
}

// descendants are the processes that a process has started, and theirs.
func descendants(t *testing.T, of int) []int {
	t.Helper()
	parents := make(map[int]int)
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Skipf("this system does not tell of its processes: %v", err)
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		var state string
		var parent int
		text := string(stat)
		if _, err := fmt.Sscan(text[strings.LastIndex(text, ")")+1:], &state, &parent); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parents[pid] = parent
	}
	family := []int{of}
	for i := 0; i < len(family); i++ {
		for pid, parent := range parents {
			if parent == family[i] && !slices.Contains(family, pid) {
				family = append(family, pid)
			}
		}
	}
	return family[1:]
}

// listeners counts who listens on the port of a URL, in /proc/net/tcp.
func listeners(t *testing.T, url string) int {
	t.Helper()
	_, rest, found := strings.Cut(url, "127.0.0.1:")
	if !found {
		t.Fatalf("%s is no address of this machine", url)
	}
	port, _, _ := strings.Cut(rest, "/")
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	// local address, remote address, state 0A: listening (proc(5))
	return strings.Count(string(data), fmt.Sprintf(":%04X 00000000:0000 0A", number))
}

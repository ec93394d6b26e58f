//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEmbeddedKill kills the keeper and servers of an environment of
// processes while clients write: nothing that was acknowledged is lost or
// there twice, nothing is left behind, and the next command finds all well.
func TestEmbeddedKill(t *testing.T) {
	const name = "streaming"
	w := newWorld(t, onEmbedded())
	before := w.on.traces(t, w)
	w.must("up", name, "--runtime", w.on.name)
	vars := w.vars(name)
	for victim, times := range map[string]int{"kafka": 4, "postgres": 2, "redis": 2, "billing": 1, "keeper": 2} {
		t.Run(victim, func(t *testing.T) {
			w := w.in(t)
			clients := write(t, vars, "kept_"+victim)
			for range times {
				clients.more(t, 50)
				killWithAll(t, w, name, victim)
			}
			clients.more(t, 50)
			clients.wantKept(t, "kept_"+victim)
			w.wantReady(name, "demo", "kafka", "postgres", "redis")
			wantOneListener(t, vars)
		})
	}
	w.must("down", "--name", name)
	if after := w.on.traces(t, w); after != before {
		t.Errorf("left behind:\nbefore\n%s\nafter\n%s", before, after)
	}
}

// killWithAll kills a server, or the keeper, and sees that its processes are
// gone and another has its place.
func killWithAll(t *testing.T, w *world, name, victim string) {
	t.Helper()
	if victim == "keeper" {
		var hello struct{ PID int }
		if err := w.ask(name, "hello", &hello); err != nil {
			t.Fatal(err)
		}
		family := descendants(t, hello.PID)
		killKeeper(t, w, name)
		w.must("wait", "--name", name) // whichever comes next
		for _, pid := range family {
			awaitEnd(t, pid)
		}
		return
	}
	family := descendants(t, w.process(name, victim))
	killServer(t, w, name, victim)
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

// wantOneListener finds exactly one socket listening on each port.
func wantOneListener(t *testing.T, vars map[string]string) {
	t.Helper()
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Skipf("this system does not tell of its sockets: %v", err)
	}
	defer file.Close()
	listeners := make(map[int64]int)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || fields[3] != "0A" { // TCP_LISTEN
			continue
		}
		_, port, _ := strings.Cut(fields[1], ":")
		if n, err := strconv.ParseInt(port, 16, 32); err == nil {
			listeners[n]++
		}
	}
	for variable, port := range vars {
		if !strings.HasSuffix(variable, "_PORT") {
			continue
		}
		if n, err := strconv.ParseInt(port, 10, 32); err != nil || listeners[n] != 1 {
			t.Errorf("%d listen on %s=%s, want 1 (%v)", listeners[n], variable, port, err)
		}
	}
}

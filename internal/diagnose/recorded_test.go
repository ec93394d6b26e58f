package diagnose

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
)

var update = flag.Bool("update", false, "rewrite golden files")

// recordings are observations of a real cluster in trouble, made by the
// recorder of package kube, by the findings that each must have and no others.
var recordings = map[string]string{
	"image-not-found": "image-not-found", "image-unauthorised": "image-unauthorised",
	"image-rate-limited": "image-rate-limited", "image-platform": "image-platform",
	"registry-unreachable-first": "registry-unreachable", "registry-unreachable": "registry-unreachable",
	"image-not-loaded": "image-not-loaded", "image-invalid": "image-invalid",
	"wrong-architecture": "wrong-architecture", "cannot-start": "cannot-start",
	"out-of-memory": "out-of-memory", "crash-loop-first": "crash-loop", "crash-loop": "crash-loop",
	"init-crash-loop": "crash-loop", "readiness-probe-failing": "readiness-probe-failing",
	"readiness-probe-refused": "readiness-probe-failing", "startup-probe-failing": "startup-probe-failing",
	"liveness-probe-failing": "liveness-probe-failing", "inotify-limit": "inotify-limit",
	"port-in-use": "port-in-use", "job-failed": "job-failed",
	"unschedulable-memory": "unschedulable-memory", "unschedulable-cpu": "unschedulable-cpu",
	"unschedulable-gpu": "unschedulable-gpu", "unschedulable-affinity": "unschedulable-affinity",
	"unschedulable-volume": "unschedulable-volume", "unschedulable-port": "unschedulable-port",
	"claim-pending": "claim-pending", "pods-refused": "pods-refused",
	"config-missing": "config-missing", "config-missing-key": "config-missing",
	"config-missing-volume": "config-missing", "volume-mount-failed": "volume-mount-failed",
	"sandbox-failed": "sandbox-failed", "ready": "",
	"unschedulable-taint": "unschedulable-taint", "api-unreachable": "api-unreachable",
	"node-not-ready": "node-not-ready", "node-address-changed": "node-address-changed",
	"pressure": "disk-pressure memory-pressure pid-pressure",
}

// notTerminal are the recordings of what may yet pass.
var notTerminal = []string{
	"registry-unreachable-first", "crash-loop-first", "init-crash-loop", "readiness-probe-failing",
	"readiness-probe-refused", "startup-probe-failing", "liveness-probe-failing", "inotify-limit", "port-in-use",
	"unschedulable-volume", "unschedulable-port", "unschedulable-taint", "api-unreachable", "node-not-ready", "node-address-changed", "pressure", "pods-refused", "volume-mount-failed", "sandbox-failed",
}

func load(t testing.TB, name string) Observation {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "recorded", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var o Observation
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return o
}

func TestEveryRecordingIsTested(t *testing.T) {
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if _, ok := recordings[name]; !ok {
			t.Errorf("%s is not in the table", file)
		}
	}
}

func TestRecordedTroubleIsExplained(t *testing.T) {
	for name, want := range recordings {
		t.Run(name, func(t *testing.T) {
			o := load(t, name)
			var ids []string
			for _, finding := range Explain(o) {
				ids = append(ids, finding.ID)
				if wanted := !slices.Contains(notTerminal, name); finding.Terminal != wanted {
					t.Errorf("%s: terminal is %v", finding.ID, finding.Terminal)
				}
			}
			slices.Sort(ids)
			if got := strings.Join(ids, " "); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			golden(t, name, describe(o))
		})
	}
}

// describe writes all that is told of an observation, times left out.
func describe(o Observation) string {
	var b strings.Builder
	observed := Observed(o)
	for _, s := range observed.Services {
		fmt.Fprintf(&b, "%s/%s %s %s %d/%d restarts=%d waiting=%q\n",
			s.Stack, s.Name, s.Kind, s.Phase, s.Ready, s.Desired, s.Restarts, s.Waiting)
		for _, f := range s.Why {
			describeFinding(&b, f)
		}
	}
	for _, f := range observed.Findings {
		describeFinding(&b, f)
	}
	return b.String()
}

func describeFinding(b *strings.Builder, f env.Finding) {
	fmt.Fprintf(b, "  %s %s service=%s terminal=%v\n    %s\n", f.ID, f.Subject, f.Service, f.Terminal, f.Summary)
	for _, line := range f.Evidence {
		fmt.Fprintf(b, "    - %s\n", line)
	}
	for _, line := range f.Advice {
		fmt.Fprintf(b, "    > %s\n", line)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

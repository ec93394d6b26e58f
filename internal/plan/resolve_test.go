package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/compose"
	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

var update = flag.Bool("update", false, "write the golden files anew")

// input is that of a profile on a roomy host without anything on it.
func input(t testing.TB, set ...string) plan.Input {
	t.Helper()
	catalogue, err := stacks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := profiles.Library{WorkingFolder: t.TempDir()}.Load(profiles.Request{Name: "streaming", Catalogue: catalogue, Set: set})
	if err != nil {
		t.Fatal(err)
	}
	return plan.Input{
		Environment: "shop", Profile: profile, Runtime: profiles.RuntimeKind, Catalogue: catalogue,
		Credentials: secrets(catalogue),
		Host:        plan.Host{Memory: 16 << 30, Arch: "amd64", Taken: func(int) (string, bool) { return "", false }},
		Substitute:  func(reference string) (string, error) { return reference, nil },
		Program: func(repository, _ string) (plan.ProgramImage, error) {
			return plan.ProgramImage{Reference: repository + ":abc123"}, nil
		},
		AppImage: func(_ context.Context, service string, _ manifest.Build) (string, error) {
			return "diorama.local/shop/" + service + ":0123", nil
		},
		LoadApp: func(ctx context.Context, app profiles.App, vars map[string]string) (compose.Project, error) {
			return compose.LoadApp(ctx, app.Name, app.Files, vars)
		},
	}
}

// secrets are credentials that are easy to find where they must not be.
func secrets(c stacks.Catalogue) map[string]map[string]string {
	all := make(map[string]map[string]string)
	for _, stack := range c.All() {
		all[stack.Name] = make(map[string]string)
		for name := range stack.Credentials {
			all[stack.Name][name] = "Secret0" + strings.ToLower(strings.ReplaceAll(name, "_", "0"))
		}
	}
	return all
}

func resolve(t *testing.T, in plan.Input) plan.Plan {
	t.Helper()
	p, err := plan.Resolve(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReportOfStreaming(t *testing.T) {
	got, err := json.MarshalIndent(resolve(t, input(t)).Report(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "streaming.json", got)
	if strings.Contains(string(got), "Secret0") {
		t.Error("the report shows a credential")
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

func TestCredentialsStandInSecretsOnly(t *testing.T) {
	p := resolve(t, input(t))
	for _, stack := range p.Stacks {
		for _, object := range stack.Objects() {
			data, err := object.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if object.GetKind() != "Secret" && strings.Contains(string(data), "Secret0") {
				t.Errorf("%s %s holds a credential in the open", object.GetKind(), object.GetName())
			}
		}
	}
	for _, e := range p.Endpoints {
		if strings.Contains(fmt.Sprintf("%+v", e), "Secret0") {
			t.Errorf("endpoint %s/%s shows a credential", e.Stack, e.Name)
		}
	}
	i := slices.IndexFunc(p.Endpoints, func(e plan.Endpoint) bool { return e.Stack == "postgres" })
	revealed := p.Endpoints[i].Reveal(map[string]string{"POSTGRES_PASSWORD": "pw"})
	if want := "postgres://app:pw@127.0.0.1:5432/app?sslmode=disable"; revealed.URL != want || revealed.Password != "pw" {
		t.Errorf("revealed as %s with password %q, want %s", revealed.URL, revealed.Password, want)
	}
}

func TestKafkaAdvertisesItsPlannedPort(t *testing.T) {
	in := input(t)
	in.Host.Taken = func(port int) (string, bool) { return "another Kafka", port == 9092 }
	p := resolve(t, in)
	kafka, _ := p.Stack("kafka")
	data, err := json.Marshal(kafka.Waves)
	if err != nil {
		t.Fatal(err)
	}
	if want := "EXTERNAL://127.0.0.1:19092"; !strings.Contains(string(data), want) {
		t.Errorf("no %s in what Kafka is started with", want)
	}
}

func TestStepsFollowTheGraph(t *testing.T) {
	p := resolve(t, input(t))
	needs := make(map[string][]string)
	for _, step := range p.Steps {
		needs[step.ID] = step.Needs
	}
	for id, want := range map[string][]string{
		"cluster/diorama-shop": {"nodes/diorama-shop"},
		"apply/demo":           {"cluster/diorama-shop", "load/diorama.dev/demo:abc123", "wait/kafka", "wait/redis", "wait/postgres"},
		"wait/demo":            {"apply/demo"},
	} {
		if diff := cmp.Diff(want, needs[id]); diff != "" {
			t.Errorf("needs of %s (-want +got):\n%s", id, diff)
		}
	}
	for id := range needs {
		if strings.HasPrefix(id, "fetch/") && len(needs[id]) > 0 {
			t.Errorf("%s waits for %v: images are fetched beside the cluster", id, needs[id])
		}
	}
}

func TestARunningEnvironment(t *testing.T) {
	in := input(t)
	first := resolve(t, in)
	in.Record = env.Record{
		Cluster: env.ClusterRecord{Name: first.Cluster.Name, NodeImage: first.Cluster.Image, Nodes: 1, Complete: true, Ports: first.Cluster.Ports},
		Ports:   first.Ports, Stacks: []string{"kafka", "mysql"},
	}
	t.Run("stacks that left are removed", func(t *testing.T) {
		if diff := cmp.Diff([]string{"mysql"}, resolve(t, in).Removed); diff != "" {
			t.Errorf("removed (-want +got):\n%s", diff)
		}
	})
	t.Run("the same plan is the same bytes", func(t *testing.T) {
		one, two := resolve(t, in), resolve(t, in)
		a, _ := json.Marshal(one)
		b, _ := json.Marshal(two)
		if string(a) != string(b) {
			t.Error("two plans of the same input differ")
		}
	})
	for name, change := range map[string]string{"nodes": "cluster.nodes=2", "version": "cluster.kubernetes=1.35"} {
		t.Run("another "+name+" needs a new cluster", func(t *testing.T) {
			changed := in
			changed.Profile = input(t, change).Profile
			_, err := plan.Resolve(t.Context(), changed)
			if _, ok := errors.AsType[*plan.RecreateError](err); !ok {
				t.Errorf("error = %v, want a RecreateError", err)
			}
			changed.Recreate = true
			resolve(t, changed)
		})
	}
}

func TestWhatDoesNotFit(t *testing.T) {
	in := input(t)
	in.Host.Memory = 512 << 20
	_, err := plan.Resolve(t.Context(), in)
	memory, ok := errors.AsType[*plan.MemoryError](err)
	if !ok || memory.LeaveOut != "kafka" {
		t.Errorf("error = %v, want a MemoryError that leaves kafka out", err)
	}
	full := input(t)
	full.Host.Disk = 1 << 20
	if warnings := resolve(t, full).Warnings; len(warnings) != 1 || !strings.Contains(warnings[0], "disk") {
		t.Errorf("warnings = %q, want one about the disk", warnings)
	}
	roomy := input(t, "budget.memory=512Mi")
	if warnings := resolve(t, roomy).Warnings; len(warnings) != 1 || !strings.Contains(warnings[0], "budget") {
		t.Errorf("warnings = %q, want one about the budget", warnings)
	}
}

func TestAStackThatCannotBeBuiltIsLeftOut(t *testing.T) {
	in := input(t)
	in.Program = func(string, string) (plan.ProgramImage, error) {
		return plan.ProgramImage{}, errors.New("no Go toolchain")
	}
	p := resolve(t, in)
	if _, there := p.Stack("demo"); there || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "demo is left out: no Go toolchain") {
		t.Errorf("warnings = %q", p.Warnings)
	}
}

func TestUsersApps(t *testing.T) {
	in := input(t)
	file := filepath.Join(t.TempDir(), "compose.yaml")
	text := `services:
  web:
    build: .
    ports: ["8080:80", "9000"]
    environment: {DATABASE: "${POSTGRES_URL}"}
    network_mode: host
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in.Profile.Apps = []profiles.App{{Name: "mine", Files: []string{file}}}
	p := resolve(t, in)
	mine, ok := p.Stack("mine")
	if !ok || len(mine.Losses) == 0 || !strings.Contains(mine.Losses[0].String(), "network_mode") {
		t.Fatalf("losses = %v, want one for network_mode", mine.Losses)
	}
	var ports []string
	for _, e := range p.Endpoints {
		if e.Stack == "mine" {
			ports = append(ports, fmt.Sprintf("%s %d", e.Name, e.Port))
		}
	}
	// 8080 is the demo's gateway's.
	if diff := cmp.Diff([]string{"web 18080", "web-9000 9000"}, ports); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	i := slices.IndexFunc(p.Images, func(i plan.Image) bool { return i.Reference == "diorama.local/shop/web:0123" })
	if i < 0 || p.Images[i].Build == nil || p.Images[i].Build.App == nil {
		t.Errorf("the built image is not in the plan: %+v", p.Images)
	}
	in.Profile.Apps = append(in.Profile.Apps, profiles.App{Name: "twin", Files: []string{file}})
	_, err := plan.Resolve(t.Context(), in)
	if _, ok := errors.AsType[*plan.ConflictError](err); !ok {
		t.Errorf("error = %v, want a ConflictError", err)
	}
}

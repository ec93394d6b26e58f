package plan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
)

// logSystem is the input of a built-in profile other than streaming.
func logSystem(t *testing.T, in plan.Input, name string, set ...string) plan.Input {
	t.Helper()
	profile, err := profiles.Library{WorkingFolder: t.TempDir()}.Load(profiles.Request{Name: name, Catalogue: in.Catalogue, Set: set})
	if err != nil {
		t.Fatal(err)
	}
	in.Profile = profile
	return in
}

// TestManifestsOfAStack: what they run is a service of the plan, and its image
// is fetched and loaded.
func TestManifestsOfAStack(t *testing.T) {
	p := resolve(t, logSystem(t, input(t), "logs-loki"))
	loki, _ := p.Stack("loki")
	i := slices.IndexFunc(loki.Workloads, func(w manifest.Workload) bool { return w.Kind == "DaemonSet" && w.Service == "loki-agent" })
	if i < 0 {
		t.Fatalf("no agent among %+v", loki.Workloads)
	}
	image := "docker.io/otel/opentelemetry-collector-contrib:0.149.0"
	if !slices.Contains(loki.Images, image) || !slices.ContainsFunc(p.Images, func(o plan.Image) bool { return o.Reference == image }) {
		t.Errorf("images %v", loki.Images)
	}
	for _, object := range loki.Objects() {
		if object.GetKind() == "ClusterRole" && object.GetName() != "diorama-shop-loki-agent" {
			t.Errorf("a role of the whole cluster called %s", object.GetName())
		}
		if object.GetKind() == "DaemonSet" && object.GetAnnotations()[plan.Revision] == "" {
			t.Error("the agent has no revision to be awaited by")
		}
	}
}

// TestLeftOutByParameter: a service that a parameter leaves out takes its
// image, its endpoint and its memory along.
func TestLeftOutByParameter(t *testing.T) {
	with := resolve(t, logSystem(t, input(t), "logs-efk"))
	without := resolve(t, logSystem(t, input(t), "logs-efk", "efk.kibana=false"))
	for _, image := range without.Images {
		if strings.Contains(image.Reference, "kibana") {
			t.Errorf("%s is fetched", image.Reference)
		}
	}
	if _, there := without.Ports["efk/kibana"]; there || len(without.Endpoints) != len(with.Endpoints)-1 {
		t.Errorf("ports %v", without.Ports)
	}
	if saved := with.Memory.Needed - without.Memory.Needed; saved != 600<<20 {
		t.Errorf("%d bytes less are needed", saved)
	}
}

// TestLogSystemOfAnotherName: everything that speaks to Elasticsearch follows
// the instance's name, the texts of configs too.
func TestLogSystemOfAnotherName(t *testing.T) {
	in := input(t)
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte("name: p\nstacks: [{elk: {as: search}}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	search, there := resolve(t, logSystem(t, in, file)).Stack("search")
	if !there {
		t.Fatal("no such stack")
	}
	for _, object := range search.Objects() {
		data, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("//elasticsearch:9200")) || bytes.Contains(data, []byte(" logstash:5044")) {
			t.Errorf("%s %s speaks of another instance:\n%s", object.GetKind(), object.GetName(), data)
		}
	}
}

// TestManifestsNeedACluster: without one the stack is left out, with the reason.
func TestManifestsNeedACluster(t *testing.T) {
	p := resolve(t, logSystem(t, embedded(t), "logs-loki"))
	if len(p.Placement.LeftOut) != 1 || p.Placement.LeftOut[0].Name != "loki" || p.Placement.LeftOut[0].Reason == "" {
		t.Errorf("left out %v", p.Placement.LeftOut)
	}
}

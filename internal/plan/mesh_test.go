package plan_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/diorama-dev/diorama/internal/manifest"
	"github.com/diorama-dev/diorama/internal/plan"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

// net is a mesh of one service.
func net(t *testing.T) stacks.Stack {
	t.Helper()
	stack, err := stacks.Load(fstest.MapFS{
		"net/stack.yaml": {Data: []byte(`name: net
title: Net
category: mesh
summary: A mesh.
probes: {webhook: {tcp: 15017}}
`)},
		"net/compose.yaml": {Data: []byte("services: {webhook: {image: \"example.com/net:1.0\"}}\n")},
	}, "net", "net")
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// meshed is the input of the demo, the stacks and an app of one service and a
// Job, of which the members are in the mesh.
func meshed(t *testing.T, in plan.Input, members string, set ...string) plan.Input {
	t.Helper()
	in.Catalogue = in.Catalogue.With(net(t))
	folder := t.TempDir()
	for name, text := range map[string]string{
		".diorama/profiles/mine.yaml": "name: mine\nstacks: [kafka, redis, postgres, demo, net]\nmesh: [" + members + "]\napps: [../../shop/compose.yaml]\n",
		"shop/compose.yaml":           "services:\n  web: {image: \"example.com/web:1\"}\n  once: {image: \"example.com/once:1\", restart: \"no\"}\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	library := profiles.Library{WorkingFolder: folder, Folders: []string{filepath.Join(folder, ".diorama/profiles")}}
	profile, err := library.Load(profiles.Request{Name: "mine", Catalogue: in.Catalogue, Set: set})
	if err != nil {
		t.Fatal(err)
	}
	in.Profile = profile
	return in
}

// sidecars names the workloads whose Pods get a proxy.
func sidecars(t *testing.T, p plan.Plan) []string {
	t.Helper()
	var names []string
	for _, stack := range p.Stacks {
		for _, object := range stack.Objects() {
			labels, _, err := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "labels")
			if err != nil {
				t.Fatal(err)
			}
			if labels[manifest.LabelSidecar] == "true" {
				names = append(names, labels[manifest.LabelService])
			}
		}
	}
	slices.Sort(names)
	return names
}

func kinds(s plan.Stack) []string {
	var list []string
	for _, object := range s.Objects() {
		list = append(list, object.GetKind()+"/"+object.GetName())
	}
	return list
}

func TestMembersOfTheMesh(t *testing.T) {
	demo := []string{"billing", "gateway", "load", "log", "user-profile"}
	for name, c := range map[string]struct {
		members string
		set     []string
		want    []string
		routes  bool
	}{
		"nobody":         {"", nil, nil, false},
		"the demo":       {"demo", nil, demo, true},
		"it will not":    {"demo", []string{"demo.mesh=false"}, demo, false},
		"an app":         {"shop", nil, []string{"web"}, false},
		"a database":     {"redis", nil, []string{"redis"}, false},
		"the mesh alone": {"net", nil, nil, false},
		"recommenders": {
			"demo, shop",
			[]string{"demo.recommender=served"},
			[]string{"billing", "gateway", "load", "log", "recommender-v1", "recommender-v2", "user-profile", "web"},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := resolve(t, meshed(t, input(t), c.members, c.set...))
			if diff := cmp.Diff(c.want, sidecars(t, p)); diff != "" {
				t.Errorf("Pods with a proxy (-want +got):\n%s", diff)
			}
			stack, _ := p.Stack("demo")
			if got := slices.Contains(kinds(stack), "VirtualService/demo"); got != c.routes {
				t.Errorf("the demo has routes: %t", got)
			}
		})
	}
}

// TestMembersComeAfterTheMesh: a Pod that comes before the webhook is ready
// gets no proxy.
func TestMembersComeAfterTheMesh(t *testing.T) {
	p := resolve(t, meshed(t, input(t), "demo, redis"))
	for _, step := range p.Steps {
		member := step.ID == "apply/demo" || step.ID == "apply/redis" || step.ID == "apply/shop"
		if kind, _, _ := strings.Cut(step.ID, "/"); kind == "apply" && slices.Contains(step.Needs, "wait/net") != member {
			t.Errorf("%s needs %v", step.ID, step.Needs)
		}
	}
}

// TestRulesComeAfterTheMesh: the cluster does not know their kinds before.
func TestRulesComeAfterTheMesh(t *testing.T) {
	p := resolve(t, meshed(t, input(t), "", "demo.mesh=true"))
	for _, step := range p.Steps {
		if step.ID == "apply/demo" && !slices.Contains(step.Needs, "wait/net") {
			t.Errorf("it needs %v", step.Needs)
		}
	}
}

// TestProxiesTakeMemory: it is said before anything starts.
func TestProxiesTakeMemory(t *testing.T) {
	without, with := resolve(t, meshed(t, input(t), "")), resolve(t, meshed(t, input(t), "demo, shop"))
	if more := with.Memory.Needed - without.Memory.Needed; more < 6*30<<20 || more > 6*100<<20 {
		t.Errorf("%d MiB more for six proxies", more>>20)
	}
}

// TestWithoutTheMesh: what named it goes on without, and its Pods are others.
func TestWithoutTheMesh(t *testing.T) {
	in := meshed(t, input(t), "demo", "demo.recommender=served")
	with := resolve(t, in)
	in.Profile.Stacks = slices.DeleteFunc(slices.Clone(in.Profile.Stacks), func(s profiles.Selection) bool { return s.Stack == "net" })
	in.Record.Stacks = []string{"net"}
	p := resolve(t, in)
	if got := sidecars(t, p); got != nil {
		t.Errorf("proxies for %v", got)
	}
	if diff := cmp.Diff([]string{"net"}, p.Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	before, _ := with.Stack("demo")
	after, _ := p.Stack("demo")
	var gone []string
	for _, object := range kinds(before) {
		if !slices.Contains(kinds(after), object) {
			gone = append(gone, object)
		}
	}
	if diff := cmp.Diff([]string{"DestinationRule/recommender", "Gateway/demo", "VirtualService/demo", "VirtualService/recommender"}, gone); diff != "" {
		t.Errorf("objects that go with the mesh (-want +got):\n%s", diff)
	}
}

// TestAMeshGoesAfterThoseThatRanByIt: what is new may be waiting for what the
// mesh holds, and is not waited for.
func TestAMeshGoesAfterThoseThatRanByIt(t *testing.T) {
	in := meshed(t, input(t), "")
	in.Profile.Stacks = slices.DeleteFunc(slices.Clone(in.Profile.Stacks), func(s profiles.Selection) bool { return s.Stack == "net" })
	in.Record.Stacks, in.Record.Meshes = []string{"net", "redis", "mysql"}, []string{"net"}
	for _, step := range resolve(t, in).Steps {
		if step.ID != "remove/net" {
			continue
		}
		if diff := cmp.Diff([]string{"wait/redis", "remove/mysql"}, step.Needs[1:]); diff != "" {
			t.Errorf("needs of %s (-want +got):\n%s", step.ID, diff)
		}
		return
	}
	t.Error("the mesh is not removed")
}

func TestNoMeshWithoutPods(t *testing.T) {
	for _, sets := range [][]string{{"demo.recommender=served"}, {"demo.recommender=served", "demo.mesh=true"}} {
		noMesh(t, sets...)
	}
}

func noMesh(t *testing.T, sets ...string) {
	t.Helper()
	in := meshed(t, embedded(t), "demo", sets...)
	in.Profile.Apps = nil
	p := resolve(t, in)
	demo, there := p.Stack("demo")
	if !there || !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "demo will be in no mesh") }) {
		t.Errorf("demo: %t, warnings %q", there, p.Warnings)
	}
	i := slices.IndexFunc(demo.Servers, func(s plan.Server) bool { return s.Service == "gateway" })
	j := slices.IndexFunc(demo.Servers, func(s plan.Server) bool { return s.Service == "recommender-v1" })
	if j < 0 || "http://"+demo.Servers[j].Environment["DEMO_LISTEN"] != demo.Servers[i].Environment["DEMO_RECOMMENDER_URL"] {
		t.Errorf("the gateway does not find the recommender: %+v", demo.Servers)
	}
}

// TestTheRecommendersGPUs: none are asked for unless somebody wants it.
func TestTheRecommendersGPUs(t *testing.T) {
	for set, want := range map[string]int64{"demo.gpus=0": 0, "demo.gpus=2": 4} {
		demo, _ := resolve(t, meshed(t, input(t), "", "demo.recommender=served", set)).Stack("demo")
		var got int64
		for _, w := range demo.Workloads {
			got += w.GPUs
		}
		if got != want {
			t.Errorf("%s: %d GPUs, want %d", set, got, want)
		}
	}
}

// TestTheDemoAlone: without servers to stand on it requires none, and what
// reads events is not there.
func TestTheDemoAlone(t *testing.T) {
	in := meshed(t, input(t), "demo", "demo.backends=memory", "demo.recommender=served")
	in.Profile.Stacks = slices.DeleteFunc(slices.Clone(in.Profile.Stacks), func(s profiles.Selection) bool { return s.Stack != "demo" && s.Stack != "net" })
	in.Profile.Apps = nil
	if diff := cmp.Diff([]string{"gateway", "load", "recommender-v1", "recommender-v2"}, sidecars(t, resolve(t, in))); diff != "" {
		t.Errorf("the demo's services (-want +got):\n%s", diff)
	}
}

// TestASecondDemoInTheMesh: what routes to its services follows their names.
func TestASecondDemoInTheMesh(t *testing.T) {
	in := meshed(t, input(t), "demo")
	for i, s := range in.Profile.Stacks {
		if s.Stack == "demo" {
			in.Profile.Stacks[i].As = "other"
		}
	}
	in.Profile.Mesh = []string{"other"}
	other, _ := resolve(t, in).Stack("other")
	for _, object := range other.Objects() {
		if object.GetKind() != "VirtualService" {
			continue
		}
		gateways, _, _ := unstructured.NestedStringSlice(object.Object, "spec", "gateways")
		data, err := object.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if object.GetName() != "other-demo" && object.GetName() != "other" || !slices.Equal(gateways, []string{object.GetName()}) ||
			!strings.Contains(string(data), `"host":"other-gateway"`) {
			t.Errorf("%s", data)
		}
	}
}

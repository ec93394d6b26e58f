package profiles_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/diorama-dev/diorama/internal/seed"
	"github.com/diorama-dev/diorama/profiles"
	"github.com/diorama-dev/diorama/stacks"
)

func TestBuiltinProfilesLoad(t *testing.T) {
	library := profiles.Library{WorkingFolder: t.TempDir()}
	want := map[string][]string{
		"backend":   {"mysql", "rabbitmq", "redis", "memcached"},
		"minimal":   {"redis", "postgres"},
		"streaming": {"kafka", "redis", "postgres", "demo"},
		"logs-loki": {"kafka", "redis", "postgres", "loki", "demo"},
		"logs-efk":  {"kafka", "redis", "postgres", "efk", "demo"},
	}
	for _, name := range library.Names() {
		profile, err := library.Load(profiles.Request{Name: name, Catalogue: catalogue(t)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, selection := range profile.Stacks {
			got = append(got, selection.As)
		}
		if expected, ok := want[name]; ok && !slices.Equal(got, expected) {
			t.Errorf("%s has the stacks %v, want %v", name, got, expected)
		}
		if profile.Name != name || profile.Title == "" || profile.Source != "profiles/"+name+".yaml" {
			t.Errorf("%s: name %q, title %q, source %q", name, profile.Name, profile.Title, profile.Source)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestLoadReadsEverything(t *testing.T) {
	got, folder := load(t, `
-- mine.yaml --
name: shop
title: A shop
runtime: kind
gpu: off
cluster: {nodes: 3, kubernetes: "1.36"}
budget: {memory: 6Gi, logs: 512Mi, logAge: 7d}
stacks: [kafka, {redis: {as: sessions}}, redis]
parameters:
  kafka: {partitions: 3, version: "4.3.1", autoCreate: false, heap: 512Mi}
  postgres: {storage: 2Gi}
ports: {sessions/redis: 16379}
credentials: {sessions: {REDIS_PASSWORD: letmein}}
seeds: [{kafka: {topics: [{name: orders, partitions: 3, config: {retention.ms: 1000}}]}}]
apps: [web/compose.yaml, {name: other, files: [/abs/a.yaml, b.yaml]}]
`)
	want := profiles.Profile{
		Name: "shop", Title: "A shop", Runtime: profiles.RuntimeKind, GPU: profiles.GPU{Wish: profiles.GPUOff},
		Cluster: profiles.Cluster{Nodes: 3, Kubernetes: "1.36"}, Budget: profiles.Budget{Memory: 6 << 30, Logs: 512 << 20, LogAge: 7 * 24 * time.Hour},
		Stacks: []profiles.Selection{
			{Stack: "kafka", As: "kafka", Position: "mine.yaml:7:10"},
			{Stack: "redis", As: "sessions", Position: "mine.yaml:7:18"},
			{Stack: "redis", As: "redis", Position: "mine.yaml:7:42"},
		},
		Parameters: map[string]map[string]any{
			"kafka":    {"partitions": 3, "version": "4.3.1", "autoCreate": false, "heap": "512Mi"},
			"postgres": {"storage": "2Gi"},
		},
		Ports:       map[string]int{"sessions/redis": 16379},
		Credentials: map[string]map[string]string{"sessions": {"REDIS_PASSWORD": "letmein"}},
		Seeds: []seed.Set{{Instance: "kafka", Stack: "kafka", Topics: []seed.Topic{
			{Name: "orders", Partitions: 3, Config: map[string]string{"retention.ms": "1000"}, At: "mine.yaml:13:27"},
		}}},
		Apps: []profiles.App{
			{Name: "web", Files: []string{filepath.Join(folder, "web/compose.yaml")}, Position: "mine.yaml:14:8"},
			{Name: "other", Files: []string{"/abs/a.yaml", filepath.Join(folder, "b.yaml")}, Position: "mine.yaml:14:26"},
		},
		Source: "mine.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExtendsOverlaysAndSettings(t *testing.T) {
	got, folder := load(t, `
-- mine.yaml --
extends: base
parameters: {kafka: {partitions: 6, heap: }}
apps: [app/compose.yaml]
-- .diorama/profiles/base.yaml --
extends: minimal
title: Base
cluster: {nodes: 2}
stacks: [kafka, postgres]
parameters:
  kafka: {partitions: 3, heap: 512Mi, version: "4.2.0"}
  postgres: {storage: 2Gi}
-- overlay.yaml --
cluster: {kubernetes: "1.35"}
parameters: {postgres: {storage: 3Gi}}
-- set --
postgres.version=17.10
kafka.partitions=9
cluster.nodes=1
budget.memory=4Gi
budget.logAge=12h
gpu=off
ports.postgres/sql=15432
`)
	want := profiles.Profile{
		Name: "mine", Title: "Base", Runtime: profiles.RuntimeAuto, GPU: profiles.GPU{Wish: profiles.GPUOff},
		Cluster: profiles.Cluster{Nodes: 1, Kubernetes: "1.35"}, Budget: profiles.Budget{Memory: 4 << 30, LogAge: 12 * time.Hour},
		Stacks: []profiles.Selection{
			{Stack: "kafka", As: "kafka", Position: ".diorama/profiles/base.yaml:4:10"},
			{Stack: "postgres", As: "postgres", Position: ".diorama/profiles/base.yaml:4:17"},
		},
		Parameters: map[string]map[string]any{
			"kafka":    {"partitions": 9, "version": "4.2.0"},
			"postgres": {"storage": "3Gi", "version": "17.10"},
		},
		Ports:       map[string]int{"postgres/sql": 15432},
		Credentials: map[string]map[string]string{},
		Apps:        []profiles.App{{Name: "app", Files: []string{filepath.Join(folder, "app/compose.yaml")}, Position: "mine.yaml:3:8"}},
		Source:      "mine.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUsersProfileShadowsAndExtendsTheBuiltinOne(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "near/minimal.yaml"), "extends: minimal\ntitle: Mine\n")
	writeFile(t, filepath.Join(folder, "far/minimal.yaml"), "extends: minimal\ntitle: Far\ngpu: off\n")
	library := profiles.Library{WorkingFolder: folder, Folders: []string{filepath.Join(folder, "near"), filepath.Join(folder, "far")}}
	profile, err := library.Load(profiles.Request{Name: "minimal", Catalogue: catalogue(t)})
	if err != nil {
		t.Fatal(err)
	}
	if profile.Title != "Mine" || profile.GPU.Wish != profiles.GPUOff || len(profile.Stacks) != 2 || profile.Source != "near/minimal.yaml" {
		t.Errorf("loaded %+v", profile)
	}
	if names := library.Names(); !slices.Equal(names, profiles.Library{}.Names()) {
		t.Errorf("names %v, want each once", names)
	}
}

func TestParametersOfOneInstance(t *testing.T) {
	got, _ := load(t, "-- mine.yaml --\nstacks: [{redis: {as: sessions}}]\n-- set --\nsessions.policy=allkeys-lru\n")
	if diff := cmp.Diff(map[string]map[string]any{"sessions": {"policy": "allkeys-lru"}}, got.Parameters); diff != "" {
		t.Error(diff)
	}
}

func TestNestedSettingsReachMaps(t *testing.T) {
	proxy := stacks.Stack{
		Identity:   stacks.Identity{Name: "proxy"},
		Parameters: map[string]stacks.Parameter{"values": {Type: stacks.MapParameter}},
	}
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "mine.yaml"), "stacks: [proxy]\nparameters: {proxy: {values: {a: {b: 1}, keep: true}}}\n")
	profile, err := profiles.Library{WorkingFolder: folder}.Load(profiles.Request{
		Name: "mine.yaml", Catalogue: stacks.Catalogue{}.With(proxy),
		Set: []string{"proxy.values.a.b=c", `proxy.values.a.dotted\.key=2`, "proxy.values.list=[x, 1]"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]any{"proxy": {"values": map[string]any{
		"a": map[string]any{"b": "c", "dotted.key": 2}, "keep": true, "list": []any{"x", 1},
	}}}
	if diff := cmp.Diff(want, profile.Parameters); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownProfile(t *testing.T) {
	library := profiles.Library{WorkingFolder: t.TempDir()}
	for name, want := range map[string]string{
		"minimul":    `unknown profile "minimul": did you mean "minimal"?; ` + "`diorama profiles` lists them, and a path with a slash names a file",
		"":           `unknown profile "": expected one of ` + strings.Join(library.Names(), ", ") + "; `diorama profiles` lists them, and a path with a slash names a file",
		"./not.yaml": "profile file not.yaml does not exist: check the path",
		"../up.yml":  "profile file ../up.yml does not exist: check the path",
	} {
		_, err := library.Load(profiles.Request{Name: name, Catalogue: catalogue(t)})
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v\nwant %s", name, err, want)
		}
	}
}

func TestAFixedCredentialIsNeverQuoted(t *testing.T) {
	_, err := profiles.Library{WorkingFolder: t.TempDir()}.Load(profiles.Request{
		Name: "minimal", Catalogue: catalogue(t), Set: []string{"credentials.redis.REDIS_PASSWORD=hunter/22"},
	})
	if err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("error %v", err)
	}
	for _, value := range []string{"hunter/22", "hunter 22", "[hunter22]", "31337", "{hunter22: }", strings.Repeat("hunter22", 99)} {
		folder := t.TempDir()
		writeFile(t, filepath.Join(folder, "mine.yaml"), "stacks: [redis]\ncredentials: {redis: {REDIS_PASSWORD: "+value+"}}\n")
		_, err := profiles.Library{WorkingFolder: folder}.Load(profiles.Request{Name: "mine.yaml", Catalogue: catalogue(t)})
		if err == nil || strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "31337") {
			t.Errorf("error %v", err)
		}
	}
}

// FuzzLoad sees that no bytes make loading panic, and that a profile which was
// loaded names only what is there.
func FuzzLoad(f *testing.F) {
	known, err := stacks.Builtin()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("name: mine\nstacks: [redis, {redis: {as: b}}]"), []byte("parameters: {redis: {policy: noeviction}}"), "redis.policy=x")
	f.Add([]byte("extends: minimal"), []byte("ports: {redis/redis: 1}"), "apps=[a]")
	f.Add([]byte("apps: [{name: a, files: [b]}]"), []byte("stacks: "), `a.b\.c={d: e}`)
	f.Fuzz(func(t *testing.T, profileFile, overlay []byte, setting string) {
		folder := t.TempDir()
		writeFile(t, filepath.Join(folder, "p.yaml"), string(profileFile))
		writeFile(t, filepath.Join(folder, "o.yaml"), string(overlay))
		profile, err := profiles.Library{WorkingFolder: folder}.Load(profiles.Request{
			Name: "p.yaml", Overlays: []string{"o.yaml"}, Set: []string{setting}, Catalogue: known,
		})
		if err != nil {
			return
		}
		for _, selection := range profile.Stacks {
			stack, err := known.Lookup(selection.Stack)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stack.Resolve(profile.Parameters[selection.As]); err != nil {
				t.Errorf("parameters of %s: %v", selection.As, err)
			}
		}
		if len(profile.Stacks)+len(profile.Apps) == 0 {
			t.Error("a profile that runs nothing was loaded")
		}
	})
}

// load loads the profile of an archive, and gives the folder it lay in.
func load(t *testing.T, archive string) (profiles.Profile, string) {
	t.Helper()
	profile, err := loadArchive(t, txtar.Parse([]byte(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range profile.Apps {
		folder := filepath.Dir(filepath.Dir(app.Files[0]))
		return profile, folder
	}
	return profile, ""
}

func catalogue(t *testing.T) stacks.Catalogue {
	t.Helper()
	known, err := stacks.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return known
}

package diorama

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
	"github.com/diorama-dev/diorama/profiles"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNearestProfile(t *testing.T) {
	root := t.TempDir()
	outer, inner := filepath.Join(root, "a"), filepath.Join(root, "a", "b", "c")
	write(t, filepath.Join(outer, ProfileFile), "stacks: [redis]\n")
	write(t, filepath.Join(inner, ProfileFile), "stacks: [redis]\n")
	for folder, want := range map[string][2]string{
		inner:                           {filepath.Join(inner, ProfileFile), inner},
		filepath.Join(root, "a", "b"):   {filepath.Join(outer, ProfileFile), outer},
		outer:                           {filepath.Join(outer, ProfileFile), outer},
		filepath.Join(inner, "missing"): {filepath.Join(inner, ProfileFile), inner},
		root:                            {DefaultProfile, root},
	} {
		name, home, err := nearestProfile(folder)
		if got := [2]string{name, home}; err != nil || got != want {
			t.Errorf("%s: %v (%v), want %v", folder, got, err, want)
		}
	}
}

func TestRequestComesBack(t *testing.T) {
	folder, work := env.Folder(t.TempDir()), t.TempDir()
	t.Setenv("DIORAMA_IMAGES", "")
	write(t, filepath.Join(work, "over.yaml"), "cluster: {nodes: 1}\n")
	o := Options{
		Profile: "minimal", Runtime: "kind", Overlays: []string{"over.yaml"}, Set: []string{"redis.memory=96Mi"},
		Images: filepath.Join(work, "images.yaml"), Offline: true, Folder: work,
	}
	w, err := loadProfile(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := remember(folder, o, w); err != nil {
		t.Fatal(err)
	}
	got, err := remembered(folder, "shop")
	if err != nil {
		t.Fatal(err)
	}
	want := o
	want.Name, want.Overlays = "shop", []string{filepath.Join(work, "over.yaml")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-asked +remembered):\n%s", diff)
	}
}

func TestRememberedSaysWhatToDo(t *testing.T) {
	folder := env.Folder(t.TempDir())
	if _, err := remembered(folder, "shop"); err == nil {
		t.Error("nothing was remembered, and no error")
	}
	for _, content := range []string{"", "null", "{}", `{"schema": 2}`, "\x00"} {
		write(t, folder.Request(), content)
		if o, err := remembered(folder, "shop"); err == nil {
			t.Errorf("%q was taken for %+v", content, o)
		}
	}
}

func TestJoinApps(t *testing.T) {
	folder := env.Folder(t.TempDir())
	for _, name := range []string{"fraud.yaml", "redis.yaml", "own.yaml", "Not A Name.yaml", "fraud.txt", ".fraud.yaml-1"} {
		write(t, filepath.Join(folder.Apps(), name), "services: {}\n")
	}
	write(t, filepath.Join(folder.Apps(), "folder.yaml", "x"), "")
	own := profiles.App{Name: "own", Files: []string{"/own/compose.yaml"}}
	p := profiles.Profile{Stacks: []profiles.Selection{{Stack: "redis", As: "redis"}}, Apps: []profiles.App{own}}
	if err := joinApps(folder, &p); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder.Apps(), "fraud.yaml")
	want := []profiles.App{own, {Name: "fraud", Files: []string{file}, Position: file}}
	if diff := cmp.Diff(want, p.Apps); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
	if err := joinApps(env.Folder(t.TempDir()), &p); err != nil || len(p.Apps) != 2 {
		t.Errorf("an environment that nobody joined: %v, %d apps", err, len(p.Apps))
	}
}

func TestNameOf(t *testing.T) {
	for folder, want := range map[string]string{
		"shop": "shop", "My Shop_2": "my-shop-2", "": "app", "数据": "app", "-x-": "x",
		"a-name-that-is-much-longer-than-a-name-can-be": "a-name-that-is-much-longer-than-a-name-c",
	} {
		if got := nameOf(folder); got != want || ValidName(got) != nil {
			t.Errorf("%q became %q, want %q", folder, got, want)
		}
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "shop-2": true, "1": true, "": false, "-a": false, "a-": false, "A": false, "a.b": false,
		"..": false, "a/b": false, "a\nb": false, "0123456789012345678901234567890123456789": true,
		"01234567890123456789012345678901234567890": false,
	} {
		if got := ValidName(name) == nil; got != want {
			t.Errorf("%q is valid: %v, want %v", name, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	for _, c := range []struct {
		option  string
		profile profiles.Runtime
		have    profiles.Runtime // of the environment; empty: there is none
		want    profiles.Runtime // empty: an error
	}{
		{"", profiles.RuntimeAuto, "", profiles.RuntimeEmbedded},
		{"", "", "", profiles.RuntimeEmbedded},
		{"", profiles.RuntimeEmbedded, "", profiles.RuntimeEmbedded},
		{"embedded", profiles.RuntimeKind, "", profiles.RuntimeEmbedded},
		{"embedded", "", profiles.RuntimeEmbedded, profiles.RuntimeEmbedded},
		{"embedded", "", profiles.RuntimeKind, ""},
		{"kind", profiles.RuntimeEmbedded, "", ""},
		{"", "", profiles.RuntimeKind, ""}, // what is there stays where it is
		{"cluster", profiles.RuntimeKind, "", ""},
		{"containers", "", "", ""},
		{"nope", "", "", ""},
	} {
		record := env.Record{Identity: env.Identity{Environment: "shop", Runtime: string(c.have)}}
		got, err := choose(t.Context(), Options{Runtime: c.option}, profiles.Profile{Runtime: c.profile}, record)
		if err != nil {
			got.runtime = ""
		}
		if got.runtime != c.want || (err == nil) != (c.want != "") {
			t.Errorf("option %q, profile %q, there %q: %q (%v), want %q", c.option, c.profile, c.have, got.runtime, err, c.want)
		}
	}
}

func TestInitWritesBothOrNone(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "compose.yaml"), "services: {cache: {image: redis}, web: {image: nginx}}\n")
	write(t, filepath.Join(folder, OverrideFile), "mine")
	if _, err := Init(t.Context(), InitOptions{Folder: folder}); err == nil {
		t.Fatal("a file that is there was no reason to stop")
	}
	if _, err := os.Stat(filepath.Join(folder, ProfileFile)); err == nil {
		t.Error("the profile was written all the same")
	}
	made, err := Init(t.Context(), InitOptions{Folder: folder, Overwrite: true})
	if err != nil || made.Override != filepath.Join(folder, OverrideFile) || len(made.Notes) == 0 {
		t.Fatalf("made %+v (%v)", made, err)
	}
	if content, err := os.ReadFile(made.Override); err != nil || string(content) == "mine" {
		t.Errorf("the override is %q (%v)", content, err)
	}
}

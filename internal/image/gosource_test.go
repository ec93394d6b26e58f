package image

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
)

func TestFindSource(t *testing.T) {
	found, err := findSource()
	if err != nil || found.folder == "" {
		t.Fatalf("got %+v, %v; want the tree that the test was built from", found, err)
	}
	if _, err := os.Stat(filepath.Join(found.folder, "internal", "image", "gosource.go")); err != nil {
		t.Error(err)
	}
}

func TestModuleRoot(t *testing.T) {
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "go.mod"), []byte("module example.com/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{"another module": other, "no module": string(filepath.Separator), "a trimmed path": modulePath + "/internal/image"} {
		if root, found := moduleRoot(folder); found {
			t.Errorf("%s: found %s", name, root)
		}
	}
}

func TestVersionOf(t *testing.T) {
	module := func(path, version string) debug.Module { return debug.Module{Path: path, Version: version} }
	ours := module(modulePath, "v1.2.3")
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"a release":                  {debug.BuildInfo{Main: ours}, "v1.2.3"},
		"a test of somebody else's":  {debug.BuildInfo{Main: module("example.com/x", "(devel)"), Deps: []*debug.Module{&ours}}, "v1.2.3"},
		"a tree that is gone":        {debug.BuildInfo{Main: module(modulePath, "(devel)")}, ""},
		"a tree with changes":        {debug.BuildInfo{Main: module(modulePath, "v0.0.0-20261122-abc+dirty")}, ""},
		"a binary that says nothing": {debug.BuildInfo{}, ""},
	} {
		got, err := versionOf(&c.info)
		if got.version != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %+v, %v; want %q", name, got, err, c.want)
		}
	}
}

package image

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// contextOf writes a build context and returns its folder.
func contextOf(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestBuildReference(t *testing.T) {
	files := func(changes map[string]string) map[string]string {
		out := map[string]string{
			"Dockerfile": "FROM scratch\nCOPY . /\n", ".dockerignore": "*.log\nnode_modules\n!node_modules/kept\n",
			"main.go": "package main\n", "node_modules/x": "1", "node_modules/kept": "1", "debug.log": "1",
		}
		for name, text := range changes {
			out[name] = text
		}
		return out
	}
	reference := func(t *testing.T, b Build, changes map[string]string) string {
		t.Helper()
		b.Context = contextOf(t, files(changes))
		ref, err := b.Reference(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	plain := Build{Environment: "Shop", Service: "gateway"}
	base := reference(t, plain, nil)
	if !strings.HasPrefix(base, "diorama.local/shop/gateway:") || len(base) != len("diorama.local/shop/gateway:")+12 {
		t.Errorf("reference is %s", base)
	}
	with := func(change func(*Build)) Build { b := plain; change(&b); return b }
	for _, c := range []struct {
		name    string
		build   Build
		changes map[string]string
		same    bool
	}{
		{name: "the same content elsewhere", build: plain, same: true},
		{name: "an ignored file", build: plain, changes: map[string]string{"debug.log": "2"}, same: true},
		{name: "a file in an ignored folder", build: plain, changes: map[string]string{"node_modules/x": "2"}, same: true},
		{name: "a file taken back in", build: plain, changes: map[string]string{"node_modules/kept": "2"}},
		{name: "a file", build: plain, changes: map[string]string{"main.go": "package other\n"}},
		{name: "another file", build: plain, changes: map[string]string{"more.go": ""}},
		{name: "the Dockerfile", build: plain, changes: map[string]string{"Dockerfile": "FROM scratch\n"}},
		{name: "an ignore file of the Dockerfile", build: plain, changes: map[string]string{"Dockerfile.dockerignore": ""}},
		{name: "an argument", build: with(func(b *Build) { b.Args = map[string]string{"a": "1"} })},
		{name: "the stage", build: with(func(b *Build) { b.Target = "debug" })},
		{name: "the platform", build: with(func(b *Build) { b.Platform = "linux/arm64" })},
		{name: "a Dockerfile in the profile", build: with(func(b *Build) { b.Inline = "FROM scratch" })},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := reference(t, c.build, c.changes); (got == base) != c.same {
				t.Errorf("reference is %s, before it was %s; want the same: %t", got, base, c.same)
			}
		})
	}
}

func TestBuildReferenceSeesPermissions(t *testing.T) {
	b := Build{Environment: "e", Service: "s", Context: contextOf(t, map[string]string{"Dockerfile": "FROM scratch\n", "run": "x"})}
	before, err := b.Reference(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(b.Context, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if after, err := b.Reference(t.Context()); err != nil || after == before {
		t.Errorf("got %s, %v; want another reference than before", after, err)
	}
}

func TestBuildReferenceRefuses(t *testing.T) {
	for name, b := range map[string]Build{
		"no Dockerfile":         {Environment: "e", Service: "s", Context: t.TempDir()},
		"an address as context": {Environment: "e", Service: "s", Context: "https://example.com/x.git"},
		"no folder":             {Environment: "e", Service: "s", Context: filepath.Join(t.TempDir(), "none"), Inline: "FROM scratch"},
	} {
		t.Run(name, func(t *testing.T) {
			if ref, err := b.Reference(t.Context()); err == nil {
				t.Errorf("got %s, want an error", ref)
			}
		})
	}
}

func TestBuildApp(t *testing.T) {
	e := engine(t)
	host := NewHost(e, HostOptions{})
	b := Build{
		Environment: "imgtest-" + own(), Service: "app", Args: map[string]string{"WORD": "one"},
		Context: contextOf(t, map[string]string{"Dockerfile": "FROM scratch\nARG WORD\nLABEL word=$WORD\nCOPY data /data\n", "data": own()}),
	}
	ref, err := b.Reference(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	removeImage(t, e, ref)
	if _, _, err := NewHost(e, HostOptions{Offline: true}).BuildApp(t.Context(), b, nil); problem(err) != Offline {
		t.Errorf("offline: got %v, want that it is not built", err)
	}
	var lines []string
	info, outcome, err := host.BuildApp(t.Context(), b, func(line string) { lines = append(lines, line) })
	if err != nil || outcome != Built || info.Ref != ref || len(lines) == 0 {
		t.Fatalf("got %+v, %s, %v with %d lines; want %s built", info, outcome, err, len(lines), ref)
	}
	if found, err := e.Client.ImageInspect(t.Context(), ref); err != nil || found.Config.Labels["word"] != "one" {
		t.Errorf("the build's argument did not arrive: %v, %+v", err, found.Config)
	}
	if _, outcome, err := host.BuildApp(t.Context(), b, nil); err != nil || outcome != Unchanged {
		t.Errorf("again: got %s, %v; want it unchanged", outcome, err)
	}

	mine := "example.com/imgtest/" + own() + ":v1" // a name of the same content that is not ours
	if err := e.Client.ImageTag(t.Context(), ref, mine); err != nil {
		t.Fatal(err)
	}
	removeImage(t, e, mine)
	if removed, err := host.RemoveBuilt(t.Context(), b.Environment); err != nil || len(removed) != 1 || removed[0] != ref {
		t.Errorf("removed %v, %v; want %s", removed, err, ref)
	}
	if missing, err := host.Missing(t.Context(), []string{ref, mine}); err != nil || len(missing) != 1 || missing[0] != ref {
		t.Errorf("missing are %v, %v; want %s", missing, err, ref)
	}

	b.Inline = "FROM scratch\nCOPY not-there /x\n"
	_, _, err = host.BuildApp(t.Context(), b, nil)
	var failed *BuildError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "not-there") {
		t.Errorf("got %v, want the builder's own words", err)
	}
}

func problem(err error) Problem {
	var known *Error
	if errors.As(err, &known) {
		return known.Problem
	}
	return ""
}

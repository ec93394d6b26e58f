package image

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/diorama-dev/diorama/internal/docker"
)

// program is a small module, so that the test does not compile all of ours.
func program(t *testing.T, text string) Program {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("left out: go is not on PATH")
	}
	folder := contextOf(t, map[string]string{
		"go.mod":       "module example.com/imgtest\n\ngo 1.24\n",
		"hail/main.go": "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(os.Args[1] + \" " + text + "\") }\n",
	})
	return Program{
		Package: "example.com/imgtest/hail", Repository: "diorama.local/imgtest/hail",
		Args: []string{"hail"}, Cache: t.TempDir(), Folder: folder,
	}
}

func TestBuildGo(t *testing.T) {
	e := engine(t)
	host := NewHost(e, HostOptions{Offline: true})
	whom := "fellow " + own()
	p := program(t, whom)
	p.Platform = e.Platform()
	info, outcome, err := host.BuildGo(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	removeImage(t, e, info.Ref)
	if outcome != Built {
		t.Fatalf("got %+v, %s; want it built", info, outcome)
	}
	if again, outcome, err := host.BuildGo(t.Context(), p); err != nil || outcome != Unchanged || again.ID != info.ID {
		t.Errorf("again: got %+v, %s, %v; want it unchanged", again, outcome, err)
	}
	if got, want := said(t, e, info.Ref), "hail "+whom; got != want {
		t.Errorf("the program in its image says %q, want %q", got, want)
	}

	// The same source elsewhere is the same image.
	elsewhere := program(t, whom)
	elsewhere.Platform = e.Platform()
	if same, outcome, err := host.BuildGo(t.Context(), elsewhere); err != nil || outcome != Unchanged || same.ID != info.ID {
		t.Errorf("elsewhere: got %+v, %s, %v; want the same image", same, outcome, err)
	}
	other, err := host.Compile(t.Context(), withPlatform(p, "linux/arm64"))
	if err != nil || other.Reference == info.Ref {
		t.Errorf("for another platform: got %s, %v; want another reference", other.Reference, err)
	}
}

func TestSourceReference(t *testing.T) {
	p := program(t, "fellow")
	p.Platform = "linux/amd64"
	reference := func(p Program) string {
		t.Helper()
		ref, err := p.SourceReference()
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	before := reference(p)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(p.Folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("hail/main_test.go", "package main\n")
	write("README.md", "hail\n")
	if got := reference(p); got != before {
		t.Errorf("tests and prose changed it from %s to %s", before, got)
	}
	if got := reference(withPlatform(p, "linux/arm64")); got == before {
		t.Error("another platform has the same reference")
	}
	write("hail/more.go", "package main\n")
	if got := reference(p); got == before {
		t.Error("other source has the same reference")
	}
	t.Setenv("PATH", t.TempDir())
	_, err := p.SourceReference()
	var failed *GoError
	if !errors.As(err, &failed) || failed.Reason != NoToolchain {
		t.Errorf("got %v, want that there is no toolchain", err)
	}
}

func TestBuildGoByReference(t *testing.T) {
	e := engine(t)
	p := program(t, "by reference "+own())
	p.Platform = e.Platform()
	ref, err := p.SourceReference()
	if err != nil {
		t.Fatal(err)
	}
	p.Reference = ref
	removeImage(t, e, ref)
	host := NewHost(e, HostOptions{Offline: true})
	if info, outcome, err := host.BuildGo(t.Context(), p); err != nil || outcome != Built || info.Ref != ref {
		t.Errorf("got %+v, %s, %v; want %s built", info, outcome, err, ref)
	}
	t.Setenv("PATH", t.TempDir()) // what is there needs no toolchain
	if _, outcome, err := host.BuildGo(t.Context(), p); err != nil || outcome != Unchanged {
		t.Errorf("again: got %s, %v; want it unchanged", outcome, err)
	}
}

func withPlatform(p Program, platform string) Program { p.Platform = platform; return p }

func TestCompileFailures(t *testing.T) {
	p := program(t, "fellow")
	p.Platform = "linux/amd64"
	host := &Host{}
	t.Run("source that does not compile", func(t *testing.T) {
		broken := p
		broken.Package = "example.com/imgtest/nothing"
		_, err := host.Compile(t.Context(), broken)
		var failed *GoError
		if !errors.As(err, &failed) || failed.Reason != BuildFailed || !bytes.Contains([]byte(failed.Detail), []byte("nothing")) {
			t.Errorf("got %v, want the toolchain's own words", err)
		}
	})
	t.Run("no toolchain", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := host.Compile(t.Context(), p)
		var failed *GoError
		if !errors.As(err, &failed) || failed.Reason != NoToolchain {
			t.Errorf("got %v, want that there is no toolchain", err)
		}
	})
}

// said is what a container of the image writes to standard output.
func said(t *testing.T, e *docker.Engine, ref string) string {
	t.Helper()
	created, err := e.Client.ContainerCreate(t.Context(), &container.Config{Image: ref}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Client.ContainerRemove(afterTest(t), created.ID, container.RemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	})
	ended, failed := e.Client.ContainerWait(t.Context(), created.ID, container.WaitConditionNextExit)
	if err := e.Client.ContainerStart(t.Context(), created.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case err := <-failed:
		t.Fatal(err)
	}
	logs, err := e.Client.ContainerLogs(t.Context(), created.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	var out bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &out, logs); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPrebuilt: a program that lies there is not compiled, and its image is
// called after its bytes.
func TestPrebuilt(t *testing.T) {
	file := filepath.Join(t.TempDir(), PrebuiltName("diorama-demo", "linux/arm64"))
	if filepath.Base(file) != "diorama-demo-linux-arm64" {
		t.Errorf("it is called %s", filepath.Base(file))
	}
	var references []string
	for _, content := range []string{"one", "one", "two"} {
		if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		p := Program{Package: "example.com/none", Repository: "diorama.local/demo", Platform: "linux/arm64", Prebuilt: file}
		reference, err := p.SourceReference()
		if err != nil {
			t.Fatal(err)
		}
		p.Reference = reference
		binary, err := (&Host{}).Compile(t.Context(), p)
		if err != nil || binary.Path != file || binary.Reference != reference {
			t.Fatalf("compiled to %+v (%v)", binary, err)
		}
		references = append(references, reference)
	}
	if references[0] != references[1] || references[0] == references[2] {
		t.Errorf("the references are %v", references)
	}
}

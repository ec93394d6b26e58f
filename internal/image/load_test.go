package image

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/diorama-dev/diorama/internal/docker"
	"github.com/diorama-dev/diorama/internal/env"
)

func afterTest(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }

// put makes an image of random bytes in the host's cache.
func put(t *testing.T, e *docker.Engine, ref string, size int64) {
	t.Helper()
	layer, err := random.Layer(size, "application/vnd.docker.image.rootfs.diff.tar.gzip")
	if err != nil {
		t.Fatal(err)
	}
	made, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = e.OS, e.Arch
	if made, err = mutate.ConfigFile(made, config); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	var archive strings.Builder
	if err := tarball.Write(tag, made, &archive); err != nil {
		t.Fatal(err)
	}
	answer, err := e.Client.ImageLoad(t.Context(), strings.NewReader(archive.String()))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil { // it is loaded when the answer ends
		t.Fatal(err)
	}
	removeImage(t, e, ref)
}

func TestLoadIntoNodes(t *testing.T) {
	e := engine(t)
	first, second := node(t, e), node(t, e)
	host := NewHost(e, HostOptions{Offline: true})
	for _, n := range []string{first, second} {
		if err := host.WaitNode(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	folder := "diorama.local/imgtest-" + own()
	one, two := folder+"/one:v1", folder+"/two:v1"
	put(t, e, one, 3<<20)
	put(t, e, two, 1<<20)

	load := func(nodes []string, refs ...string) (Outcome, []env.Progress) {
		t.Helper()
		var seen []env.Progress
		outcome, err := host.Load(t.Context(), nodes, refs, func(p env.Progress) { seen = append(seen, p) })
		if err != nil {
			t.Fatal(err)
		}
		return outcome, seen
	}
	if outcome, seen := load([]string{first}, one); outcome != Loaded || len(seen) < 2 || seen[len(seen)-1].Done < 3<<20 {
		t.Errorf("first load: %s, progress %v", outcome, seen)
	}
	if outcome, seen := load([]string{first}, one); outcome != Unchanged || len(seen) != 0 {
		t.Errorf("second load: %s, progress %v; want it unchanged and silent", outcome, seen)
	}
	if outcome, _ := load([]string{first, second}, one, two); outcome != Loaded {
		t.Errorf("load into two nodes: %s", outcome)
	}
	for _, n := range []string{first, second} {
		if diff := cmp.Diff(idsInHost(t, host, one, two), idsInNode(t, host, n, one, two)); diff != "" {
			t.Errorf("images of node %s (-want +got):\n%s", n, diff)
		}
	}
	// Another image under the same name is another image.
	put(t, e, one, 1<<20)
	if outcome, _ := load([]string{first}, one); outcome != Loaded {
		t.Errorf("load after the image changed: %s", outcome)
	}
	if diff := cmp.Diff(idsInHost(t, host, one), idsInNode(t, host, first, one)); diff != "" {
		t.Errorf("the changed image (-want +got):\n%s", diff)
	}
}

func TestLoadByDigest(t *testing.T) {
	e := engine(t)
	n := node(t, e)
	host := NewHost(e, HostOptions{Offline: true})
	if err := host.WaitNode(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	// As it is after a pull by digest, which needs a registry.
	pinned := "diorama.local/imgtest-" + own() + "/pinned"
	ref := pinned + ":v1@" + digest
	local, err := Local(ref)
	if err != nil {
		t.Fatal(err)
	}
	put(t, e, local, 1<<20)
	for _, want := range []Outcome{Loaded, Unchanged} {
		if outcome, err := host.Load(t.Context(), []string{n}, []string{ref}, nil); err != nil || outcome != want {
			t.Errorf("got %s, %v; want it %s", outcome, err, want)
		}
	}
	id := idsInHost(t, host, local)[local]
	want := map[string]string{local: id, pinned + "@" + digest: id}
	if diff := cmp.Diff(want, idsInNode(t, host, n, local, pinned+"@"+digest)); diff != "" {
		t.Errorf("images of the node (-want +got):\n%s", diff)
	}
}

func idsInHost(t *testing.T, host *Host, refs ...string) map[string]string {
	t.Helper()
	ids := make(map[string]string)
	for _, ref := range refs {
		info, err := host.Inspect(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		ids[ref] = info.ID
	}
	return ids
}

func idsInNode(t *testing.T, host *Host, node string, refs ...string) map[string]string {
	t.Helper()
	images, err := host.NodeImages(t.Context(), node)
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]string)
	for _, image := range images {
		for _, ref := range refs {
			if image.Name == ref {
				ids[ref] = image.ID
			}
		}
	}
	return ids
}

func TestLoadFailures(t *testing.T) {
	e := engine(t)
	n := node(t, e)
	host := NewHost(e, HostOptions{Offline: true})
	if err := host.WaitNode(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	ref := "diorama.local/imgtest-" + own() + "/large:v1"
	put(t, e, ref, 40<<20)

	t.Run("interrupted", func(t *testing.T) {
		stopped := errors.New("the person pressed ctrl-c")
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := host.Load(ctx, []string{n}, []string{ref}, func(env.Progress) { cancel(stopped) })
		if !errors.Is(err, stopped) && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the interrupt", err)
		}
		if got := idsInNode(t, host, n, ref); len(got) != 0 {
			t.Errorf("half an image is visible: %v", got)
		}
	})
	t.Run("image not in the cache", func(t *testing.T) {
		_, err := host.Load(t.Context(), []string{n}, []string{"diorama.local/imgtest/none:v1"}, nil)
		var missing *Error
		if !errors.As(err, &missing) || missing.Problem != NotFound {
			t.Errorf("got %v, want that it is not in the cache", err)
		}
	})
	t.Run("node not there", func(t *testing.T) {
		_, err := host.Load(t.Context(), []string{"diorama-imgtest-none"}, []string{ref}, nil)
		if err == nil || !strings.Contains(err.Error(), "diorama-imgtest-none") {
			t.Errorf("got %v, want an error that names the node", err)
		}
	})
}

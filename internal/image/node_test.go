package image

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// As ctr of containerd 1.6 and 2.1 writes it.
const imageList = `REF                                          TYPE                                                 DIGEST                                                                  SIZE      PLATFORMS   LABELS
docker.io/lab/redis:dev                      application/vnd.docker.distribution.manifest.v2+json sha256:62a40228f94853dbf26c33c693b778205088a99de2b3df2b29b9f20a176743a1 105.4 MiB linux/amd64 io.cri-containerd.image=managed
docker.io/lab/redis:same                     application/vnd.docker.distribution.manifest.v2+json sha256:62a40228f94853dbf26c33c693b778205088a99de2b3df2b29b9f20a176743a1 105.4 MiB linux/amd64 io.cri-containerd.image=managed
docker.io/lab/new:dev                        application/vnd.oci.image.index.v1+json              sha256:0000000000000000000000000000000000000000000000000000000000000001 1.0 KiB   -           -
sha256:e35837b71a8549b50e4485bb6064aa33875a35757e9547a9929d88bd890e1168 application/vnd.docker.distribution.manifest.v2+json sha256:62a40228f94853dbf26c33c693b778205088a99de2b3df2b29b9f20a176743a1 105.4 MiB linux/amd64 io.cri-containerd.image=managed
`

const (
	redisID       = "sha256:e35837b71a8549b50e4485bb6064aa33875a35757e9547a9929d88bd890e1168"
	redisManifest = "sha256:62a40228f94853dbf26c33c693b778205088a99de2b3df2b29b9f20a176743a1"
	newIndex      = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
)

func TestParseImages(t *testing.T) {
	want := []NodeImage{
		{Name: "docker.io/lab/redis:dev", ID: redisID, Digest: redisManifest, Managed: true},
		{Name: "docker.io/lab/redis:same", ID: redisID, Digest: redisManifest, Managed: true},
		{Name: "docker.io/lab/new:dev", Digest: newIndex},
	}
	if diff := cmp.Diff(want, parseImages(imageList)); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
}

func FuzzParseImages(f *testing.F) {
	f.Add(imageList)
	f.Add("a b sha256:\nsha256: x sha256:")
	f.Fuzz(func(t *testing.T, out string) {
		for _, image := range parseImages(out) {
			if image.Name == "" || strings.HasPrefix(image.Name, "sha256:") || !strings.HasPrefix(image.Digest, "sha256:") {
				t.Errorf("got %+v of %q", image, out)
			}
		}
	})
}

func TestHolds(t *testing.T) {
	images := parseImages(imageList)
	for name, c := range map[string]struct {
		info Info
		want bool
	}{
		"the same image":               {Info{Ref: "docker.io/lab/redis:dev", ID: redisID}, true},
		"another image under its name": {Info{Ref: "docker.io/lab/redis:dev", ID: newIndex}, false},
		"it under another name":        {Info{Ref: "docker.io/lab/redis:8", ID: redisID}, false},
		"an index of Docker's containerd store": {
			Info{Ref: "docker.io/lab/new:dev", ID: newIndex}, true,
		},
		"an index whose manifest for the platform is there": {
			Info{Ref: "docker.io/lab/redis:dev", ID: newIndex, manifests: []string{"sha256:1", redisManifest}}, true,
		},
		"one by digest that lacks the name with the digest": {
			Info{Ref: "docker.io/lab/redis:dev", ID: redisID, pinned: "docker.io/lab/redis@" + newIndex}, false,
		},
	} {
		if got := holds(images, c.info); got != c.want {
			t.Errorf("%s: held: %t, want %t", name, got, c.want)
		}
	}
}

func TestNoticed(t *testing.T) {
	images := parseImages(imageList)
	if !noticed(images, []Info{{Ref: "docker.io/lab/redis:dev"}, {Ref: "docker.io/lab/redis:same"}}) {
		t.Error("images with an ID are not noticed")
	}
	if noticed(images, []Info{{Ref: "docker.io/lab/redis:dev"}, {Ref: "docker.io/lab/new:dev"}}) {
		t.Error("an image without an ID is noticed")
	}
}

func TestBuildCommand(t *testing.T) {
	b := Build{
		Service: "gateway", Context: "/src", Dockerfile: "docker/Dockerfile", Target: "run", Network: "host",
		Args: map[string]string{"TOKEN": "s3cret", "A": "1"},
	}
	want := []string{
		"build", "--tag", "t", "--file", "/src/docker/Dockerfile", "--build-arg", "A", "--build-arg", "TOKEN",
		"--target", "run", "--network", "host", "/src",
	}
	if diff := cmp.Diff(want, b.arguments("t")); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"X=y", "BUILDKIT_PROGRESS=plain", "A=1", "TOKEN=s3cret"}, b.environ([]string{"X=y"})); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestLineWriter(t *testing.T) {
	var lines []string
	w := &lineWriter{each: func(line string) { lines = append(lines, line) }}
	for _, part := range []string{"Step 1", "/2\nabc\r\n\n", "def\rghi", "", "\nend"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	w.flush()
	if diff := cmp.Diff([]string{"Step 1/2", "abc", "def", "ghi", "end"}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	for range 3 * lastLines {
		w.line("x")
	}
	if len(w.last) != lastLines {
		t.Errorf("%d lines are kept, want %d", len(w.last), lastLines)
	}
}

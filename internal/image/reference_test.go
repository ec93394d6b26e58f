package image

import (
	"strings"
	"testing"
)

const digest = "sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"

func TestNormalise(t *testing.T) {
	for ref, want := range map[string]struct{ normal, local, familiar string }{
		"redis":               {"docker.io/library/redis:latest", "docker.io/library/redis:latest", "redis:latest"},
		"redis:8":             {"docker.io/library/redis:8", "docker.io/library/redis:8", "redis:8"},
		"apache/kafka:4.3.1":  {"docker.io/apache/kafka:4.3.1", "docker.io/apache/kafka:4.3.1", "apache/kafka:4.3.1"},
		"localhost/x":         {"localhost/x:latest", "localhost/x:latest", "localhost/x:latest"},
		"localhost:5001/x:v1": {"localhost:5001/x:v1", "localhost:5001/x:v1", "localhost:5001/x:v1"},
		"index.docker.io/a/b": {"docker.io/a/b:latest", "docker.io/a/b:latest", "a/b:latest"},
		"redis@" + digest:     {"docker.io/library/redis@" + digest, "docker.io/library/redis:sha256-a1ed56cfb0e7", "redis@" + digest},
		"kindest/node:v1.37.0@" + digest: {
			"docker.io/kindest/node:v1.37.0@" + digest, "docker.io/kindest/node:v1.37.0-a1ed56cfb0e7", "kindest/node:v1.37.0@" + digest,
		},
	} {
		t.Run(ref, func(t *testing.T) {
			parsed, err := Parse(ref)
			if err != nil {
				t.Fatal(err)
			}
			if parsed.String() != want.normal || parsed.Local().String() != want.local || parsed.Familiar() != want.familiar {
				t.Errorf("got %s, %s, %s; want %+v", parsed, parsed.Local(), parsed.Familiar(), want)
			}
		})
	}
}

func TestNormaliseRefuses(t *testing.T) {
	for _, ref := range []string{"", "Redis", "redis:", "redis:a b", "http://redis", "a//b", "redis@sha256:12", digest[len("sha256:"):], "x:" + strings.Repeat("a", 200)} {
		if got, err := Normalise(ref); err == nil || !strings.Contains(err.Error(), ";") {
			t.Errorf("%q: got %q, %v; want an error with a remedy", ref, got, err)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{"redis", "a/b:c@" + digest, "localhost:5000/x", "docker.io/a.b/c:1", "a.b:1/c", "\x00", "@", ":"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		parsed, err := Parse(ref)
		if err != nil {
			return
		}
		again, err := Parse(parsed.String())
		if err != nil || again != parsed {
			t.Errorf("%q is %+v, and %q is %+v, %v", ref, parsed, parsed, again, err)
		}
		if familiar, err := Parse(parsed.Familiar()); err != nil || familiar != parsed {
			t.Errorf("%q is %+v, and in its familiar form %q it is %+v, %v", ref, parsed, parsed.Familiar(), familiar, err)
		}
		local, err := Parse(parsed.Local().String())
		if err != nil || local.Digest != "" || local.Tag == "" || local.Local() != local {
			t.Errorf("%q is kept as %+v, %v; want a tag and no digest", ref, local, err)
		}
	})
}

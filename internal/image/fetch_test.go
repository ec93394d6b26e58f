package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/env"
)

func amd64(id string, digests ...string) image.InspectResponse {
	return image.InspectResponse{ID: id, Size: 100, Os: "linux", Architecture: "amd64", RepoDigests: digests}
}

// stream answers a pull with these lines.
func stream(lines ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for _, line := range lines {
			fmt.Fprintln(w, line)
		}
	}
}

func TestFetch(t *testing.T) {
	t.Run("what is there is left alone", func(t *testing.T) {
		f := &fakeEngine{api: "1.41"}
		f.add("redis:8", amd64("sha256:id"))
		info, outcome, err := NewHost(f.start(t), HostOptions{Offline: true}).Fetch(t.Context(), "redis:8", "linux/amd64", nil)
		if err != nil || outcome != Unchanged || info.ID != "sha256:id" || info.Ref != "docker.io/library/redis:8" {
			t.Errorf("got %+v, %s, %v", info, outcome, err)
		}
		if len(f.asked) != 0 {
			t.Errorf("the engine was asked for %v", f.asked)
		}
	})
	t.Run("what is not there is pulled", func(t *testing.T) {
		f := &fakeEngine{api: "1.41"}
		f.pull = func(w http.ResponseWriter, r *http.Request) {
			f.add("redis:8", amd64("sha256:id", "redis@"+digest))
			stream(`{"status":"Pulling from library/redis","id":"8"}`,
				`{"status":"Pulling fs layer","id":"a"}`, `{"status":"Pulling fs layer","id":"b"}`, `{"status":"Already exists","id":"c"}`,
				`{"status":"Downloading","id":"a","progressDetail":{"current":10,"total":100}}`,
				`{"status":"Downloading","id":"b","progressDetail":{"current":5,"total":50}}`,
				`{"status":"Downloading","id":"a","progressDetail":{"current":4,"total":100}}`, // started again
				`{"status":"Download complete","id":"a"}`, `{"status":"Pull complete","id":"b"}`,
				`{"status":"Digest: sha256:x"}`)(w, r)
		}
		var seen []env.Progress
		info, outcome, err := NewHost(f.start(t), HostOptions{}).Fetch(t.Context(), "redis:8", "linux/amd64", func(p env.Progress) { seen = append(seen, p) })
		if err != nil || outcome != Pulled || info.Digest != digest {
			t.Errorf("got %+v, %s, %v", info, outcome, err)
		}
		want := []env.Progress{{}, {}, {Done: 10}, {Done: 15, Total: 150}, {Done: 105, Total: 150}, {Done: 150, Total: 150}}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
		if len(f.asked) != 1 || !strings.Contains(f.asked[0], "platform=linux%2Famd64") {
			t.Errorf("the engine was asked for %v", f.asked)
		}
	})
	t.Run("an image by digest gets a tag", func(t *testing.T) {
		f := &fakeEngine{api: "1.41"}
		f.add("kindest/node@"+digest, amd64("sha256:id", "kindest/node@"+digest))
		info, outcome, err := NewHost(f.start(t), HostOptions{}).Fetch(t.Context(), "kindest/node:v1.37.0@"+digest, "linux/amd64", nil)
		if err != nil || outcome != Unchanged || info.Ref != "docker.io/kindest/node:v1.37.0-a1ed56cfb0e7" {
			t.Errorf("got %+v, %s, %v", info, outcome, err)
		}
		if want := []string{"POST images/sha256:id/tag repo=docker.io%2Fkindest%2Fnode&tag=v1.37.0-a1ed56cfb0e7"}; !slices.Equal(f.asked, want) {
			t.Errorf("the engine was asked for %v, want %v", f.asked, want)
		}
	})
}

func TestFetchFailures(t *testing.T) {
	missing := amd64("sha256:other", "redis@sha256:"+strings.Repeat("0", 64))
	for name, c := range map[string]struct {
		pull    func(http.ResponseWriter, *http.Request)
		offline bool
		ref     string
		present image.InspectResponse
		want    Problem
	}{
		"offline":                   {offline: true, ref: "redis:8", want: Offline},
		"the registry is away":      {ref: "redis:8", want: Unreachable},
		"no such tag":               {ref: "redis:99", pull: refusal(404, "manifest for redis:99 not found: manifest unknown: manifest unknown"), want: NotFound},
		"rate limited":              {ref: "redis:8", pull: stream(`{"status":"Pulling"}`, `{"errorDetail":{"message":"toomanyrequests: slow down"},"error":"toomanyrequests: slow down"}`), want: RateLimited},
		"not authorised":            {ref: "redis:8", pull: refusal(500, "Head https://x/v2: unauthorized"), want: Unauthorised},
		"no space":                  {ref: "redis:8", pull: stream(`{"error":"write /x: no space left on device"}`), want: NoSpace},
		"an answer that is no JSON": {ref: "redis:8", pull: stream("\x00<html>"), want: Unclassified},
		"another architecture":      {ref: "redis:8", present: image.InspectResponse{ID: "x", Os: "linux", Architecture: "arm64"}, want: WrongArchitecture},
		"another digest":            {ref: "redis@" + digest, present: missing, want: DigestMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeEngine{api: "1.41", pull: c.pull}
			if c.present.ID != "" {
				f.add(c.ref, c.present)
			}
			_, _, err := NewHost(f.start(t), HostOptions{Offline: c.offline}).Fetch(t.Context(), c.ref, "linux/amd64", nil)
			if problem(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if c.offline && len(f.asked) != 0 {
				t.Errorf("offline, the engine was asked for %v", f.asked)
			}
		})
	}
}

func refusal(code int, message string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { refuse(w, code, message) }
}

func TestFetchInterrupted(t *testing.T) {
	stopped := errors.New("ctrl-c")
	ctx, cancel := context.WithCancelCause(t.Context())
	f := &fakeEngine{api: "1.41"}
	f.pull = func(w http.ResponseWriter, r *http.Request) {
		stream(`{"status":"Pulling fs layer","id":"a"}`)(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	_, _, err := NewHost(f.start(t), HostOptions{}).Fetch(ctx, "redis:8", "linux/amd64", func(env.Progress) { cancel(stopped) })
	if !errors.Is(err, stopped) {
		t.Errorf("got %v, want the interrupt and no image's problem", err)
	}
}

func TestFetchSendsCredentials(t *testing.T) {
	folder := t.TempDir()
	config := `{"auths":{"registry.example.com":{"auth":"bWU6c2VjcmV0"}}}` // me:secret
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_CONFIG", folder)
	for ref, want := range map[string]bool{"registry.example.com/a:1": true, "redis:8": false} {
		var sent string
		f := &fakeEngine{api: "1.41", pull: func(w http.ResponseWriter, r *http.Request) {
			sent = r.Header.Get("X-Registry-Auth")
			refuse(w, 404, "not found")
		}}
		_, _, err := NewHost(f.start(t), HostOptions{}).Fetch(t.Context(), ref, "linux/amd64", nil)
		if problem(err) != NotFound {
			t.Errorf("%s: %v", ref, err)
		}
		if (sent != "") != want {
			t.Errorf("%s: credentials %q were sent, want some: %t", ref, sent, want)
		}
	}
}

func TestMissing(t *testing.T) {
	f := &fakeEngine{api: "1.41"}
	f.add("redis:8", amd64("sha256:id"))
	got, err := NewHost(f.start(t), HostOptions{}).Missing(t.Context(), []string{"redis:8", "postgres:18"})
	if diff := cmp.Diff([]string{"postgres:18"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestLoadFromTheContainerdStoreAsksForOnePlatform(t *testing.T) {
	for api, want := range map[string]bool{"1.41": false, "1.48": true} {
		f := &fakeEngine{api: api}
		f.add("redis:8", amd64("sha256:id"))
		host := NewHost(f.start(t), HostOptions{})
		info, err := host.Inspect(t.Context(), "redis:8")
		if err != nil {
			t.Fatal(err)
		}
		archive, err := host.save(t.Context(), []Info{info})
		if err != nil {
			t.Fatal(err)
		}
		_ = archive.Close()
		if len(f.asked) != 1 || strings.Contains(f.asked[0], "platform=") != want || !strings.Contains(f.asked[0], "names=docker.io%2Flibrary%2Fredis%3A8") {
			t.Errorf("API %s: asked for %v, want a platform: %t", api, f.asked, want)
		}
	}
}

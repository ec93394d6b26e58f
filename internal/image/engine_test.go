package image

import (
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/diorama-dev/diorama/internal/docker"
)

// engine is the local Docker; where there is none the test is left out.
func engine(t *testing.T) *docker.Engine {
	t.Helper()
	if testing.Short() {
		t.Skip("left out: -short, and this needs Docker")
	}
	e, err := docker.Open(t.Context())
	var unusable *docker.Error
	if errors.As(err, &unusable) {
		t.Skipf("left out: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// own is a word of this run alone, for what it makes on a Docker that it shares
// with runs beside it and with what one left there that was killed.
func own() string { return strings.ToLower(rand.Text()[:8]) }

// node starts a node's containerd without Kubernetes around it: all that
// loading needs. It is left out where no node image is in the host's cache.
func node(t *testing.T, e *docker.Engine) string {
	t.Helper()
	var images Substitution
	if file := os.Getenv("DIORAMA_IMAGES"); file != "" {
		var err error
		if images, err = LoadSubstitution(file); err != nil {
			t.Fatal(err)
		}
	}
	ref, err := images.Apply("kindest/node:latest")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewHost(e, HostOptions{Offline: true}).Inspect(t.Context(), ref); err != nil {
		t.Skipf("left out: no node image here: %v (DIORAMA_IMAGES can name one)", err)
	}
	name := "diorama-imgtest-" + own()
	created, err := e.Client.ContainerCreate(t.Context(),
		&container.Config{Image: ref, Entrypoint: []string{"containerd"}, Volumes: map[string]struct{}{"/var": {}}},
		&container.HostConfig{Privileged: true}, nil, nil, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		options := container.RemoveOptions{Force: true, RemoveVolumes: true}
		if err := e.Client.ContainerRemove(afterTest(t), created.ID, options); err != nil {
			t.Error(err)
		}
	})
	if err := e.Client.ContainerStart(t.Context(), created.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	return name
}

func removeImage(t *testing.T, e *docker.Engine, ref string) {
	t.Helper()
	t.Cleanup(func() {
		_, _ = e.Client.ImageRemove(afterTest(t), ref, image.RemoveOptions{Force: true})
	})
}

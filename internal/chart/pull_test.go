package chart_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/diorama-dev/diorama/internal/chart"
)

// packed is a chart as helm package writes it.
func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for file, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: "web/" + file, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// push puts a layer into the registry and returns its source.
func push(t *testing.T, server *httptest.Server, repository string, data []byte, kind types.MediaType) string {
	t.Helper()
	address := strings.TrimPrefix(server.URL, "http://") + "/" + repository
	reference, err := name.ParseReference(address)
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(empty.Image, "application/vnd.cncf.helm.config.v1+json"), static.NewLayer(data, kind))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference, image, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return "oci://" + address
}

const chartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

func TestPull(t *testing.T) {
	var asked atomic.Int64
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	source := push(t, server, "charts/web:1.2.3", packed(t, map[string]string{
		"Chart.yaml": chartFile, "templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
	}), chartLayer)
	cache := t.TempDir()

	if _, err := (chart.Registry{Folder: cache, Offline: true}).Pull(t.Context(), source); !errors.Is(err, chart.ErrOffline) {
		t.Errorf("offline, and never fetched: %v", err)
	}
	before := asked.Load()
	c, err := chart.Registry{Folder: cache}.Pull(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := c.Render(release(), nil, nil); err != nil || len(r.Objects()) != 1 {
		t.Errorf("%v, %v", outline(r), err)
	}
	if asked.Load() == before {
		t.Error("nobody asked the registry")
	}
	before = asked.Load()
	for _, offline := range []bool{false, true} {
		if _, err := (chart.Registry{Folder: cache, Offline: offline}).Pull(t.Context(), source); err != nil {
			t.Errorf("from the cache: %v", err)
		}
	}
	if asked.Load() != before {
		t.Error("the registry was asked again")
	}
}

func TestPullSaysWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	sources := map[string]string{
		"something else":   push(t, server, "images/web:1", []byte("x"), types.DockerLayer),
		"MANIFEST_UNKNOWN": "oci://" + strings.TrimPrefix(server.URL, "http://") + "/images/web:2",
		"read chart":       push(t, server, "charts/broken:1", []byte("no archive"), chartLayer),
	}
	for want, source := range sources {
		_, err := chart.Registry{Folder: t.TempDir()}.Pull(t.Context(), source)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), source) {
			t.Errorf("got %v, wanted %q of %s", err, want, source)
		}
	}
}

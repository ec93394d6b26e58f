package chart_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
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

// TestPullSaysWhatIsWrong: in one line, with the source, what is wrong and what
// to do, and whose it is to be done.
func TestPullSaysWhatIsWrong(t *testing.T) {
	plain := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(plain)
	defer server.Close()
	secure := httptest.NewTLSServer(plain)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer secure.Close()
	good := push(t, server, "charts/web:1", packed(t, map[string]string{"Chart.yaml": chartFile}), chartLayer)
	at := func(status int, header, value string) string {
		answering := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(header, value)
			w.WriteHeader(status)
		}))
		t.Cleanup(answering.Close)
		return "oci://" + strings.TrimPrefix(answering.URL, "http://") + "/charts/web:1"
	}
	tampering := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			_, _ = w.Write([]byte("something else"))
			return
		}
		plain.ServeHTTP(w, r)
	}))
	defer tampering.Close()
	closed := httptest.NewServer(plain)
	closed.Close()
	address := func(s *httptest.Server, rest string) string {
		_, host, _ := strings.Cut(s.URL, "//")
		return "oci://" + host + rest
	}
	none := "sha256:" + strings.Repeat("0", 64)
	for name, test := range map[string]struct {
		source, want string
		problem      chart.Problem
	}{
		"an image":       {push(t, server, "images/web:1", []byte("x"), types.DockerLayer), "helm push", chart.NoChart},
		"no version":     {address(server, "/charts/web:2"), "look at repository and version", chart.Missing},
		"no repository":  {address(server, "/charts/wep:1"), "the registry says: ", chart.Missing},
		"no such digest": {address(server, "/charts/web@"+none), "look at repository and version", chart.Missing},
		"altered":        {address(tampering, "/charts/web:1"), "does not match", chart.Altered},
		"no login":       {at(http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="r"`), "docker login 127.0.0.1:", chart.Forbidden},
		"a refusal":      {at(http.StatusForbidden, "X", ""), "docker login 127.0.0.1:", chart.Forbidden},
		"a certificate":  {address(secure, "/charts/web:1"), "SSL_CERT_FILE", chart.Untrusted},
		"nobody there":   {address(closed, "/charts/web:1"), "connection refused; check address", chart.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chart.Registry{Folder: t.TempDir()}.Pull(t.Context(), test.source)
			var failed *chart.PullError
			if !errors.As(err, &failed) || failed.Problem != test.problem {
				t.Fatalf("got %v", err)
			}
			text := err.Error()
			if !strings.Contains(text, test.want) || !strings.HasPrefix(text, "chart "+test.source+": "+string(test.problem)+": ") || strings.Contains(text, "\n") {
				t.Errorf("got %q, wanted %q of %s", text, test.want, test.source)
			}
			if of := test.problem != chart.Altered; of && failed.OfTheStack() == failed.OfTheMachine() {
				t.Errorf("nobody knows whose it is: %v", err)
			}
		})
	}
	if _, err := (chart.Registry{Folder: t.TempDir()}).Pull(t.Context(), good); err != nil {
		t.Error(err)
	}
	broken := push(t, server, "charts/broken:1", []byte("no archive"), chartLayer)
	if _, err := (chart.Registry{Folder: t.TempDir()}).Pull(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "read chart "+broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	var failed *chart.PullError
	if _, err := (chart.Registry{Folder: t.TempDir()}).Pull(ctx, good); errors.As(err, &failed) || !strings.Contains(err.Error(), "enough") {
		t.Errorf("given up by whoever asked: %v", err)
	}
}

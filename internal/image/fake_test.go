package image

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/image"

	"github.com/diorama-dev/diorama/internal/docker"
)

// fakeEngine answers as a Docker engine does, as far as the cache asks.
type fakeEngine struct {
	api string // the newest API it speaks

	mu     sync.Mutex
	images map[string]image.InspectResponse // by familiar reference
	asked  []string                         // method, path and query of each request that changes or saves something
	// pull answers a pull; nil: nothing can be pulled.
	pull func(w http.ResponseWriter, r *http.Request)
}

// start serves the engine on a socket and connects to it.
func (f *fakeEngine) start(t *testing.T) *docker.Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "d.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(f)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	e, err := docker.Connect(t.Context(), docker.Endpoint{Host: "unix://" + path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if strings.HasSuffix(r.URL.Path, "/_ping") {
		path = "_ping"
	}
	w.Header().Set("Api-Version", f.api)
	name, isImage := strings.CutPrefix(path, "images/")
	switch {
	case path == "_ping":
	case path == "version":
		reply(w, map[string]string{"Version": "28.5.1", "ApiVersion": f.api, "Os": "linux", "Arch": "amd64"})
	case path == "images/create":
		f.note(r)
		if f.pull == nil {
			refuse(w, http.StatusInternalServerError, "dial tcp: lookup registry-1.docker.io: no such host")
			return
		}
		f.pull(w, r)
	case path == "images/get":
		f.note(r)
	case isImage && strings.HasSuffix(name, "/tag"):
		f.note(r)
		w.WriteHeader(http.StatusCreated)
	case isImage && strings.HasSuffix(name, "/json"):
		f.mu.Lock()
		found, ok := f.images[strings.TrimSuffix(name, "/json")]
		f.mu.Unlock()
		if !ok {
			refuse(w, http.StatusNotFound, "No such image")
			return
		}
		reply(w, found)
	default:
		refuse(w, http.StatusNotImplemented, path)
	}
}

func (f *fakeEngine) note(r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f.asked = append(f.asked, r.Method+" "+path+" "+r.URL.RawQuery)
}

func (f *fakeEngine) add(ref string, found image.InspectResponse) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.images == nil {
		f.images = make(map[string]image.InspectResponse)
	}
	f.images[ref] = found
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

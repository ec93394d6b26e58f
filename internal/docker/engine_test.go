package docker

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pretend is an engine that answers with the version given, on a socket.
func pretend(t *testing.T, version string) Endpoint {
	t.Helper()
	path := filepath.Join(t.TempDir(), "d.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			w.Header().Set("Api-Version", "1.41")
		case strings.HasSuffix(r.URL.Path, "/version"):
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, version)
		default:
			http.NotFound(w, r)
		}
	}))
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return Endpoint{Host: "unix://" + path, Source: SourceVariable}
}

func TestConnect(t *testing.T) {
	endpoint := pretend(t, `{"Version":"20.10.24","ApiVersion":"1.41","Os":"linux","Arch":"arm64"}`)
	engine, err := Connect(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	if engine.Version != "20.10.24" || engine.API != "1.41" || engine.Platform() != "linux/arm64" {
		t.Errorf("got %+v", engine)
	}
	if engine.Supports("1.48") || !engine.Supports("1.41") {
		t.Error("what it supports does not follow from the API agreed on")
	}
}

func TestConnectRefuses(t *testing.T) {
	for name, c := range map[string]struct{ version, says string }{
		"podman":             {`{"Version":"5.0","ApiVersion":"1.41","Os":"linux","Components":[{"Name":"Podman Engine"}]}`, "podman"},
		"an old engine":      {`{"Version":"19.03","ApiVersion":"1.40","Os":"linux"}`, "1.40"},
		"Windows containers": {`{"Version":"28","ApiVersion":"1.51","Os":"windows"}`, "windows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Connect(t.Context(), pretend(t, c.version))
			var refused *Error
			if !errors.As(err, &refused) || refused.Reason != NotSupported || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it not supported with %q", err, c.says)
			}
		})
	}
}

func TestConnectToNobody(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone.sock")
	listener, err := net.Listen("unix", gone)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // as an engine that was killed leaves it
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"no socket": filepath.Join(t.TempDir(), "none.sock"), "a socket with nobody behind": gone} {
		t.Run(name, func(t *testing.T) {
			_, err := Connect(t.Context(), Endpoint{Host: "unix://" + path})
			var silent *Error
			if !errors.As(err, &silent) || silent.Reason != NotRunning || !strings.Contains(err.Error(), "start Docker") {
				t.Errorf("got %v, want that it is not running, and the remedy", err)
			}
		})
	}
}

func TestConnectNotPermitted(t *testing.T) {
	if os.Getuid() == 0 {
		// Root may use every socket: the classification is tested by itself.
		err := classify(Endpoint{Host: "unix:///x"}, fmt.Errorf("dial: %w", os.ErrPermission))
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != NotPermitted || !strings.Contains(err.Error(), "usermod") {
			t.Errorf("got %v, want that it is not permitted, and the remedy", err)
		}
		return
	}
	endpoint := pretend(t, `{}`)
	if err := os.Chmod(endpoint.Path(), 0); err != nil {
		t.Fatal(err)
	}
	_, err := Connect(t.Context(), endpoint)
	var refused *Error
	if !errors.As(err, &refused) || refused.Reason != NotPermitted {
		t.Errorf("got %v, want that it is not permitted", err)
	}
}

func TestConnectHere(t *testing.T) {
	engine, err := Open(t.Context())
	if err != nil {
		t.Skipf("left out: %v", err)
	}
	defer engine.Close()
	if !engine.Supports(MinimumAPI) || engine.OS != "linux" || engine.Version == "" {
		t.Errorf("got %+v", engine)
	}
}

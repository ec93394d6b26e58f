package docker

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// surroundings are a home folder of its own and the variables given.
func surroundings(t *testing.T, variables map[string]string) Surroundings {
	t.Helper()
	return Surroundings{Getenv: func(name string) string { return variables[name] }, Home: t.TempDir(), UID: -1, GOOS: "linux"}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeContext makes a docker context as the docker command stores it.
func writeContext(t *testing.T, folder, name, text string) {
	t.Helper()
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	write(t, filepath.Join(folder, "contexts", "meta", id, "meta.json"), text)
}

const colima = `{"Name":"colima","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///colima/docker.sock","SkipTLSVerify":false}}}`

func TestResolve(t *testing.T) {
	t.Run("DOCKER_HOST before everything", func(t *testing.T) {
		s := surroundings(t, map[string]string{"DOCKER_HOST": "unix:///a.sock", "DOCKER_CONTEXT": "colima"})
		got, err := Resolve(s)
		if diff := cmp.Diff(Endpoint{Host: "unix:///a.sock", Source: SourceVariable}, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("the current context", func(t *testing.T) {
		s := surroundings(t, nil)
		write(t, filepath.Join(s.Home, ".docker", "config.json"), `{"currentContext":"colima"}`)
		writeContext(t, filepath.Join(s.Home, ".docker"), "colima", colima)
		got, err := Resolve(s)
		if diff := cmp.Diff(Endpoint{Host: "unix:///colima/docker.sock", Source: SourceContext, Context: "colima"}, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("DOCKER_CONTEXT and DOCKER_CONFIG", func(t *testing.T) {
		folder := t.TempDir()
		s := surroundings(t, map[string]string{"DOCKER_CONTEXT": "colima", "DOCKER_CONFIG": folder})
		writeContext(t, folder, "colima", colima)
		if got, err := Resolve(s); err != nil || got.Context != "colima" {
			t.Errorf("got %v, %v; want the context of the variable", got, err)
		}
	})
	t.Run("a socket in the home folder", func(t *testing.T) {
		if _, err := os.Stat("/var/run/docker.sock"); err == nil {
			t.Skip("left out: the conventional socket is there and comes first")
		}
		s := surroundings(t, nil)
		path := filepath.Join(s.Home, ".rd", "docker.sock")
		socket(t, path)
		if got, err := Resolve(s); err != nil || got.Path() != path {
			t.Errorf("got %v, %v; want %s", got, err, path)
		}
	})
	t.Run("the default context means the sockets", func(t *testing.T) {
		s := surroundings(t, map[string]string{"DOCKER_CONTEXT": "default"})
		s.GOOS = "windows"
		if got, err := Resolve(s); err != nil || got.Source != SourceSocket {
			t.Errorf("got %v, %v; want the well-known pipe", got, err)
		}
	})
}

func socket(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
}

func TestResolveRefuses(t *testing.T) {
	for host, says := range map[string]string{
		"tcp://10.0.0.5:2376":               "over the network",
		"ssh://me@box":                      "over the network",
		"unix:///run/podman/podman.sock":    "podman",
		"unix:///run/containerd/c.sock":     "containerd",
		"fd://3":                            "fd://",
		"/var/run/docker.sock":              "no scheme",
		"unix:///run/user/1/podman/p.sock":  "podman",
		"unix:///home/me/.finch/finch.sock": "nerdctl",
	} {
		_, err := Resolve(surroundings(t, map[string]string{"DOCKER_HOST": host}))
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != NotSupported || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want it not supported with %q", host, err, says)
		}
	}
}

func TestResolveBrokenFiles(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, folder string){
		"a context that is not there": func(t *testing.T, folder string) {
			write(t, filepath.Join(folder, "config.json"), `{"currentContext":"gone"}`)
		},
		"a context of another kind": func(t *testing.T, folder string) {
			write(t, filepath.Join(folder, "config.json"), `{"currentContext":"k"}`)
			writeContext(t, folder, "k", `{"Name":"k","Endpoints":{"kubernetes":{"Host":"x"}}}`)
		},
		"a context of a podman machine": func(t *testing.T, folder string) {
			write(t, filepath.Join(folder, "config.json"), `{"currentContext":"p"}`)
			writeContext(t, folder, "p", `{"Endpoints":{"docker":{"Host":"unix:///run/podman/podman.sock"}}}`)
		},
		"a configuration that is no JSON": func(t *testing.T, folder string) { write(t, filepath.Join(folder, "config.json"), "\x00{") },
	} {
		t.Run(name, func(t *testing.T) {
			s := surroundings(t, nil)
			prepare(t, filepath.Join(s.Home, ".docker"))
			got, err := Resolve(s)
			if err == nil || !strings.Contains(err.Error(), ";") {
				t.Errorf("got %v, %v; want an error with a remedy", got, err)
			}
		})
	}
}

func TestEnviron(t *testing.T) {
	base := []string{"PATH=/bin", "DOCKER_HOST=tcp://x", "DOCKER_CONTEXT=y", "DOCKER_TLS_VERIFY=1", "DOCKER_CONFIG=/c", "DOCKER_BUILDKIT=0"}
	got := Endpoint{Host: "unix:///a.sock"}.Environ(base)
	want := []string{"PATH=/bin", "DOCKER_CONFIG=/c", "DOCKER_BUILDKIT=0", "DOCKER_HOST=unix:///a.sock"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if !slices.Contains(base, "DOCKER_HOST=tcp://x") {
		t.Error("the environment given was changed")
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("unix:///a", `{"currentContext":"c"}`, colima)
	f.Add("", `{"currentContext":"c"}`, `{"Endpoints":{"docker":{}}}`)
	f.Add("", `[]`, "")
	f.Fuzz(func(t *testing.T, host, config, meta string) {
		s := surroundings(t, map[string]string{"DOCKER_HOST": host})
		write(t, filepath.Join(s.Home, ".docker", "config.json"), config)
		writeContext(t, filepath.Join(s.Home, ".docker"), "c", meta)
		endpoint, err := Resolve(s)
		if err == nil && endpoint.Host == "" {
			t.Errorf("an endpoint without an address: %+v", endpoint)
		}
	})
}

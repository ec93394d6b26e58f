package docker

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Source says where an endpoint was found.
type Source string

// The places where an endpoint is looked for, in this order.
const (
	SourceVariable Source = "DOCKER_HOST"
	SourceContext  Source = "docker context"
	SourceSocket   Source = "well-known socket"
)

// Endpoint is the address of a Docker engine.
type Endpoint struct {
	// Host is an address as DOCKER_HOST has it, for example
	// "unix:///var/run/docker.sock".
	Host string
	// Source is where it was found.
	Source Source
	// Context is the docker context's name when Source is [SourceContext].
	Context string
}

// String names the endpoint and where it comes from, for messages.
func (e Endpoint) String() string {
	switch e.Source {
	case SourceContext:
		return fmt.Sprintf("%s (docker context %q)", e.Host, e.Context)
	case SourceVariable:
		return e.Host + " (DOCKER_HOST)"
	default:
		return e.Host
	}
}

// Path is the socket's file; empty for an endpoint that is not a socket.
func (e Endpoint) Path() string {
	path, found := strings.CutPrefix(e.Host, "unix://")
	if !found {
		return ""
	}
	return path
}

// Environ returns base, a process's environment, changed so that the docker
// command in it talks to this endpoint and to no other.
func (e Endpoint) Environ(base []string) []string {
	out := make([]string, 0, len(base)+1)
	for _, entry := range base {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION":
		default:
			out = append(out, entry)
		}
	}
	return append(out, "DOCKER_HOST="+e.Host)
}

// Surroundings are what decides which endpoint is meant.
type Surroundings struct {
	Getenv func(string) string
	Home   string // the user's home folder; empty: unknown
	UID    int    // -1 where there is none
	GOOS   string
}

// Resolve finds the endpoint as the docker command would: DOCKER_HOST, then
// the current context, then the sockets where engines are known to listen. It
// looks at files only and connects to nothing. What is not supported, a remote
// daemon or another engine, is an [*Error].
func Resolve(s Surroundings) (Endpoint, error) {
	if host := s.Getenv("DOCKER_HOST"); host != "" {
		return supported(Endpoint{Host: host, Source: SourceVariable})
	}
	endpoint, found, err := s.fromContext()
	if err != nil || found {
		return endpoint, err
	}
	return s.fromSockets()
}

func (s Surroundings) configFolder() string {
	if folder := s.Getenv("DOCKER_CONFIG"); folder != "" {
		return folder
	}
	if s.Home == "" {
		return ""
	}
	return filepath.Join(s.Home, ".docker")
}

// fromContext reads the current context out of the docker command's own files.
func (s Surroundings) fromContext() (Endpoint, bool, error) {
	folder := s.configFolder()
	name := s.Getenv("DOCKER_CONTEXT")
	if name == "" && folder != "" {
		var config struct {
			CurrentContext string `json:"currentContext"`
		}
		if err := readJSON(filepath.Join(folder, "config.json"), &config); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Endpoint{}, false, fmt.Errorf("read the current docker context: %w; mend or remove the file", err)
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return Endpoint{}, false, nil
	}
	host, err := contextHost(folder, name)
	if err != nil {
		return Endpoint{}, false, err
	}
	endpoint, err := supported(Endpoint{Host: host, Source: SourceContext, Context: name})
	return endpoint, err == nil, err
}

func contextHost(folder, name string) (string, error) {
	var meta struct {
		Endpoints map[string]struct {
			Host string `json:"Host"`
		} `json:"Endpoints"`
	}
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	err := readJSON(filepath.Join(folder, "contexts", "meta", id, "meta.json"), &meta)
	if err != nil {
		return "", fmt.Errorf("read docker context %q: %w; choose another with: docker context use default", name, err)
	}
	host := meta.Endpoints["docker"].Host
	if host == "" {
		return "", fmt.Errorf("docker context %q names no docker endpoint; choose another with: docker context use default", name)
	}
	return host, nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// fromSockets takes the first well-known socket that is there. Where none is,
// the conventional one is named, so that the error of connecting says where
// Docker was expected.
func (s Surroundings) fromSockets() (Endpoint, error) {
	if s.GOOS == "windows" {
		return Endpoint{Host: "npipe:////./pipe/docker_engine", Source: SourceSocket}, nil
	}
	for _, path := range s.sockets() {
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
			return supported(Endpoint{Host: "unix://" + path, Source: SourceSocket})
		}
	}
	if path, found := s.otherEngine(); found {
		return supported(Endpoint{Host: "unix://" + path, Source: SourceSocket})
	}
	return Endpoint{}, &Error{Reason: NotFound, Err: errors.New("no DOCKER_HOST, no docker context and none of the well-known sockets")}
}

// sockets lists where Docker Engine, Docker Desktop, rootless Docker, Colima,
// OrbStack, Rancher Desktop and Lima listen by default.
func (s Surroundings) sockets() []string {
	paths := []string{"/var/run/docker.sock"}
	if dir := s.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		paths = append(paths, filepath.Join(dir, "docker.sock"))
	} else if s.UID > 0 {
		paths = append(paths, filepath.Join("/run/user", strconv.Itoa(s.UID), "docker.sock"))
	}
	if s.Home == "" {
		return paths
	}
	for _, path := range []string{
		".docker/run/docker.sock", ".docker/desktop/docker.sock",
		".colima/default/docker.sock", ".config/colima/default/docker.sock",
		".orbstack/run/docker.sock", ".rd/docker.sock", ".lima/docker/sock/docker.sock",
	} {
		paths = append(paths, filepath.Join(s.Home, filepath.FromSlash(path)))
	}
	return paths
}

// otherEngine finds the socket of an engine that is not Docker, so that its
// user is told "not supported" rather than "not found".
func (s Surroundings) otherEngine() (string, bool) {
	paths := []string{"/run/podman/podman.sock"}
	if dir := s.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		paths = append(paths, filepath.Join(dir, "podman", "podman.sock"))
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return "", false
}

// supported refuses endpoints of engines that clusters cannot be made with:
// remote ones, whose ports do not appear at 127.0.0.1, and other products.
func supported(e Endpoint) (Endpoint, error) {
	scheme, path, found := strings.Cut(e.Host, "://")
	refuse := func(what string) (Endpoint, error) {
		return e, &Error{Reason: NotSupported, Endpoint: e, Err: errors.New(what)}
	}
	switch {
	case !found:
		return refuse("the address has no scheme such as unix://")
	case scheme == "ssh", scheme == "tcp", scheme == "http", scheme == "https":
		return refuse("a daemon reached over the network is not supported, only one on this machine")
	case scheme != "unix" && scheme != "npipe":
		return refuse(fmt.Sprintf("addresses that begin with %s:// are not supported", scheme))
	case strings.Contains(path, "podman"):
		return refuse("podman is not supported, only Docker")
	case strings.Contains(path, "containerd") || strings.Contains(path, "nerdctl") || strings.Contains(path, "finch"):
		return refuse("containerd and nerdctl are not supported, only Docker")
	}
	return e, nil
}

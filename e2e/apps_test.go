//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// shop is a user's own service: it serves its version, and reaches the
// environment's Redis through the variable that it is given.
const shop = `package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		u, err := url.Parse(os.Getenv("CACHE"))
		if err == nil {
			var conn net.Conn
			if conn, err = net.Dial("tcp", u.Host); err == nil {
				conn.Close()
			}
		}
		fmt.Fprintf(w, "VERSION, cache %v", err)
	})
	fmt.Println("serving VERSION")
	http.ListenAndServe(":8080", nil)
}
`

// TestAppIsBuiltAndRolled lets a user's Compose file join: its service is built
// and loaded, and when its source changes only its Pods are replaced.
func TestAppIsBuiltAndRolled(t *testing.T) {
	w := newWorld(t)
	profile := w.file("profile.yaml", "name: dev\nstacks: [redis]\napps: [{name: mine, files: [./compose.yaml]}]\n")
	w.file("compose.yaml", `services:
  shop:
    build: .
    environment: {CACHE: "${REDIS_URL}"}
    ports: ["8088:8080"]
    healthcheck: {test: [NONE]}
`)
	w.file("Dockerfile", "FROM scratch\nCOPY shop /shop\nENTRYPOINT [\"/shop\"]\n")
	w.file(".dockerignore", "*\n!shop\n")
	buildShop(t, w, "one")
	w.must("up", profile)
	w.wantReady("dev", "redis", "mine")
	wantAnswer(t, w, "one, cache <nil>")
	before := pods(t)

	r := w.run("up", profile)
	if r.code != 0 || strings.Contains(r.stderr, "built") {
		t.Errorf("the same source was built again (exit code %d):\n%s", r.code, r.stderr)
	}
	buildShop(t, w, "two")
	w.must("up", profile)
	wantAnswer(t, w, "two, cache <nil>")
	after := pods(t)
	if before["redis"] != after["redis"] || before["shop"] == after["shop"] {
		t.Errorf("Pods before %v, after %v: only the shop's was to be replaced", before, after)
	}
	w.must("down", "--name", "dev")
	if left := docker(t, "images", "-q", "--filter", "reference=diorama.local/dev/*"); left != "" {
		t.Errorf("built images were left: %s", left)
	}
}

func buildShop(t *testing.T, w *world, version string) {
	t.Helper()
	w.file("src/main.go", strings.ReplaceAll(shop, "VERSION", version))
	build := bounded(t, "go", "build", "-o", filepath.Join(w.dir, "shop"), "main.go")
	build.Dir = filepath.Join(w.dir, "src")
	build.Env = append(w.env(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the shop: %v\n%s", err, out)
	}
}

// wantAnswer waits for the shop's answer: without a healthcheck it counts as
// ready when its process runs, which may be before it listens.
func wantAnswer(t *testing.T, w *world, want string) {
	t.Helper()
	url := "http://" + w.vars("dev")["SHOP_URL"]
	eventually(t, "the shop's answer", func() error {
		response, err := http.Get(url)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		got, err := io.ReadAll(response.Body)
		if err == nil && string(got) != want {
			err = fmt.Errorf("the shop at %s answers %q, want %q", url, got, want)
		}
		return err
	})
}

// pods are the UIDs of the environment's Pods by service.
func pods(t *testing.T) map[string]string {
	t.Helper()
	out := kubectl(t, "dev", "get", "pods", "--field-selector=status.phase=Running",
		"-o", `jsonpath={range .items[*]}{.metadata.labels.diorama\.dev/service} {.metadata.uid} {.metadata.deletionTimestamp}{"\n"}{end}`)
	all := make(map[string]string)
	for line := range strings.Lines(out) {
		var service, uid, leaving string
		if n, _ := fmt.Sscan(line, &service, &uid, &leaving); n == 2 {
			all[service] = uid
		}
	}
	return all
}

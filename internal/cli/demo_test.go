package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/diorama-dev/diorama/internal/demo/control"
)

// demoEnvironment is an environment on disk whose demo has its switches at url.
func demoEnvironment(t *testing.T, url string) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("DIORAMA_STATE", root)
	folder := filepath.Join(root, "shop")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"record.json": `{"schema": 1, "environment": "shop"}`,
		"plan.json": fmt.Sprintf(`{"environment": "shop", "stacks": [{"name": "story", "stack": "demo"}], "endpoints": [
			{"stack": "story", "name": "load", "url": %[1]q}, {"stack": "story", "name": "billing", "url": %[1]q}]}`, url),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDemoSwitches(t *testing.T) {
	asked := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- strings.TrimSpace(r.Method + " " + r.URL.Path + " " + string(body))
		if r.URL.Path == control.SlowPath {
			_, _ = w.Write(body)
			return
		}
		_ = json.NewEncoder(w).Encode(control.LoadState{PerSecond: 200, Effective: 200})
	}))
	t.Cleanup(server.Close)
	demoEnvironment(t, server.URL)
	for _, c := range []struct{ args, asks, says string }{
		{"rate", "GET /rate", "200 requests a second"},
		{"rate 200", `PUT /rate {"per_second":200}`, "200 requests a second"},
		{"spike", `POST /spike {"factor":10,"for":"1m0s"}`, "200 requests a second"},
		{"spike --factor 2 --for 5s", `POST /spike {"factor":2,"for":"5s"}`, "200 requests a second"},
		{"slow 200ms", `PUT /slow {"delay":"200ms"}`, "billing takes 200ms longer over each event"},
		{"slow off", `PUT /slow {"delay":"0s"}`, "billing works at its own speed"},
	} {
		t.Run(c.args, func(t *testing.T) {
			s, stdout, stderr := testStreams()
			if code := run(t.Context(), append([]string{"demo"}, strings.Fields(c.args)...), s); code != ExitOK {
				t.Fatalf("code %d: %s", code, stderr)
			}
			if got := <-asked; got != c.asks {
				t.Errorf("it asked %s, want %s", got, c.asks)
			}
			if !strings.Contains(stdout.String(), c.says) {
				t.Errorf("it said %q, want %q in it", stdout, c.says)
			}
		})
	}
}

func TestDemoThatDoesNotAnswer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	demoEnvironment(t, server.URL)
	s, _, stderr := testStreams()
	if code := run(t.Context(), []string{"demo", "rate", "5"}, s); code != ExitFailed || !strings.Contains(stderr.String(), "diorama status") {
		t.Errorf("code %d with %q, want %d and a remedy", code, stderr, ExitFailed)
	}
}

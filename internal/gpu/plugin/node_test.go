package plugin

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeNode is a node of an API that has those labels, which it lets be patched.
func fakeNode(t *testing.T, labels map[string]string) *clusterNode {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			var patch struct {
				Metadata struct {
					Labels map[string]*string `json:"labels"`
				} `json:"metadata"`
			}
			if err := json.NewDecoder(r.Body).Decode(&patch); err != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
				t.Errorf("patch: %v", err)
			}
			for name, value := range patch.Metadata.Labels {
				if delete(labels, name); value != nil {
					labels[name] = *value
				}
			}
		}
		if err := json.NewEncoder(w).Encode(map[string]any{
			"metadata": map[string]any{"labels": labels}, "status": map[string]any{"allocatable": map[string]string{"nvidia.com/gpu": "2"}},
		}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return &clusterNode{url: server.URL, client: server.Client(), token: func() (string, error) { return "key", nil }}
}

// TestLabelsGoWithThePlugin, but for what the node had before: a node that was
// made with GPUs is one after a simulation, too.
func TestLabelsGoWithThePlugin(t *testing.T) {
	for name, before := range map[string]map[string]string{
		"a plain node":       {"kubernetes.io/os": "linux"},
		"made with GPUs":     {"kubernetes.io/os": "linux", presentLabel: "true"},
		"no labels whatever": {},
	} {
		t.Run(name, func(t *testing.T) {
			there := maps.Clone(before)
			node := fakeNode(t, there)
			wanted := labels(options(t, "2xA100", 1))
			for range 2 { // the second time as after a crash
				node.keepLabels(t.Context(), wanted, slog.New(slog.DiscardHandler))
				for key, value := range wanted {
					if there[key] != value {
						t.Errorf("%s is %q, want %q", key, there[key], value)
					}
				}
			}
			for range 2 {
				if err := node.unmark(t.Context(), wanted); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, there); diff != "" {
					t.Errorf("left are (-before +after):\n%s", diff)
				}
			}
		})
	}
}

func TestAllocatable(t *testing.T) {
	node := fakeNode(t, map[string]string{})
	if n, err := node.allocatable(t.Context(), "nvidia.com/gpu"); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := node.allocatable(t.Context(), "nvidia.com/gpu.shared"); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

package recommender_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/recommender"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// serve runs a recommender and hands over what it was asked with.
func serve(t *testing.T, s recommender.Service) (*recommender.Client, *http.Header, *strings.Builder) {
	t.Helper()
	var lines strings.Builder
	s.Log, s.Slow = slog.New(slog.NewJSONHandler(&lines, nil)), time.Hour
	var seen http.Header
	pages := s.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		pages.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return recommender.NewClient(server.URL + "/"), &seen, &lines
}

func question(h http.Header) (story.Question, story.Trace) {
	trace := story.NewTrace()
	return story.Question{
		Request: story.Request{User: "user-1", Item: "item-1"}, ItemFeatures: story.Features{Segment: "text"}, Carried: story.Carry(h, trace),
	}, trace
}

func TestAnswerSaysWhoItIsFrom(t *testing.T) {
	about := story.About{Version: "v2", GPU: "GPU-1 (simulated A100)"}
	client, seen, lines := serve(t, recommender.Service{Model: model.Model{Next: true}, About: about})
	q, trace := question(http.Header{"User-Agent": {"Android 16"}, "X-B3-Traceid": {"463ac35c9f6413ad"}, "Authorization": {"not to be handed on"}})
	got, err := client.Predict(t.Context(), q)
	if err != nil || got.About != about || got.Model != "minilm" || got.Took <= 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	for name, want := range map[string]string{
		"User-Agent": "Android 16", "X-B3-Traceid": "463ac35c9f6413ad", "Traceparent": trace.String(), "Authorization": "",
	} {
		if value := seen.Get(name); value != want {
			t.Errorf("%s: %q arrived, want %q", name, value, want)
		}
	}
	for _, part := range []string{`"version":"v2"`, `"gpu":"GPU-1 (simulated A100)"`, `"model":"minilm"`, trace.Attr().Value.String()} {
		if !strings.Contains(lines.String(), part) {
			t.Errorf("no %s in %s", part, lines)
		}
	}
	if asked, err := client.About(t.Context(), q.Carried); err != nil || asked != about {
		t.Errorf("asked who it is: %+v, %v", asked, err)
	}
}

func TestNobodysProgramIsNamed(t *testing.T) {
	client, seen, _ := serve(t, recommender.Service{})
	q, _ := question(nil)
	if _, err := client.Predict(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if value := seen.Get("User-Agent"); value != "" {
		t.Errorf("the gateway called itself %q", value)
	}
}

func TestTrouble(t *testing.T) {
	client, _, _ := serve(t, recommender.Service{Model: model.Model{Failures: 1}})
	q, _ := question(nil)
	if _, err := client.Predict(t.Context(), q); err == nil || !strings.Contains(err.Error(), "device out of memory") {
		t.Errorf("a failed model: %v", err)
	}
	q.User = ""
	if _, err := client.Predict(t.Context(), q); err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("a question of nobody: %v", err)
	}
	for name, body := range map[string]string{"no JSON": "upstream connect error", "no model": `{"score": 0.5}`, "no score": `{"model": "x", "score": 7}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		q.User = "user-1"
		if _, err := recommender.NewClient(server.URL).Predict(t.Context(), q); err == nil {
			t.Errorf("%s: no error", name)
		}
		server.Close()
	}
}

func TestGPU(t *testing.T) {
	const device = "GPU-5f9a"
	for _, c := range []struct{ devices, simulated, want string }{
		{"", "", ""},
		{"void", "", ""},
		{"none", "2xA100", ""},
		{device, "", device},
		{device, "2xA100", device + " (simulated A100)"},
		{device, "A100", device + " (simulated A100)"},
		{device, "Maxwell", device + " (simulated Maxwell)"},
		{device + ",GPU-2", "8xH100", device + ",GPU-2 (simulated H100)"},
	} {
		env := map[string]string{"NVIDIA_VISIBLE_DEVICES": c.devices, "DIORAMA_GPU_SIMULATED": c.simulated}
		if diff := cmp.Diff(c.want, recommender.GPU(func(name string) string { return env[name] })); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c, diff)
		}
	}
}

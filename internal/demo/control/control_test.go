package control_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/diorama-dev/diorama/internal/demo/control"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		v  interface{ Validate() error }
		ok bool
	}{
		"rate":            {control.Rate{PerSecond: 200}, true},
		"paused":          {control.Rate{}, true},
		"rate below zero": {control.Rate{PerSecond: -1}, false},
		"no number":       {control.Rate{PerSecond: math.NaN()}, false},
		"too fast":        {control.Rate{PerSecond: control.MaxRate + 1}, false},
		"spike":           {control.Surge{Factor: 10, For: control.Duration(time.Minute)}, true},
		"spike of none":   {control.Surge{For: control.Duration(time.Minute)}, false},
		"endless spike":   {control.Surge{Factor: 10, For: control.Duration(24 * time.Hour)}, false},
		"slow":            {control.Delay{Delay: control.Duration(time.Second)}, true},
		"slow off":        {control.Delay{}, true},
		"slow below zero": {control.Delay{Delay: -1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.v.Validate(); (err == nil) != c.ok {
				t.Errorf("error %v, want ok %v", err, c.ok)
			}
		})
	}
}

func TestAnswersThatAreNotTheDemos(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		body, want string
	}{
		"its own refusal":   {http.StatusBadRequest, `{"error":"too fast"}`, "the demo refused: too fast"},
		"another's page":    {http.StatusNotFound, "<html>", "something other than the demo"},
		"another's success": {http.StatusOK, "<html>", "read the demo's answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			_, err := control.SetRate(t.Context(), server.URL, 5)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	err := control.Slow(t.Context(), server.URL, time.Second)
	if err == nil || !strings.Contains(err.Error(), "diorama status") {
		t.Errorf("error %v, want one with a remedy", err)
	}
}

type composeFile struct {
	Services map[string]map[string]any `yaml:"services"`
}

func services(t *testing.T, b []byte) map[string]map[string]any {
	t.Helper()
	var file composeFile
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	return file.Services
}

// The added consumer is the service log of the stack but for its command: if
// that changes, this one must follow.
func TestExtraConsumerIsLikeTheOthers(t *testing.T) {
	stack, err := os.ReadFile("../../../stacks/demo/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := services(t, stack)["log"]
	extra, err := control.ExtraConsumer("fraud")
	if err != nil {
		t.Fatal(err)
	}
	got := services(t, extra)
	want["command"] = []any{"consumer", "--group", "fraud"}
	// It has no endpoint, whose port could be told.
	want["environment"].(map[string]any)["DEMO_LISTEN"] = "${DIORAMA_LISTEN:-:8085}"
	if diff := cmp.Diff(map[string]map[string]any{"fraud": want}, got); diff != "" {
		t.Errorf("added consumer (-log +fraud):\n%s", diff)
	}
}

func TestExtraConsumerRefuses(t *testing.T) {
	for _, group := range []string{"", "a", "billing", "gateway", "Fraud", "fraud-", "1st", "a: b", "a\nb", strings.Repeat("x", 54)} {
		if b, err := control.ExtraConsumer(group); err == nil {
			t.Errorf("%q was taken:\n%s", group, b)
		}
	}
}

func FuzzDuration(f *testing.F) {
	f.Add("200ms")
	f.Add("-1h")
	f.Fuzz(func(t *testing.T, s string) {
		var d, again control.Duration
		if d.UnmarshalText([]byte(s)) != nil {
			return
		}
		b, err := d.MarshalText()
		if err != nil || again.UnmarshalText(b) != nil || again != d {
			t.Fatalf("%q came back as %q (%v)", s, b, err)
		}
	})
}

package serve_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/serve"
)

func TestHealth(t *testing.T) {
	var h serve.Health
	ask := func(status int, body string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		if w.Code != status || strings.TrimSpace(w.Body.String()) != body {
			t.Errorf("%d %s, want %d %s", w.Code, w.Body, status, body)
		}
	}
	ask(http.StatusServiceUnavailable, `{"error":"starting"}`)
	h.Waiting("waiting for Kafka: connection refused")
	ask(http.StatusServiceUnavailable, `{"error":"waiting for Kafka: connection refused"}`)
	h.Ready()
	ask(http.StatusOK, `{"status":"ready"}`)
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		ok   bool
	}{
		"a value":       {`{"a":1}`, true},
		"with a space":  {` {"a":1} ` + "\n", true},
		"unknown field": {`{"b":1}`, false},
		"two values":    {`{"a":1}{"a":2}`, false},
		"wrong type":    {`{"a":"1"}`, false},
		"nothing":       {``, false},
	} {
		t.Run(name, func(t *testing.T) {
			var v struct{ A int }
			err := serve.Read(httptest.NewRequest(http.MethodPut, "/", strings.NewReader(c.body)), &v)
			if (err == nil) != c.ok {
				t.Errorf("error %v, want ok %v", err, c.ok)
			}
		})
	}
}

func TestRequestUnderWayIsFinished(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	arrived, stopping := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-stopping
		if r.Context().Err() != nil {
			t.Error("the request was cancelled with the server")
		}
		_, _ = io.WriteString(w, "done")
	})
	s := serve.Server{
		Addr: "127.0.0.1:0", Handler: handler, Log: slog.New(slog.DiscardHandler),
		Grace: time.Minute, Stopping: func() { close(stopping) },
	}
	l, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	go func() {
		<-arrived
		stop()
	}()
	if status, body := get(t, "http://"+l.Addr().String(), nil); status != http.StatusOK || body != "done" {
		t.Errorf("%d %q, want 200 done", status, body)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s := serve.Server{
		Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Grace: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				serve.Error(w, http.StatusRequestEntityTooLarge, err)
			}
		}),
	}
	l, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	for name, c := range map[string]struct {
		site, body string
		want       int
	}{
		"a program":      {"", "{}", http.StatusOK},
		"our own page":   {"same-origin", "{}", http.StatusOK},
		"another's page": {"cross-site", "{}", http.StatusForbidden},
		// A byte too many, and no more: what is not read would reset the connection
		// under a client that is slow to write it.
		"a huge body": {"", strings.Repeat(" ", 64<<10+1), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := get(t, "http://"+l.Addr().String(), func(r *http.Request) {
				r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader(c.body))
				r.ContentLength = int64(len(c.body))
				if c.site != "" {
					r.Header.Set("Sec-Fetch-Site", c.site)
				}
			})
			if got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, url string, change func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

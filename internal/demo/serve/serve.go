// Package serve owns the HTTP side that every role of the demo has: its
// health, reading and writing JSON, and ending without cutting off a request.
package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 64 << 10

// Health says whether a role is ready, and if not, what it waits for. The zero
// value is a role that has just started.
type Health struct{ waiting atomic.Pointer[string] }

// Waiting says what the role waits for.
func (h *Health) Waiting(what string) { h.waiting.Store(&what) }

// Ready says that the role does its work.
func (h *Health) Ready() { h.Waiting("") }

// ServeHTTP answers 200 when the role is ready, and 503 with what it waits for
// when it is not.
func (h *Health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	switch what := h.waiting.Load(); {
	case what == nil:
		Error(w, http.StatusServiceUnavailable, errors.New("starting"))
	case *what != "":
		Error(w, http.StatusServiceUnavailable, errors.New(*what))
	default:
		JSON(w, http.StatusOK, map[string]string{"status": "ready"})
	}
}

// Server is an HTTP server that ends gracefully.
type Server struct {
	Addr    string // host:port
	Handler http.Handler
	Log     *slog.Logger
	// Drain is how long it goes on accepting after its end was asked for, so
	// that whoever still sends here learns of it first.
	Drain time.Duration
	// Grace bounds how long requests under way may take after that.
	Grace time.Duration
	// Stopping, where not nil, is called when the end was asked for.
	Stopping func()
}

// Listen opens the server's port.
func (s Server) Listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; set DEMO_LISTEN to a free address", s.Addr, err)
	}
	return l, nil
}

// Serve answers on l until ctx ends and the requests under way are done.
func (s Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		// Browsers of other sites may not turn the switches.
		Handler:           http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(s.Handler, maxBody)),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	if s.Stopping != nil {
		s.Stopping()
	}
	after := context.WithoutCancel(ctx)
	_ = waitFor(after, s.Drain, failed)
	after, cancel := context.WithTimeout(after, s.Grace)
	defer cancel()
	if err := server.Shutdown(after); err != nil {
		_ = server.Close()
		return fmt.Errorf("end HTTP on %s: requests still under way after %s: %w", l.Addr(), s.Grace, err)
	}
	return nil
}

func waitFor(ctx context.Context, d time.Duration, failed <-chan error) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Read decodes a request's JSON body into v: one value, no unknown fields.
func Read(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read the request's body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read the request's body: expected one JSON value and nothing after it")
	}
	return nil
}

// JSON answers with v.
func JSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the caller may be gone: nobody is left to tell
}

// Error answers with an error, as {"error": "…"}.
func Error(w http.ResponseWriter, status int, err error) {
	JSON(w, status, map[string]string{"error": err.Error()})
}

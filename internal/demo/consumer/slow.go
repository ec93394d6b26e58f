package consumer

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/demo/serve"
)

// Slow is the switch that makes a consumer slow, so that its lag grows. It is
// safe for concurrent use.
type Slow struct {
	mu      sync.Mutex
	delay   time.Duration
	changed chan struct{} // closed with every change
}

// NewSlow returns a switch that is off.
func NewSlow() *Slow { return &Slow{changed: make(chan struct{})} }

// Delay is how long each event is held up.
func (s *Slow) Delay() time.Duration {
	d, _ := s.state()
	return d
}

func (s *Slow) state() (time.Duration, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.delay, s.changed
}

// Set holds each event up by d from now on.
func (s *Slow) Set(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
	close(s.changed)
	s.changed = make(chan struct{})
}

// Wait holds up one event. A changed delay counts from the wait's start, so
// that switching it off sets free at once whoever waits.
func (s *Slow) Wait(ctx context.Context) error {
	start := time.Now()
	for {
		d, changed := s.state()
		left := d - time.Since(start)
		if left <= 0 {
			return context.Cause(ctx)
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
			return nil
		case <-changed:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// Switches serves the switch, and the consumer's state.
func Switches(c *Consumer, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter) {
		serve.JSON(w, http.StatusOK, control.Delay{Delay: control.Duration(c.Slow.Delay())})
	}
	mux.HandleFunc("GET "+control.SlowPath, func(w http.ResponseWriter, _ *http.Request) { answer(w) })
	mux.HandleFunc("PUT "+control.SlowPath, func(w http.ResponseWriter, r *http.Request) {
		var d control.Delay
		if err := serve.Read(r, &d); err != nil {
			serve.Error(w, http.StatusBadRequest, err)
			return
		}
		if err := d.Validate(); err != nil {
			serve.Error(w, http.StatusBadRequest, err)
			return
		}
		c.Slow.Set(time.Duration(d.Delay))
		log.WarnContext(r.Context(), "slowed down by hand", "delay", time.Duration(d.Delay).String())
		answer(w)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, c.State())
	})
	return mux
}

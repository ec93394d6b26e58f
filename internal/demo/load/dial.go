package load

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/demo/serve"
)

// Dial holds the rate, and a spike on top of it. It is safe for concurrent use.
type Dial struct {
	mu     sync.Mutex
	rate   float64 // requests a second
	factor float64
	ends   time.Time // of the spike
}

// NewDial returns a dial at the rate, in requests a second.
func NewDial(rate float64) *Dial { return &Dial{rate: rate} }

// Set turns the rate; a spike goes on with it.
func (d *Dial) Set(rate float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rate = rate
}

// Spike multiplies the rate by the factor for a while. A second spike takes
// the place of the first.
func (d *Dial) Spike(factor float64, length time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.factor, d.ends = factor, time.Now().Add(length)
}

// Read returns the rate that was set, the one that holds now, both in requests
// a second, and when the spike ends: zero where there is none.
func (d *Dial) Read() (rate, effective float64, ends time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !time.Now().Before(d.ends) {
		return d.rate, d.rate, time.Time{}
	}
	return d.rate, min(d.rate*d.factor, control.MaxRate), d.ends
}

// Rate is the one that holds now.
func (d *Dial) Rate() float64 {
	_, effective, _ := d.Read()
	return effective
}

// Switches serves the dial.
func Switches(g *Generator, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	state := func(w http.ResponseWriter, _ *http.Request) { serve.JSON(w, http.StatusOK, g.State()) }
	mux.HandleFunc("GET /{$}", state)
	mux.HandleFunc("GET "+control.RatePath, state)
	mux.HandleFunc("PUT "+control.RatePath, func(w http.ResponseWriter, r *http.Request) {
		var rate control.Rate
		if !read(w, r, &rate, func() error { return rate.Validate() }) {
			return
		}
		g.Dial.Set(rate.PerSecond)
		log.InfoContext(r.Context(), "rate turned by hand", "per_second", rate.PerSecond)
		state(w, r)
	})
	mux.HandleFunc("POST "+control.SpikePath, func(w http.ResponseWriter, r *http.Request) {
		var s control.Surge
		if !read(w, r, &s, func() error { return s.Validate() }) {
			return
		}
		g.Dial.Spike(s.Factor, time.Duration(s.For))
		log.WarnContext(r.Context(), "spike", "factor", s.Factor, "for", time.Duration(s.For).String(), "per_second", g.Dial.Rate())
		state(w, r)
	})
	return mux
}

// read decodes and validates a body, and answers where that fails.
func read(w http.ResponseWriter, r *http.Request, v any, validate func() error) bool {
	err := serve.Read(r, v)
	if err == nil {
		err = validate()
	}
	if err != nil {
		serve.Error(w, http.StatusBadRequest, err)
	}
	return err == nil
}

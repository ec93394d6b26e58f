package keeper

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// Devices is a runtime that knows of GPUs.
type Devices interface {
	// GPUs is what is known now; before is the last answer, empty at first.
	GPUs(ctx context.Context, before gpu.State) (gpu.State, error)
}

// gpus asks the runtime for GPUs, for as long as somebody wants to know: the
// answer goes to all who ask within [gpu.Interval].
type gpus struct {
	runtime Runtime

	mu   sync.Mutex // held while the runtime is asked
	last gpu.State
	at   time.Time
}

// state is what is known, at most as old as asked for.
func (g *gpus) state(ctx context.Context, age time.Duration) (gpu.State, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.at.IsZero() && time.Since(g.at) < age {
		return g.last, nil
	}
	devices, ok := g.runtime.(Devices)
	if !ok {
		return gpu.State{Time: time.Now(), Slots: []gpu.Slot{}, Absence: "this runtime has no nodes that could have GPUs"}, nil
	}
	state, err := devices.GPUs(ctx, g.last)
	if err != nil {
		return gpu.State{}, err
	}
	if ctx.Err() != nil {
		// Whoever asked has gone in the middle of it: the answer is half of one,
		// and is not to be told to others.
		return gpu.State{}, context.Cause(ctx)
	}
	g.last, g.at = state, time.Now()
	return state, nil
}

// routes adds what clients may ask of GPUs.
func (g *gpus) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/gpus", func(w http.ResponseWriter, r *http.Request) {
		state, err := g.state(r.Context(), 0)
		if err != nil {
			refuse(w, http.StatusInternalServerError, err)
			return
		}
		answer(w, state)
	})
	mux.HandleFunc("GET /v1/gpus/watch", g.watch)
}

// watch streams states, a line of JSON each. Where nothing can be known at the
// moment, the reason stands in Absence.
func (g *gpus) watch(w http.ResponseWriter, r *http.Request) {
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	ticker := time.NewTicker(gpu.Interval)
	defer ticker.Stop()
	for {
		// Watchers are not in step: each takes what another has just been told.
		state, err := g.state(r.Context(), gpu.Interval*3/4)
		if err != nil && r.Context().Err() != nil {
			return
		}
		if err != nil {
			state = gpu.State{Time: time.Now(), Slots: []gpu.Slot{}, Absence: err.Error()}
		}
		if out.Encode(state) != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
	}
}

// GPUs asks for what is known now of the environment's GPUs.
func (c *Client) GPUs(ctx context.Context) (gpu.State, error) {
	var state gpu.State
	return state, c.call(ctx, http.MethodGet, "gpus", nil, &state)
}

// WatchGPUs calls see with the state of the environment's GPUs every
// [gpu.Interval], until ctx ends, see returns false, or the keeper is gone,
// which is a [GoneError].
func (c *Client) WatchGPUs(ctx context.Context, see func(gpu.State) bool) error {
	response, err := c.send(ctx, http.MethodGet, "gpus/watch", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := json.NewDecoder(response.Body)
	for {
		var state gpu.State
		if err := lines.Decode(&state); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return &GoneError{Err: err}
		}
		if !see(state) {
			return nil
		}
	}
}

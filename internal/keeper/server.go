package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/diorama-dev/diorama/internal/env"
)

// Hello is how a keeper introduces itself.
type Hello struct {
	PID     int    `json:"pid"`
	Build   string `json:"build"`
	Running bool   `json:"running"` // a plan is being run
	// Owner is true of a keeper whose end is that of the environment's servers.
	Owner bool `json:"owner,omitempty"`
}

// serve answers clients until it is told to quit.
func (k *keeper) serve(ctx context.Context) error {
	path := k.options.Folder.Socket()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("listen for commands: %w", err)
	}
	listener, err := listen(ctx, path)
	if err != nil {
		return fmt.Errorf("listen for commands at %s: %w", path, err)
	}
	server := &http.Server{
		Handler: k.routes(ctx), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	err = server.Serve(listener)
	k.interrupt(context.WithoutCancel(ctx), errQuit)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("answer commands: %w", err)
}

func (k *keeper) routes(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/hello", func(w http.ResponseWriter, _ *http.Request) {
		k.mu.Lock()
		defer k.mu.Unlock()
		answer(w, Hello{PID: os.Getpid(), Build: k.options.Build, Running: k.running, Owner: k.options.Owner})
	})
	mux.HandleFunc("GET /v1/snapshot", func(w http.ResponseWriter, _ *http.Request) { answer(w, k.store.Snapshot()) })
	mux.HandleFunc("GET /v1/watch", k.watch)
	mux.HandleFunc("POST /v1/up", func(w http.ResponseWriter, r *http.Request) {
		request, data, err := readUp(r.Body)
		if err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		// The run goes on when the client goes.
		if err := k.up(ctx, request, data); err != nil {
			refuse(w, http.StatusConflict, err)
			return
		}
		answer(w, k.store.Snapshot())
	})
	mux.HandleFunc("POST /v1/cancel", func(w http.ResponseWriter, r *http.Request) {
		k.interrupt(r.Context(), errCancelled)
		answer(w, k.store.Snapshot())
	})
	mux.HandleFunc("POST /v1/restart", k.act(func(ctx context.Context, w Workloads, q ActRequest) error {
		return w.Restart(ctx, q.Service)
	}))
	mux.HandleFunc("POST /v1/scale", k.act(func(ctx context.Context, w Workloads, q ActRequest) error {
		return w.Scale(ctx, q.Service, q.Replicas)
	}))
	k.brokers.routes(mux)
	(&gpus{runtime: k.runtime}).routes(mux)
	(&meshes{runtime: k.runtime, store: k.store}).routes(mux)
	mux.HandleFunc("POST /v1/quit", func(w http.ResponseWriter, r *http.Request) {
		k.interrupt(r.Context(), errQuit)
		answer(w, struct{}{})
		// Once the answer is out: the server's end would take it along.
		time.AfterFunc(50*time.Millisecond, func() { k.shutdown(errQuit) })
	})
	return mux
}

// readUp reads a request for a run, and its plan as it is sent: it is kept so, and
// one of a mesh has more than a megabyte.
func readUp(body io.Reader) (UpRequest, []byte, error) {
	var sent struct {
		Plan    json.RawMessage `json:"plan"`
		Timeout time.Duration   `json:"timeout"`
	}
	if err := json.NewDecoder(body).Decode(&sent); err != nil {
		return UpRequest{}, nil, err
	}
	request := UpRequest{Timeout: sent.Timeout}
	if err := json.Unmarshal(sent.Plan, &request.Plan); err != nil {
		return UpRequest{}, nil, err
	}
	return request, sent.Plan, nil
}

// ActRequest is what a person wants done to a service.
type ActRequest struct {
	Service  string `json:"service"`
	Replicas int    `json:"replicas,omitempty"`
}

func (k *keeper) act(do func(context.Context, Workloads, ActRequest) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request ActRequest
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		workloads, ok := k.runtime.(Workloads)
		if !ok {
			refuse(w, http.StatusNotImplemented, errors.New("this runtime cannot do that"))
			return
		}
		err := do(r.Context(), workloads, request)
		k.store.Emit(env.Event{Time: time.Now(), Occurred: &env.Occurrence{
			Source: "user", Subject: "service/" + request.Service, Service: request.Service,
			Reason: "Requested", Message: r.URL.Path[len("/v1/"):] + " " + request.Service, Warning: err != nil, Count: 1,
		}})
		if err != nil {
			refuse(w, http.StatusInternalServerError, err)
			return
		}
		answer(w, struct{}{})
	}
}

// watch streams snapshots, a line of JSON each, newest wins.
func (k *keeper) watch(w http.ResponseWriter, r *http.Request) {
	out := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	for snapshot := range k.store.Watch(r.Context()) {
		if out.Encode(snapshot) != nil || flush.Flush() != nil {
			return
		}
	}
}

// failure is the body of an answer that is not a success.
type failure struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the client is gone: nobody to tell
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(failure{Error: err.Error()})
}

// listen opens the socket for this user alone.
func listen(ctx context.Context, path string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

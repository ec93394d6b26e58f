package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/cache"
	"github.com/diorama-dev/diorama/internal/demo/retry"
	"github.com/diorama-dev/diorama/internal/demo/serve"
)

// grace is how long a role may take to end, beside a gateway's drain.
const grace = 10 * time.Second

// Run runs the role that the arguments name until ctx ends, and then ends it
// gracefully: requests and events under way are finished, offsets committed,
// the group is left. Log lines go to out, one JSON object each.
func Run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	role, err := ParseRole(args)
	if err != nil {
		return err
	}
	config, err := LoadConfig(role, getenv)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: config.Level})).With("service", string(role))
	cache.LogTo(log)
	p := &process{Config: config, role: role, log: log, mux: http.NewServeMux()}
	p.mux.Handle("GET /healthz", &p.health)
	p.mux.HandleFunc("/", p.serve)
	return p.run(ctx)
}

// process is one role at work.
type process struct {
	Config
	role   Role
	log    *slog.Logger
	mux    *http.ServeMux
	health serve.Health
	// pages are the role's own; nil until it is ready.
	pages atomic.Pointer[http.Handler]
}

// serve answers with what the role waits for until it has pages of its own.
func (p *process) serve(w http.ResponseWriter, r *http.Request) {
	if pages := p.pages.Load(); pages != nil {
		(*pages).ServeHTTP(w, r)
		return
	}
	p.health.ServeHTTP(w, r)
}

// work is the part of a role that runs once its dependencies answer. It ends
// with ctx.
type work struct {
	pages http.Handler
	run   func(ctx context.Context)
	// finish ends what must come after the last request; it may be nil.
	finish func(ctx context.Context)
}

// run serves HTTP from the first moment on, so that whoever asks learns what
// the role waits for.
func (p *process) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	server := serve.Server{
		Addr: p.Listen, Handler: p.mux, Log: p.log, Grace: grace,
		Stopping: func() { p.health.Waiting("stopping") },
	}
	if p.role == Gateway {
		server.Drain = p.Drain
	}
	listener, err := server.Listen(ctx)
	if err != nil {
		return err
	}
	p.log.InfoContext(ctx, "started", "listen", listener.Addr().String())
	served := make(chan error, 1)
	go func() {
		err := server.Serve(ctx, listener)
		cancel(err) // a role without its HTTP side cannot be seen: end it
		served <- err
	}()
	w, err := p.prepare(ctx)
	if err == nil {
		p.pages.Store(&w.pages)
		p.health.Ready()
		p.log.InfoContext(ctx, "ready")
		w.run(ctx)
		p.log.InfoContext(ctx, "stopping", "reason", fmt.Sprint(context.Cause(ctx)))
	} else if ctx.Err() != nil {
		err = nil // told to end while it waited
	}
	cancel(nil)
	err = errors.Join(err, <-served)
	if w.finish != nil {
		after, done := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer done()
		w.finish(after)
	}
	p.log.InfoContext(ctx, "stopped")
	return err
}

func (p *process) prepare(ctx context.Context) (work, error) {
	switch p.role {
	case Gateway:
		return p.gateway(ctx)
	case Load:
		return p.load(ctx)
	case Recommender:
		return p.recommender(ctx)
	default:
		return p.consumer(ctx)
	}
}

// await waits until the dependency answers, in the log and in the role's health.
func (p *process) await(ctx context.Context, what string, op func(context.Context) error) error {
	log := retry.Log{Logger: p.log, Observe: func(what string, err error) {
		if err != nil {
			p.health.Waiting("waiting for " + what + ": " + err.Error())
		}
	}}
	return retry.Standard().Until(ctx, log, what, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeoutCause(ctx, answerWithin, fmt.Errorf("no answer within %s", answerWithin))
		defer cancel()
		return op(ctx)
	})
}

// answerWithin bounds one attempt at a dependency.
const answerWithin = 10 * time.Second

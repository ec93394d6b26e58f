package gateway

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/serve"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// answerWithin bounds one request.
const answerWithin = 10 * time.Second

//go:embed page.html
var page []byte

// counters are what the gateway has done since it started.
type counters struct {
	done, failed, refused  atomic.Int64
	hits, misses           atomic.Int64
	cacheErrors            atomic.Int64
	published, unpublished atomic.Int64
}

// State is what the gateway has done since it started, as GET /admin/state
// answers.
type State struct {
	UnderWay    int   `json:"under_way"`
	Done        int64 `json:"done"`
	Failed      int64 `json:"failed"`
	Refused     int64 `json:"refused"`
	CacheHits   int64 `json:"cache_hits"`
	CacheMisses int64 `json:"cache_misses"`
	CacheErrors int64 `json:"cache_errors"`
	Published   int64 `json:"published"`
	Unpublished int64 `json:"unpublished"` // attempts that failed
	// Versions counts the answers of each version of the recommender.
	Versions map[string]int64 `json:"versions,omitempty"`
}

// State returns what the gateway has done since it started.
func (g *Gateway) State() State {
	c := &g.counters
	return State{
		UnderWay: len(g.room), Done: c.done.Load(), Failed: c.failed.Load(), Refused: c.refused.Load(),
		CacheHits: c.hits.Load(), CacheMisses: c.misses.Load(), CacheErrors: c.cacheErrors.Load(),
		Published: c.published.Load(), Unpublished: c.unpublished.Load(),
		Versions: g.versions.read(),
	}
}

// Handler serves POST /infer, GET /recommender, GET /admin/state and a page that
// shows it.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /infer", g.infer)
	mux.HandleFunc("GET /recommender", g.about)
	mux.HandleFunc("GET /admin/state", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, g.State())
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
		_, _ = w.Write(page) // the caller may be gone
	})
	return mux
}

func (g *Gateway) infer(w http.ResponseWriter, r *http.Request) {
	trace := incoming(r)
	w.Header().Set(story.TraceHeader, trace.String())
	var req story.Request
	if err := serve.Read(r, &req); err != nil {
		g.refuse(w, r, http.StatusBadRequest, err, trace)
		return
	}
	if err := req.Validate(); err != nil {
		g.refuse(w, r, http.StatusBadRequest, err, trace)
		return
	}
	select {
	case g.room <- struct{}{}:
		defer func() { <-g.room }()
	default:
		w.Header().Set("Retry-After", "1")
		g.refuse(w, r, http.StatusServiceUnavailable, fmt.Errorf("%d requests are under way: try again later", maxUnderWay), trace)
		return
	}
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(r.Context(), answerWithin, fmt.Errorf("no answer within %s", answerWithin))
	defer cancel()
	c, err := g.Infer(ctx, req, trace, story.Carry(r.Header, trace))
	g.report(r.Context(), req, outcome{completed: c, err: err, took: time.Since(start), trace: trace})
	if err != nil {
		serve.Error(w, status(err), err)
		return
	}
	serve.JSON(w, http.StatusOK, c)
}

// incoming continues the caller's trace, or starts one.
func incoming(r *http.Request) story.Trace {
	if t, err := story.ParseTraceparent(r.Header.Get(story.TraceHeader)); err == nil {
		return t.Child()
	}
	return story.NewTrace()
}

func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, code int, err error, trace story.Trace) {
	g.counters.refused.Add(1)
	g.Log.WarnContext(r.Context(), "request refused", "status", code, "error", err.Error(), trace.Attr())
	serve.Error(w, code, err)
}

// status tells a failed model, which is ours to mend, from a dependency that
// may come back.
func status(err error) int {
	if errors.Is(err, model.ErrDevice) {
		return http.StatusInternalServerError
	}
	return http.StatusServiceUnavailable
}

// outcome is what came of a request.
type outcome struct {
	completed story.Completed
	err       error
	took      time.Duration
	trace     story.Trace
}

func (g *Gateway) report(ctx context.Context, req story.Request, o outcome) {
	log := g.Log.With("user", req.User, "item", req.Item, "latency_ms", story.Milliseconds(o.took), o.trace.Attr())
	switch {
	case o.err != nil:
		g.counters.failed.Add(1)
		log.ErrorContext(ctx, "inference failed", "error", o.err.Error())
	case o.took >= g.Slow:
		g.counters.done.Add(1)
		log.WarnContext(ctx, "slow inference", details(o.completed)...)
	default:
		g.counters.done.Add(1)
		log.InfoContext(ctx, "inference completed", details(o.completed)...)
	}
	if o.err == nil {
		g.versions.count(o.completed.Version)
	}
}

func details(c story.Completed) []any {
	list := []any{"model", c.Model, "model_ms", c.LatencyMS, "score", c.Score, "cached", c.Cached, "event", c.ID}
	if c.Version != "" {
		list = append(list, "version", c.Version)
	}
	if c.GPU != "" {
		list = append(list, "gpu", c.GPU)
	}
	return list
}

// Package recommender owns the pretend model as a service of its own: what it
// answers over HTTP, and how the gateway asks it.
package recommender

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/serve"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// The paths of the service.
const (
	PredictPath = "/v1/predict" // POST story.Question → Answer
	AboutPath   = "/v1/about"   // GET → story.About
)

// Answer is a prediction, and who made it.
type Answer struct {
	Model     string  `json:"model"`
	Score     float64 `json:"score"`
	LatencyMS float64 `json:"latency_ms"`
	story.About
}

// Service answers for the model.
type Service struct {
	Model model.Model
	About story.About
	Log   *slog.Logger
	// Slow is the latency from which on a prediction is warned of.
	Slow time.Duration
}

// Handler serves predictions, and who makes them.
func (s Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PredictPath, s.predict)
	mux.HandleFunc("GET "+AboutPath, func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, s.About)
	})
	return mux
}

func (s Service) predict(w http.ResponseWriter, r *http.Request) {
	var q story.Question
	err := serve.Read(r, &q)
	if err == nil {
		err = q.Validate()
	}
	if err != nil {
		serve.Error(w, http.StatusBadRequest, err)
		return
	}
	log := s.Log.With("user", q.User, "item", q.Item, "version", s.About.Version)
	if t, err := story.ParseTraceparent(r.Header.Get(story.TraceHeader)); err == nil {
		log = log.With(t.Attr())
	}
	if s.About.GPU != "" {
		log = log.With("gpu", s.About.GPU)
	}
	p, err := s.Model.Predict(r.Context(), q)
	if err != nil {
		log.ErrorContext(r.Context(), "prediction failed", "error", err.Error())
		serve.Error(w, http.StatusInternalServerError, err)
		return
	}
	level := slog.LevelInfo
	if p.Took >= s.Slow {
		level = slog.LevelWarn
	}
	log.Log(r.Context(), level, "predicted", "model", p.Model, "latency_ms", story.Milliseconds(p.Took), "score", p.Score)
	serve.JSON(w, http.StatusOK, Answer{Model: p.Model, Score: p.Score, LatencyMS: story.Milliseconds(p.Took), About: s.About})
}

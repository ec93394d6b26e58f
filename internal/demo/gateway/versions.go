package gateway

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"

	"github.com/diorama-dev/diorama/internal/demo/serve"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// maxVersions bounds how many versions are counted apart.
const maxVersions = 32

// versions counts the answers of each version of the recommender.
type versions struct {
	mu      sync.Mutex
	answers map[string]int64
}

func (v *versions) count(version string) {
	if version == "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.answers == nil {
		v.answers = make(map[string]int64)
	}
	if _, known := v.answers[version]; known || len(v.answers) < maxVersions {
		v.answers[version]++
	}
}

// read returns the counts; nil where nobody has answered.
func (v *versions) read() map[string]int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.answers)
}

// about answers who would answer this caller for the model: a plain request
// that takes the way of every other, and so shows where a mesh leads it.
func (g *Gateway) about(w http.ResponseWriter, r *http.Request) {
	trace := incoming(r)
	w.Header().Set(story.TraceHeader, trace.String())
	if g.About == nil {
		serve.JSON(w, http.StatusOK, story.About{Version: story.Inside})
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), answerWithin, fmt.Errorf("no answer within %s", answerWithin))
	defer cancel()
	about, err := g.About(ctx, story.Carry(r.Header, trace))
	if err != nil {
		g.Log.WarnContext(r.Context(), "the recommender does not say who it is", "error", err.Error(), trace.Attr())
		serve.Error(w, http.StatusServiceUnavailable, err)
		return
	}
	serve.JSON(w, http.StatusOK, about)
}

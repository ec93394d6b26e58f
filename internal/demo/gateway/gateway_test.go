package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo/model"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

func newGateway(m *memory) *Gateway {
	return New(Options{
		Cache: m, Store: m, Publisher: m, Model: model.Model{}, Log: slog.New(slog.DiscardHandler),
		Slow: time.Hour, Retention: time.Hour,
	})
}

func ask(t *testing.T, g *Gateway, body string, header http.Header) (*httptest.ResponseRecorder, story.Completed) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/infer", strings.NewReader(body))
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	var c story.Completed
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
	}
	return w, c
}

const known = `{"user":"user-1","item":"item-1"}`

func TestMissFillsTheCache(t *testing.T) {
	m := newMemory()
	g := newGateway(m)
	_, first := ask(t, g, known, nil)
	_, second := ask(t, g, known, nil)
	if first.Cached || !second.Cached || first.Score != second.Score || first.ID == second.ID {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if diff := cmp.Diff(m.known, m.cached); diff != "" {
		t.Errorf("cache (-database +cache):\n%s", diff)
	}
	if diff := cmp.Diff([]story.Completed{first, second}, m.saved); diff != "" {
		t.Errorf("answered and saved differ:\n%s", diff)
	}
	if diff := cmp.Diff(m.saved, m.published); diff != "" {
		t.Errorf("saved and published differ:\n%s", diff)
	}
	want := State{Done: 2, CacheHits: 2, CacheMisses: 2, Published: 2}
	if diff := cmp.Diff(want, g.State()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

func TestNewcomersAreCachedToo(t *testing.T) {
	m := newMemory()
	g := newGateway(m)
	body := `{"user":"nobody","item":"item-1"}`
	if w, c := ask(t, g, body, nil); w.Code != http.StatusOK || c.Cached {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if _, c := ask(t, g, body, nil); !c.Cached {
		t.Error("the second time the cache did not know them")
	}
}

func TestTrace(t *testing.T) {
	caller := story.NewTrace()
	w, c := ask(t, newGateway(newMemory()), known, http.Header{"Traceparent": {caller.String()}})
	if c.Trace.ID != caller.ID || c.Trace.Span == caller.Span {
		t.Errorf("caller %s, event %s: want the trace and a span of its own", caller, c.Trace)
	}
	if got := w.Header().Get("traceparent"); got != c.Trace.String() {
		t.Errorf("answered %s, published %s", got, c.Trace)
	}
	if _, c := ask(t, newGateway(newMemory()), known, http.Header{"Traceparent": {"nonsense"}}); !c.Trace.Valid() {
		t.Error("no trace was started where the caller's made no sense")
	}
}

func TestTroubleAndItsStatus(t *testing.T) {
	down := errors.New("connection refused")
	for name, c := range map[string]struct {
		body   string
		change func(*memory, *Gateway)
		want   int
	}{
		"not JSON":           {`{`, nil, http.StatusBadRequest},
		"no user":            {`{"item":"item-1"}`, nil, http.StatusBadRequest},
		"unknown field":      {`{"user":"u","item":"i","admin":true}`, nil, http.StatusBadRequest},
		"cache down":         {known, func(m *memory, _ *Gateway) { m.cacheErr = down }, http.StatusOK},
		"database down":      {known, func(m *memory, _ *Gateway) { m.storeErr = down }, http.StatusServiceUnavailable},
		"broker down":        {known, func(m *memory, _ *Gateway) { m.publishErr = down }, http.StatusOK},
		"model fails":        {known, func(_ *memory, g *Gateway) { g.Model = model.Model{Failures: 1} }, http.StatusInternalServerError},
		"too many under way": {known, func(_ *memory, g *Gateway) { fillRoom(g) }, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			g := newGateway(m)
			if c.change != nil {
				c.change(m, g)
			}
			w, _ := ask(t, g, c.body, nil)
			if w.Code != c.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.want)
			}
			if c.want != http.StatusOK && (len(m.saved) > 0 || len(m.published) > 0) {
				t.Errorf("saved %v and published %v all the same", m.saved, m.published)
			}
		})
	}
}

func fillRoom(g *Gateway) {
	for range maxUnderWay {
		g.room <- struct{}{}
	}
}

func TestEventsWaitForTheBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.publishErr = errors.New("broker away")
		g := newGateway(m)
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { g.Relay(ctx) })
		ask(t, g, known, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(m.published) != 0 || g.State().Unpublished < 2 {
			t.Errorf("published %v with the broker away, after %d attempts", m.published, g.State().Unpublished)
		}
		m.mu.Lock()
		m.publishErr = nil
		m.mu.Unlock()
		time.Sleep(relayEvery + markEvery)
		synctest.Wait()
		if len(m.published) != 1 || m.published[0].ID != m.saved[0].ID || !m.marked[m.saved[0].ID] {
			t.Errorf("published %v, marked %v once the broker was back", m.published, m.marked)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(m.published) != 1 {
			t.Errorf("published %d times in all", len(m.published))
		}
		stop()
		ended.Wait()
	})
}

// An event that this gateway knows nothing of, because the one that wrote it
// died, is sent all the same.
func TestEventsOfADeadGatewayAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		left := story.Completed{ID: "left", Time: time.Now(), User: "user-1"}
		m.saved = []story.Completed{left}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		newGateway(m).Relay(ctx)
		if diff := cmp.Diff([]story.Completed{left}, m.published); diff != "" || !m.marked["left"] {
			t.Errorf("marked %v, published:\n%s", m.marked, diff)
		}
	})
}

// What piled up while the broker was away is sent as fast as it takes it.
func TestBacklogIsSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		const backlog = 10*relayBatch + 1
		for range backlog {
			m.saved = append(m.saved, story.Completed{ID: story.NewID(), Time: time.Now().Add(-time.Hour)})
		}
		ctx, cancel := context.WithTimeout(t.Context(), relayEvery+time.Millisecond)
		defer cancel()
		newGateway(m).Relay(ctx)
		if len(m.published) != backlog || len(m.marked) != backlog {
			t.Errorf("%d of %d published, %d marked", len(m.published), backlog, len(m.marked))
		}
	})
}

func TestManyEventsAreMarkedInBatches(t *testing.T) {
	m := newMemory()
	g := newGateway(m)
	for range 3 * markBatch {
		g.publish(t.Context(), story.Completed{ID: story.NewID()}, nil)
	}
	g.MarkAll(t.Context())
	if len(m.marked) != 3*markBatch {
		t.Errorf("%d marked of %d", len(m.marked), 3*markBatch)
	}
	// More than there is room for do not block; they are sent again later.
	for range 20 * markBatch {
		g.publish(t.Context(), story.Completed{ID: story.NewID()}, nil)
	}
}

func TestSlowInferenceIsWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		slow time.Duration
		want string
	}{
		"slow": {0, `"level":"WARN","msg":"slow inference"`},
		"fast": {time.Hour, `"level":"INFO","msg":"inference completed"`},
	} {
		t.Run(name, func(t *testing.T) {
			var lines strings.Builder
			g := newGateway(newMemory())
			g.Log, g.Slow = slog.New(slog.NewJSONHandler(&lines, nil)), c.slow
			_, done := ask(t, g, known, nil)
			for _, part := range []string{c.want, `"trace":"` + done.Trace.Attr().Value.String() + `"`, `"latency_ms":`} {
				if !strings.Contains(lines.String(), part) {
					t.Errorf("no %s in %s", part, &lines)
				}
			}
		})
	}
}

func TestPages(t *testing.T) {
	g := newGateway(newMemory())
	for path, want := range map[string]string{"/": "<!doctype html>", "/admin/state": `"cache_hits":0`} {
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.200s", path, w.Code, w.Body)
		}
	}
}

// served is a recommender that answers with what it was asked.
type served struct{ asked story.Question }

func (s *served) Predict(_ context.Context, q story.Question) (model.Prediction, error) {
	s.asked = q
	return model.Prediction{Model: "minilm", Score: 0.5, About: story.About{Version: "v2", GPU: "GPU-1"}}, nil
}

func TestARecommenderAnswers(t *testing.T) {
	m, s := newMemory(), &served{}
	g := newGateway(m)
	var lines strings.Builder
	g.Model, g.Log = s, slog.New(slog.NewJSONHandler(&lines, nil))
	_, c := ask(t, g, known, http.Header{"User-Agent": {"Android"}})
	if c.Version != "v2" || c.GPU != "GPU-1" || s.asked.Carried["User-Agent"] != "Android" || s.asked.Carried["Traceparent"] != c.Trace.String() {
		t.Errorf("answered %+v, asked %+v", c, s.asked)
	}
	if keys := s.asked.Keys(); s.asked.UserFeatures != m.known[keys[0]] || s.asked.ItemFeatures != m.known[keys[1]] {
		t.Errorf("asked with the features %+v and %+v", s.asked.UserFeatures, s.asked.ItemFeatures)
	}
	if diff := cmp.Diff(map[string]int64{"v2": 1}, g.State().Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if !strings.Contains(lines.String(), `"version":"v2","gpu":"GPU-1"`) {
		t.Errorf("the line does not say who answered: %s", &lines)
	}
}

func TestWhoWouldAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		about func(context.Context, story.Carried) (story.About, error)
		code  int
		want  string
	}{
		"the model inside": {nil, http.StatusOK, `{"version":"inside"}`},
		"a recommender": {func(_ context.Context, carried story.Carried) (story.About, error) {
			return story.About{Version: "for " + carried["User-Agent"]}, nil
		}, http.StatusOK, `{"version":"for Android"}`},
		"nobody": {func(context.Context, story.Carried) (story.About, error) {
			return story.About{}, errors.New("connection refused")
		}, http.StatusServiceUnavailable, `{"error":"connection refused"}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(newMemory())
			g.About = c.about
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/recommender", nil)
			r.Header.Set("User-Agent", "Android")
			g.Handler().ServeHTTP(w, r)
			if w.Code != c.code || strings.TrimSpace(w.Body.String()) != c.want {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.code, c.want)
			}
		})
	}
}

package load

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// sender counts requests and takes its time over each.
type sender struct {
	takes time.Duration
	err   error

	mu   sync.Mutex
	sent []story.Request
	most int // under way at once
	now  int
}

func (s *sender) Send(ctx context.Context, r story.Request, t story.Trace) error {
	s.mu.Lock()
	s.sent = append(s.sent, r)
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	time.Sleep(s.takes) // fake time: every test with it runs in a bubble
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
	if ctx.Err() != nil || !t.Valid() {
		return errors.New("cancelled, or without a trace")
	}
	return s.err
}

func (s *sender) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

func generator(s *sender, rate float64) *Generator {
	return &Generator{Dial: NewDial(rate), Sender: s, Log: slog.New(slog.DiscardHandler)}
}

func TestDue(t *testing.T) {
	for name, c := range map[string]struct {
		owed, rate float64
		passed     time.Duration
		want       int
		left       float64
	}{
		"not yet":        {0, 5, 100 * time.Millisecond, 0, 0.5},
		"now":            {0.5, 5, 100 * time.Millisecond, 1, 0},
		"several":        {0.25, 200, 20 * time.Millisecond, 4, 0.25},
		"paused":         {0.9, 0, time.Hour, 0, 0},
		"after a sleep":  {0, 10, time.Hour, 10, 0},
		"time went back": {0.5, 10, -time.Hour, 0, 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			n, left := due(c.owed, c.rate, c.passed)
			if n != c.want || left < c.left-1e-9 || left > c.left+1e-9 {
				t.Errorf("%d due and %v left, want %d and %v", n, left, c.want, c.left)
			}
		})
	}
}

func TestRateAndSpike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{}
		g := generator(s, 5)
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { g.Run(ctx) })
		sentWithin := func(d time.Duration) int {
			before := s.count()
			time.Sleep(d)
			synctest.Wait()
			return s.count() - before
		}
		// What is due at the very edge of a period may fall on either side.
		near := func(what string, got, want, tickful int) {
			t.Helper()
			if got < want-tickful || got > want+tickful {
				t.Errorf("%s: %d requests, want %d", what, got, want)
			}
		}
		near("5 a second", sentWithin(10*time.Second), 50, 1)
		g.Dial.Set(200)
		near("200 a second", sentWithin(10*time.Second), 2000, 4)
		g.Dial.Spike(10, 3*time.Second)
		near("while the spike lasts", sentWithin(3*time.Second), 6000, 40)
		near("after it", sentWithin(3*time.Second), 600, 40)
		g.Dial.Set(0)
		near("paused", sentWithin(time.Hour), 0, 0)
		stop()
		ended.Wait()
	})
}

func TestBusyGatewaySheds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{takes: time.Minute}
		g := generator(s, 1000)
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { g.Run(ctx) })
		time.Sleep(10 * time.Second)
		stop()
		start := time.Now()
		ended.Wait()
		state := g.State()
		if s.most != maxUnderWay || state.Sent != maxUnderWay || state.Skipped < 9000 {
			t.Errorf("%d at once, %+v", s.most, state)
		}
		if left := time.Since(start); left < 50*time.Second || state.Failed != 0 {
			t.Errorf("ended %s after it was told, with %d failed: requests under way were cut off", left, state.Failed)
		}
	})
}

func TestBrokenGatewayIsNewsOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines strings.Builder
		s := &sender{err: errors.New("refused")}
		g := generator(s, 100)
		g.Log = slog.New(slog.NewTextHandler(&lines, nil))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second+tick/2)
		defer cancel()
		g.Run(ctx)
		if n := strings.Count(lines.String(), "request failed"); n < 4 || n > 6 {
			t.Errorf("%d lines within 5 s, want one a second", n)
		}
		if failed := g.State().Failed; failed != int64(s.count()) || failed == 0 {
			t.Errorf("%d of %d failed", failed, s.count())
		}
	})
}

func TestSwitches(t *testing.T) {
	g := generator(&sender{}, 5)
	server := httptest.NewServer(Switches(g, g.Log))
	defer server.Close()
	state, err := control.SetRate(t.Context(), server.URL, 200)
	if err != nil || state.PerSecond != 200 || state.Effective != 200 || !state.SpikeEnds.IsZero() {
		t.Errorf("%+v, %v", state, err)
	}
	state, err = control.Spike(t.Context(), server.URL+"/", 10, 30*time.Second)
	if err != nil || state.PerSecond != 200 || state.Effective != 2000 || state.SpikeEnds.IsZero() {
		t.Errorf("%+v, %v", state, err)
	}
	asked, err := control.State(t.Context(), server.URL)
	if err != nil || asked.Effective != 2000 {
		t.Errorf("%+v, %v", asked, err)
	}
	if _, err := control.SetRate(t.Context(), server.URL, -1); err == nil || !strings.Contains(err.Error(), "per_second is -1") {
		t.Errorf("error %v", err)
	}
	if err := control.Slow(t.Context(), server.URL, time.Second); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a consumer's switch on the load generator: error %v", err)
	}
	if rate := g.Dial.Rate(); rate != 2000 {
		t.Errorf("the refused rate was set: %v", rate)
	}
}

func TestCrowdHasRegulars(t *testing.T) {
	c := newCrowd(rand.New(rand.NewPCG(1, 2)))
	byUser := map[string]int{}
	for range 10_000 {
		r := c.next()
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		byUser[r.User]++
	}
	if byUser["user-1"] < 200 || len(byUser) < 300 {
		t.Errorf("user-1 asked %d times of 10,000, %d users in all", byUser["user-1"], len(byUser))
	}
}

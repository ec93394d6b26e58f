package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a broker whose answers a test decides.
type fake struct {
	asked  atomic.Int64
	closed atomic.Bool
	answer func(ctx context.Context, n int64) (*Sample, error)
}

func (f *fake) Sample(ctx context.Context) (*Sample, error) { return f.answer(ctx, f.asked.Add(1)) }
func (f *fake) Close()                                      { f.closed.Store(true) }

// pass lets the bubble's clock go on.
func pass(d time.Duration) { <-time.After(d) }

func answering() *fake {
	return &fake{answer: func(_ context.Context, n int64) (*Sample, error) {
		return &Sample{At: time.Now(), Queues: []*Queue{topic("t", n*10)}}, nil
	}}
}

func TestOneBrokersTroubleIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSampler(t.Context())
		defer s.Close()
		paused := make(chan struct{})
		stuck := &fake{answer: func(ctx context.Context, n int64) (*Sample, error) {
			if n == 1 {
				return &Sample{At: time.Now(), Queues: []*Queue{topic("old", 7)}}, nil
			}
			select {
			case <-paused:
				return &Sample{At: time.Now(), Queues: []*Queue{topic("old", 9)}}, nil
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}}
		s.Set([]Spec{{Stack: "well", Source: answering()}, {Stack: "stuck", Source: stuck}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s.Watch(ctx)
		pass(10 * time.Second)
		well, silent := s.State().Of("well"), s.State().Of("stuck")
		if age := time.Since(well.Sampled.At); well.Phase != PhaseAnswering || age > 2*watchedEvery {
			t.Errorf("the other broker is %s, sampled %v ago", well.Phase, age)
		}
		if silent.Phase != PhaseSilent || !strings.Contains(silent.Why, "no answer") || len(silent.Queues) != 1 {
			t.Errorf("the stuck broker is %s (%q) with %d queues, want silent with what was known", silent.Phase, silent.Why, len(silent.Queues))
		}
		if !silent.Since.Equal(silent.Sampled.At) {
			t.Errorf("silent since %v, but its last answer was at %v", silent.Since, silent.Sampled.At)
		}
		close(paused)
		pass(retryLongest)
		if age := time.Since(s.State().Of("stuck").Sampled.At); age > 2*watchedEvery {
			t.Errorf("after it went on it was last sampled %v ago", age)
		}
		if b := s.State().Of("stuck"); b.Phase != PhaseAnswering || b.Why != "" {
			t.Errorf("after it went on it is %s (%q)", b.Phase, b.Why)
		}
	})
}

func TestABrokerThatNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSampler(t.Context())
		defer s.Close()
		f := &fake{answer: func(context.Context, int64) (*Sample, error) { return nil, errors.New("connection refused") }}
		s.Set([]Spec{{Stack: "kafka", Source: f}})
		pass(time.Minute)
		if b := s.State().Of("kafka"); b.Phase != PhaseConnecting || b.Why != "connection refused" {
			t.Errorf("it is %s (%q)", b.Phase, b.Why)
		}
		if n := f.asked.Load(); n < 10 || n > 20 {
			t.Errorf("asked %d times in a minute, want about every %v", n, retryLongest)
		}
	})
}

func TestAskingFollowsWhoLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSampler(t.Context())
		defer s.Close()
		quick := answering()
		slow := &fake{answer: func(context.Context, int64) (*Sample, error) {
			pass(time.Second)
			return &Sample{At: time.Now()}, nil
		}}
		s.Set([]Spec{{Stack: "quick", Source: quick}, {Stack: "slow", Source: slow}})
		pass(time.Minute)
		if n := quick.asked.Load(); n < 6 || n > 7 {
			t.Errorf("asked %d times in a minute that nobody looked, want 6", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		before := quick.asked.Load()
		s.Watch(ctx)
		pass(time.Minute)
		if n := quick.asked.Load() - before; n < 58 || n > 62 {
			t.Errorf("asked %d times in a minute, want 60", n)
		}
		cancel()
		if n := slow.asked.Load(); n > 14 {
			t.Errorf("a broker that takes a second was asked %d times in two minutes: more than a tenth of its time", n)
		}
	})
}

func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSampler(t.Context())
		defer s.Close()
		never := &fake{answer: func(ctx context.Context, _ int64) (*Sample, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		well := answering()
		s.Set([]Spec{{Stack: "well", Source: well}, {Stack: "never", Source: never}})
		pass(5 * time.Second)
		asked, began := well.asked.Load(), time.Now()
		state := s.Fresh(t.Context())
		if well.asked.Load() == asked {
			t.Error("the state is not fresh")
		}
		if time.Since(began) > silentAfter {
			t.Errorf("it took %v for one that is known not to answer", time.Since(began))
		}
		if state.Of("never").Phase != PhaseConnecting {
			t.Errorf("never is %s", state.Of("never").Phase)
		}
	})
}

func TestSetEndsWhatIsNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSampler(t.Context())
		defer s.Close()
		gone, stays := answering(), answering()
		s.Set([]Spec{{Stack: "gone", Source: gone}, {Stack: "stays", Source: stays}})
		synctest.Wait()
		s.Set([]Spec{{Stack: "stays", Source: stays}})
		synctest.Wait()
		if !gone.closed.Load() || stays.closed.Load() {
			t.Errorf("closed: gone %v, stays %v", gone.closed.Load(), stays.closed.Load())
		}
		if state := s.State(); len(state) != 1 || state.Of("stays") == nil {
			t.Errorf("the state has %d brokers", len(state))
		}
	})
}

// Who watches from before the first answer sees it whole.
func TestWatchFromTheBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSampler(t.Context())
		defer s.Close()
		s.Set([]Spec{{Stack: "kafka", Source: &fake{answer: func(context.Context, int64) (*Sample, error) {
			pass(time.Second)
			return &Sample{At: time.Now(), Queues: []*Queue{topic("t", 1)}}, nil
		}}}})
		before := s.State()
		pass(2 * time.Second)
		var client State
		for _, u := range s.State().ChangesSince(before) {
			client = before.With(u)
		}
		if b := client.Of("kafka"); b == nil || len(b.Queues) != 1 {
			t.Errorf("the watcher has %+v", b)
		}
	})
}

// Whoever asks for a name that is not there is told of one like it.
func TestSuggest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSampler(t.Context())
		defer s.Close()
		s.Set([]Spec{{Stack: "kafka", Source: &fake{answer: func(context.Context, int64) (*Sample, error) {
			return &Sample{At: time.Now(), Queues: []*Queue{topic("orders", 1)}, Groups: []*Group{{Name: "billing"}}}, nil
		}}}})
		synctest.Wait()
		for asked, want := range map[NotFoundError]string{
			{What: "topic", Name: "Orders"}:  "orders",
			{What: "topic", Name: "order"}:   "orders",
			{What: "topic", Name: "billing"}: "",
			{What: "topic", Name: "zzz"}:     "",
			{What: "group", Name: "biling"}:  "billing",
			{What: "group", Name: "orders"}:  "",
		} {
			err := s.Suggest("kafka", fmt.Errorf("peek: %w", &asked))
			missing, ok := errors.AsType[*NotFoundError](err)
			if !ok || missing.Nearest != want {
				t.Errorf("%+v: %v, want a hint at %q", asked, err, want)
			}
		}
		if err := errors.New("other"); s.Suggest("kafka", err) != err { //nolint:errorlint // the same one
			t.Error("another error was changed")
		}
	})
}

package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diorama-dev/diorama/internal/demo/bus"
	"github.com/diorama-dev/diorama/internal/demo/control"
	"github.com/diorama-dev/diorama/internal/demo/retry"
	"github.com/diorama-dev/diorama/internal/demo/story"
)

// topic is one partition in memory. Like the real one it hands out from the
// committed offset on to whoever opens it, and remembers nothing else.
type topic struct {
	mu        sync.Mutex
	messages  []bus.Message
	committed int64
	commitErr error
	commits   []int64
}

func newTopic(t *testing.T, n int) *topic {
	t.Helper()
	tp := &topic{}
	for i := range n {
		e := story.Completed{
			ID: fmt.Sprintf("e%d", i), Time: time.Unix(int64(i), 0).UTC(),
			User: "user-1", Item: "item-1", Model: "resnet50", Trace: story.NewTrace(),
		}
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		tp.messages = append(tp.messages, bus.Message{Value: b, Offset: int64(i)})
	}
	return tp
}

// member is one that reads the topic.
type member struct {
	*topic
	position int64
	released bool
	limits   []int
}

func (tp *topic) join() *member { return &member{topic: tp, position: tp.committed, released: true} }

func (m *member) Poll(ctx context.Context, limit int) ([]bus.Message, error) {
	m.mu.Lock()
	from, to := m.position, min(m.position+int64(limit), int64(len(m.messages)))
	m.position, m.released = to, false
	m.limits = append(m.limits, limit)
	m.mu.Unlock()
	if from == to {
		<-ctx.Done() // nothing new will come
		return nil, nil
	}
	return m.messages[from:to], nil
}

func (m *member) Commit(_ context.Context, handled []bus.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.commitErr != nil {
		return m.commitErr
	}
	if m.released {
		return errors.New("committed without the right to")
	}
	m.committed = handled[len(handled)-1].Offset + 1
	m.commits = append(m.commits, m.committed)
	return nil
}

func (m *member) Release() { m.released = true }

func newConsumer(s Source, h Handler) *Consumer {
	return &Consumer{
		Source: s, Handle: h, Log: slog.New(slog.DiscardHandler), Slow: NewSlow(),
		Backoff: retry.Backoff{First: time.Second, Most: 4 * time.Second, Random: func() float64 { return 0 }},
	}
}

// books are charges in memory: what billing needs of a database.
type books struct {
	charged map[string]int // how often a charge was written
	asked   []string
	fail    func(attempt int) error
}

func newBooks() *books { return &books{charged: map[string]int{}} }

func (b *books) Charge(_ context.Context, c story.Charge) (bool, error) {
	b.asked = append(b.asked, c.EventID)
	if b.fail != nil {
		if err := b.fail(len(b.asked)); err != nil {
			return false, err
		}
	}
	if b.charged[c.EventID] > 0 {
		return false, nil
	}
	b.charged[c.EventID]++
	return true, nil
}

func (b *books) wantAllOnce(t *testing.T, n int) {
	t.Helper()
	if len(b.charged) != n {
		t.Errorf("%d events charged, want %d", len(b.charged), n)
	}
	for id, times := range b.charged {
		if times != 1 {
			t.Errorf("%s charged %d times", id, times)
		}
	}
}

// run lets c work until nothing moves any more, and ends it.
func run(t *testing.T, c *Consumer) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() { c.Run(ctx) })
	time.Sleep(time.Hour)
	stop()
	ended.Wait()
}

func TestEveryEventIsHandledInOrderAndCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp, b := newTopic(t, 250), newBooks()
		c := newConsumer(tp.join(), Billing(b))
		run(t, c)
		b.wantAllOnce(t, 250)
		for i, id := range b.asked {
			if id != fmt.Sprintf("e%d", i) {
				t.Fatalf("event %d was %s", i, id)
			}
		}
		if diff := cmp.Diff([]int64{100, 200, 250}, tp.commits); diff != "" {
			t.Errorf("commits (-want +got):\n%s", diff)
		}
	})
}

// A consumer that is killed between an event and its commit leaves the event
// to the next one, whose second charge changes nothing.
func TestKilledMidBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp, b := newTopic(t, 250), newBooks()
		tp.commitErr = errors.New("killed before it could commit")
		ctx, kill := context.WithCancel(t.Context())
		b.fail = func(attempt int) error {
			if attempt == 137 {
				kill()
			}
			return nil
		}
		newConsumer(tp.join(), Billing(b)).Run(ctx)
		if len(b.charged) != 137 || tp.committed != 0 {
			t.Fatalf("killed after %d charges with %d committed", len(b.charged), tp.committed)
		}
		tp.commitErr = nil
		run(t, newConsumer(tp.join(), Billing(b)))
		b.wantAllOnce(t, 250)
		if len(b.asked) != 137+250 {
			t.Errorf("%d deliveries, want every event again", len(b.asked))
		}
	})
}

func TestStoppedMidBatchCommitsWhatIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp, b := newTopic(t, 80), newBooks()
		ctx, stop := context.WithCancel(t.Context())
		b.fail = func(attempt int) error {
			if attempt == 33 {
				stop()
			}
			return nil
		}
		newConsumer(tp.join(), Billing(b)).Run(ctx)
		if tp.committed != 33 || len(b.charged) != 33 {
			t.Errorf("%d committed, %d charged, want the 33rd finished and nothing after it", tp.committed, len(b.charged))
		}
	})
}

func TestFailingEventHoldsUpTheOnesBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp, b := newTopic(t, 3), newBooks()
		b.fail = func(attempt int) error {
			if attempt >= 2 && attempt <= 4 {
				return errors.New("connection refused")
			}
			return nil
		}
		c := newConsumer(tp.join(), Billing(b))
		run(t, c)
		want := []string{"e0", "e1", "e1", "e1", "e1", "e2"}
		if diff := cmp.Diff(want, b.asked); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(State{Handled: 3, Failures: 3}, c.State()); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	})
}

func TestUnreadableMessageIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp, b := newTopic(t, 3), newBooks()
		tp.messages[1].Value = []byte("\xff\x00 not an event")
		c := newConsumer(tp.join(), Billing(b))
		run(t, c)
		if s := c.State(); s.Unreadable != 1 || s.Handled != 2 || tp.committed != 3 {
			t.Errorf("%+v, %d committed", s, tp.committed)
		}
	})
}

func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp, b := newTopic(t, 100), newBooks()
		m := tp.join()
		c := newConsumer(m, Billing(b))
		c.Slow.Set(200 * time.Millisecond)
		ctx, stop := context.WithCancel(t.Context())
		var ended sync.WaitGroup
		ended.Go(func() { c.Run(ctx) })
		time.Sleep(2100 * time.Millisecond)
		synctest.Wait()
		if len(b.asked) != 10 || m.limits[0] != 25 {
			t.Errorf("%d events within 2.1 s at 200 ms each, read %d at once", len(b.asked), m.limits[0])
		}
		if tp.committed < 5 {
			t.Errorf("%d committed after 2.1 s: a slow consumer commits each second", tp.committed)
		}
		c.Slow.Set(0)
		synctest.Wait()
		if len(b.asked) != 100 {
			t.Errorf("%d events handled once it was no longer slow, want all", len(b.asked))
		}
		stop()
		ended.Wait()
	})
}

func TestBatchLimit(t *testing.T) {
	for delay, want := range map[time.Duration]int{
		0: 100, time.Nanosecond: 100, 50 * time.Millisecond: 100, 200 * time.Millisecond: 25,
		5 * time.Second: 1, time.Minute: 1,
	} {
		if got := batchLimit(delay); got != want {
			t.Errorf("delay %s: %d at once, want %d", delay, got, want)
		}
	}
}

func TestSwitches(t *testing.T) {
	c := newConsumer(newTopic(t, 0).join(), Log())
	server := httptest.NewServer(Switches(c, c.Log))
	defer server.Close()
	if err := control.Slow(t.Context(), server.URL, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if d := c.Slow.Delay(); d != 200*time.Millisecond {
		t.Errorf("delay %s", d)
	}
	if err := control.Slow(t.Context(), server.URL, time.Hour); err == nil || !strings.Contains(err.Error(), "delay is") {
		t.Errorf("error %v", err)
	}
}

func TestTraceOfTheHeaderComesFirst(t *testing.T) {
	inEvent, inHeader := story.NewTrace(), story.NewTrace()
	for name, c := range map[string]struct {
		header string
		want   story.Trace
	}{
		"both":        {inHeader.String(), inHeader},
		"event alone": {"", inEvent},
		"broken":      {"00-xyz", inEvent},
	} {
		if got := trace(bus.Message{Traceparent: c.header}, story.Completed{Trace: inEvent}); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestFraudWarnsOncePerWindow(t *testing.T) {
	var w window
	var warned []int
	start := time.Unix(1000, 0)
	for i := range 100 { // ten a second
		if w.add(start.Add(time.Duration(i) * 100 * time.Millisecond)) {
			warned = append(warned, i)
		}
	}
	if diff := cmp.Diff([]int{19}, warned); diff != "" {
		t.Errorf("within ten seconds (-want +got):\n%s", diff)
	}
	if !w.add(start.Add(12 * time.Second)) {
		t.Error("no warning in the next window")
	}
	var calm window
	for i := range 100 { // one a second
		if calm.add(start.Add(time.Duration(i) * time.Second)) {
			t.Fatal("warned of a calm user")
		}
	}
}

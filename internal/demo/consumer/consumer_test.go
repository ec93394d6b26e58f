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

func newConsumer(s Source, h Handler) *Consumer {
	return &Consumer{
		Source: s, Handle: h, Log: slog.New(slog.DiscardHandler), Slow: NewSlow(),
		Backoff: retry.Backoff{First: time.Second, Most: 4 * time.Second, Random: func() float64 { return 0 }},
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

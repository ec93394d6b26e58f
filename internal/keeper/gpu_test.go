package keeper_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diorama-dev/diorama/internal/gpu"
)

// withDevices is a runtime with a GPU, and counts how often it is asked.
type withDevices struct {
	*fake
	asked atomic.Int32
	err   error
}

func (d *withDevices) GPUs(_ context.Context, before gpu.State) (gpu.State, error) {
	n := d.asked.Add(1)
	if n > 1 && len(before.Slots) != 1 && d.err == nil {
		return gpu.State{}, errors.New("the last state was not handed over")
	}
	return gpu.State{Slots: []gpu.Slot{{Device: gpu.Device{UUID: "GPU-a"}, Phase: gpu.Free}}}, d.err
}

func TestGPUsThroughTheKeeper(t *testing.T) {
	runtime := &withDevices{fake: newFake()}
	client := run(t, folder(t), runtime)
	for range 2 {
		if state, err := client.GPUs(t.Context()); err != nil || len(state.Slots) != 1 || state.Slots[0].UUID != "GPU-a" {
			t.Fatalf("%+v, %v", state, err)
		}
	}
	start := time.Now()
	if _, err := client.GPUs(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := runtime.asked.Load()
	for range 3 { // watchers that come together share an answer
		if err := client.WatchGPUs(t.Context(), func(s gpu.State) bool { return len(s.Slots) != 1 }); err != nil {
			t.Error(err)
		}
	}
	// Where all this took longer than an answer holds, one may have had to ask.
	if n := runtime.asked.Load() - before; n > 0 && time.Since(start) < gpu.Interval/2 {
		t.Errorf("three watchers asked %d times for what had just been told", n)
	}
}

// interrupted is a runtime that, once asked, sees its asker go, and says so in
// the place of devices.
type interrupted struct {
	*fake
	asked  chan struct{}
	before atomic.Pointer[gpu.State]
	first  atomic.Bool
}

func (d *interrupted) GPUs(ctx context.Context, before gpu.State) (gpu.State, error) {
	d.before.Store(&before)
	if d.first.CompareAndSwap(false, true) {
		close(d.asked)
		<-ctx.Done()
		return gpu.State{Absence: ctx.Err().Error()}, nil
	}
	return gpu.State{Slots: []gpu.Slot{{Device: gpu.Device{UUID: "GPU-a"}, Phase: gpu.Free}}}, nil
}

// TestWhoeverGoesTakesTheAnswer: what was asked for somebody who has gone is
// neither told to others nor handed over as what was known last.
func TestWhoeverGoesTakesTheAnswer(t *testing.T) {
	runtime := &interrupted{fake: newFake(), asked: make(chan struct{})}
	client := run(t, folder(t), runtime)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-runtime.asked
		leave()
	}()
	if _, err := client.GPUs(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	err := client.WatchGPUs(t.Context(), func(s gpu.State) bool {
		if s.Absence != "" || len(s.Slots) != 1 {
			t.Errorf("%+v", s)
		}
		return false
	})
	if before := runtime.before.Load(); err != nil || before.Absence != "" {
		t.Errorf("%v, handed over %+v", err, before)
	}
}

func TestGPUsThatCannotBeKnown(t *testing.T) {
	client := run(t, folder(t), &withDevices{fake: newFake(), err: errors.New("Docker does not answer")})
	if _, err := client.GPUs(t.Context()); err == nil || !strings.Contains(err.Error(), "Docker does not answer") {
		t.Errorf("%v", err)
	}
	err := client.WatchGPUs(t.Context(), func(s gpu.State) bool {
		if !strings.Contains(s.Absence, "Docker does not answer") {
			t.Errorf("%+v", s)
		}
		return false
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRuntimeWithoutGPUs(t *testing.T) {
	client := run(t, folder(t), newFake())
	if state, err := client.GPUs(t.Context()); err != nil || state.Absence == "" {
		t.Errorf("%+v, %v", state, err)
	}
}

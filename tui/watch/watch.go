// Package watch owns how a screen watches something while it is visible: what
// was sent to an earlier look at it is dropped.
package watch

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// Watch is the state of watching values of a type. It is a value; the zero one
// watches nothing.
type Watch[S any] struct {
	Seen   bool // a value has come
	Over   bool // no more will
	shown  bool
	epoch  uint64
	values <-chan S
	cancel context.CancelFunc
	ctx    context.Context
}

// Msg is the newest value, or says that there will be no more.
type Msg[S any] struct {
	Value S
	Over  bool
	epoch uint64
}

// Show begins or ends watching; open is called to begin. Said again, it changes
// nothing.
func (w Watch[S]) Show(ctx context.Context, visible bool, open func(context.Context) <-chan S) (Watch[S], tea.Cmd) {
	if visible == w.shown {
		return w, nil
	}
	w.shown = visible
	w.epoch++
	if w.cancel != nil {
		w.cancel()
		w.cancel, w.values = nil, nil
	}
	if !visible {
		return w, nil
	}
	inner, cancel := context.WithCancel(ctx)
	w.ctx, w.cancel, w.Over = ctx, cancel, false
	w.values = open(inner)
	return w, w.await()
}

// Take takes a message in: whether it is of this look, and the command that
// waits for the next.
func (w Watch[S]) Take(m Msg[S]) (Watch[S], bool, tea.Cmd) {
	switch {
	case m.epoch != w.epoch:
		return w, false, nil
	case m.Over:
		w.Over, w.values = true, nil
		return w, false, nil
	}
	w.Seen = true
	return w, true, w.await()
}

func (w Watch[S]) await() tea.Cmd {
	values, epoch, ctx := w.values, w.epoch, w.ctx
	if values == nil {
		return nil
	}
	return func() tea.Msg {
		select {
		case v, ok := <-values:
			return Msg[S]{Value: v, Over: !ok, epoch: epoch}
		case <-ctx.Done():
			return nil
		}
	}
}

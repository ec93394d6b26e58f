package consumer

import (
	"context"
	"time"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// A user who asks this often within the window looks like a program.
const (
	fraudWindow = 10 * time.Second
	fraudCount  = 20
)

// fraudUsers bounds the memory of the fraud service; beyond it the windows
// start anew.
const fraudUsers = 10_000

// window holds the events of one user within the last fraudWindow, by the
// events' own time.
type window struct {
	times  []time.Time
	warned time.Time
}

// add counts an event and reports whether the user is to be warned of: once
// for each window, not for each event.
func (w *window) add(t time.Time) bool {
	keep := w.times[:0]
	for _, old := range w.times {
		if t.Sub(old) < fraudWindow {
			keep = append(keep, old)
		}
	}
	w.times = append(keep, t)
	if over := len(w.times) - fraudCount; over > 0 {
		w.times = w.times[over:] // no more than matter
	}
	if len(w.times) < fraudCount || t.Sub(w.warned) < fraudWindow {
		return false
	}
	w.warned = t
	return true
}

// Fraud warns of users who ask too often. It keeps its windows in memory and
// must be called from one goroutine.
func Fraud() Handler {
	windows := map[string]*window{}
	return func(ctx context.Context, e Event) error {
		if len(windows) >= fraudUsers {
			clear(windows)
		}
		w := windows[e.User]
		if w == nil {
			w = &window{}
			windows[e.User] = w
		}
		if w.add(e.Time) {
			e.Log.WarnContext(ctx, "suspicious user", "inferences", fraudCount, "within", fraudWindow.String(), "item", e.Item)
			return nil
		}
		e.Log.InfoContext(ctx, "checked", "item", e.Item, "age_ms", story.Milliseconds(time.Since(e.Time)))
		return nil
	}
}

package logs

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
)

// goal is a place that is read around.
type goal struct {
	time time.Time
	// before wants the last line before the time, instead of the first at it
	// or later.
	before bool
	line   store.Line    // the very line that is wanted; the zero one: any
	place  *store.Cursor // just before it, in the same store; nil: by its time
	find   int           // -1 and 1: the next hit before and after, at whatever time
	missed string        // what is said where the very line does not show
}

// jump is what was read around a place.
type jump struct {
	before, after chunk
	oldest        bool
	none          bool // there is no such place
}

// around reads the lines around a place, in place of those that are held.
func (m Model) around(g goal) (Model, tea.Cmd) {
	if m.origin.reader == nil {
		return m, nil
	}
	m = m.halt().pause()
	m, ctx := m.begin()
	epoch, q, hits, reader, cancel := m.reading.epoch, m.wanted(), m.Query(), m.origin.reader, m.reading.cancel
	found := m.filter.search.added(store.Query{})
	w := m.window
	return m, func() tea.Msg {
		defer cancel()
		msg := readMsg{epoch: epoch, way: about, goal: g}
		if g.find != 0 {
			msg.goal, msg.jump.none, msg.err = find(ctx, reader, hits, w, g)
		}
		if msg.err == nil && !msg.jump.none {
			msg.jump, msg.err = readAround(ctx, reader, q, found, msg.goal)
		}
		return msg
	}
}

// find looks for the next hit beyond what is held.
func find(ctx context.Context, r store.Reader, q store.Query, w window, g goal) (goal, bool, error) {
	var page store.Page
	var err error
	if g.find < 0 {
		page, err = r.Backward(ctx, w.start, q, 1)
	} else {
		page, err = r.Forward(ctx, w.end, q, 1)
	}
	if err != nil || len(page.Lines) == 0 {
		return g, true, err
	}
	g.line = clippedLine(page.Lines[0])
	g.time, g.place = g.line.Time, &page.Places[0]
	return g, false, nil
}

// readAround reads half a page before a place, and half a page from it on.
func readAround(ctx context.Context, r store.Reader, q, hits store.Query, g goal) (jump, error) {
	at, err := placeOf(ctx, r, g)
	if err != nil {
		return jump{}, err
	}
	before, err := r.Backward(ctx, at, q, pageSize/2)
	if err != nil {
		return jump{}, err
	}
	after, err := r.Forward(ctx, at, q, pageSize/2)
	if err != nil {
		return jump{}, err
	}
	return jump{before: chunkOf(before, hits), after: chunkOf(after, hits), oldest: !before.More}, nil
}

func placeOf(ctx context.Context, r store.Reader, g goal) (store.Cursor, error) {
	if g.place != nil {
		return *g.place, nil
	}
	return r.At(ctx, g.time)
}

// landed shows what was read around a place, the cursor on it.
func (m Model) landed(msg readMsg) Model {
	if msg.jump.none {
		return m.say("no further hit")
	}
	m.window = fresh(msg.jump.before, msg.jump.oldest).append(msg.jump.after)
	exact := false
	m.selected, exact = m.window.nearest(msg.goal)
	m.top = max(m.selected-m.room()/2, 0)
	if !exact && msg.goal.missed != "" {
		m = m.say(msg.goal.missed)
	}
	return m.reveal()
}

// nearest is the line of the window that a goal means, and whether it is the
// very one.
func (w window) nearest(g goal) (int, bool) {
	first, last := -1, -1
	for i := range w.size {
		e, _ := w.at(i)
		if g.line.Message != "" && same(e.line, g.line) {
			return i, true
		}
		if e.Time.Before(g.time) {
			last = i
		} else if first < 0 {
			first = i
		}
	}
	if g.before && last >= 0 || first < 0 {
		return max(last, 0), false
	}
	return first, false
}

// same reports whether two lines are the same one of a store.
func same(a, b store.Line) bool {
	return a.Time.Equal(b.Time) && a.Service == b.Service && a.Pod == b.Pod && a.Container == b.Container && a.Message == b.Message
}

// newestKnown is the newest instant that the screen knows of.
func (m Model) newestKnown() time.Time {
	if e, ok := m.window.at(m.window.size - 1); m.now.IsZero() && ok {
		return e.Time
	}
	return m.now
}

// here is an instant as it is where the person is.
func (m Model) here(t time.Time) time.Time {
	if m.now.IsZero() {
		return t
	}
	return t.In(m.now.Location())
}

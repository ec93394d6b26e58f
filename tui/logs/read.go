package logs

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
)

// readMsg is what a read brought.
type readMsg struct {
	epoch uint64
	way   way
	chunk chunk
	more  bool
	goal  goal // of a read around a line
	jump  jump // what was read around it
	err   error
}

// pollMsg says that it is time to ask for new lines.
type pollMsg struct{ epoch uint64 }

// way is which part of the store a read was for.
type way uint8

const (
	newest way = iota // the end, in place of what is held
	newer             // after what is held
	older             // before what is held
	about             // around a time, in place of what is held
)

// wanted is the query as the store is asked.
func (m Model) wanted() store.Query { return m.filter.query(!m.view.context) }

// halt ends the reads under way.
func (m Model) halt() Model {
	if m.reading.cancel != nil {
		m.reading.cancel()
	}
	m.reading = reading{epoch: m.reading.epoch + 1}
	return m
}

// restart reads the newest lines anew, and follows them.
func (m Model) restart() (Model, tea.Cmd) {
	m = m.halt()
	m.view.follow, m.note = true, Note{}
	if !m.visible {
		m.window, m.selected, m.top = window{}, 0, 0
		return m, nil
	}
	if m.origin.reader == nil && m.origin.name != "" {
		return m.open()
	}
	return m.read(newest)
}

// begin is a read that is under way from now on.
func (m Model) begin() (Model, context.Context) {
	ctx, cancel := context.WithCancel(m.source.Context)
	m.reading.busy, m.reading.cancel = true, cancel
	return m, ctx
}

// read asks the store for lines, unless it is being asked already.
func (m Model) read(w way) (Model, tea.Cmd) {
	if m.reading.busy || m.origin.reader == nil {
		return m, nil
	}
	if m.window.unread() {
		w = newest
	}
	m, ctx := m.begin()
	epoch, q, reader, cancel := m.reading.epoch, m.wanted(), m.origin.reader, m.reading.cancel
	from, to, hits := m.window.end, m.window.start, m.filter.search.added(store.Query{})
	return m, func() tea.Msg {
		defer cancel()
		var page store.Page
		var err error
		switch w {
		case newest:
			if to, err = reader.End(ctx); err == nil {
				page, err = reader.Backward(ctx, to, q, pageSize)
			}
		case older:
			page, err = reader.Backward(ctx, to, q, pageSize)
		case newer, about:
			page, err = reader.Forward(ctx, from, q, pageSize)
		}
		return readMsg{epoch: epoch, way: w, chunk: chunkOf(page, hits), more: page.More, err: err}
	}
}

// chunkOf makes entries of a page, outside the UI's own loop.
func chunkOf(p store.Page, hits store.Query) chunk {
	entries := make([]Entry, len(p.Lines))
	for i, l := range p.Lines {
		entries[i] = parse(l)
		entries[i].hit = hits.Matches(l)
	}
	return chunk{entries: entries, places: p.Places, start: p.Start, end: p.End}
}

// poll asks for new lines in a moment; a system is asked less often, and who
// could not answer even less.
func (m Model) poll() tea.Cmd {
	epoch, wait := m.reading.epoch, pollEvery
	switch {
	case m.reading.err != nil:
		wait = 20 * pollEvery
	case m.origin.name != "" || m.origin.query != "":
		wait = 8 * pollEvery
	}
	return m.source.After(wait, func(time.Time) tea.Msg { return pollMsg{epoch} })
}

// Update takes the result of a request in.
func (m Model) Update(msg tea.Msg) (Model, tea.Cmd) {
	m.note = Note{}
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case readMsg:
		if msg.epoch != m.reading.epoch {
			return m, nil
		}
		m, cmd = m.took(msg)
	case pollMsg:
		if msg.epoch != m.reading.epoch || !m.visible {
			return m, nil
		}
		m, cmd = m.polled()
	case countMsg:
		m, cmd = m.counted(msg)
	case recountMsg:
		m = m.recount(msg)
	case openedMsg:
		m, cmd = m.opened(msg)
	case savedMsg, progressMsg:
		return m.saved(msg)
	default:
		return m, nil
	}
	return m.charted(cmd)
}

// polled reads what is new or, where a read has failed, what it was to bring.
func (m Model) polled() (Model, tea.Cmd) {
	switch {
	case m.reading.busy && m.view.follow:
		return m, m.poll()
	case m.reading.again != nil:
		return m.around(*m.reading.again)
	case m.view.follow:
		return m.read(newer)
	}
	return m, nil
}

// failed takes in that a read brought nothing. Where it was to take the place
// of what is held, that goes: it may have passed another filter.
func (m Model) failed(msg readMsg) (Model, tea.Cmd) {
	if !errors.Is(msg.err, context.Canceled) {
		m.reading.err = msg.err
		landing := msg.way == about && msg.goal.find == 0
		if landing || msg.way == newest {
			m.window, m.selected, m.top = window{}, 0, 0
		}
		if landing {
			m.reading.again = &msg.goal
			return m, m.poll()
		}
	}
	if m.view.follow {
		return m, m.poll()
	}
	return m, nil
}

// took puts the lines that were read where they belong.
func (m Model) took(msg readMsg) (Model, tea.Cmd) {
	m.reading.busy, m.reading.cancel, m.reading.err, m.reading.again = false, nil, nil, nil
	if msg.err != nil {
		return m.failed(msg)
	}
	switch msg.way {
	case newest:
		m.window = fresh(msg.chunk, !msg.more)
		m.selected = max(m.window.size-1, 0)
	case older:
		m.window = m.window.prepend(msg.chunk, !msg.more).dropNewest()
		m.selected += len(msg.chunk.entries)
		m.top += len(msg.chunk.entries)
	case newer:
		return m.tookNewer(msg)
	case about:
		return m.landed(msg), nil
	}
	if m.view.follow {
		return m.reveal(), m.poll()
	}
	return m.reveal(), nil
}

// tookNewer appends what is new. Where more comes than a page a beat, nobody
// can read it: the screen goes on with the newest lines, and the others can be
// scrolled back to.
func (m Model) tookNewer(msg readMsg) (Model, tea.Cmd) {
	if msg.more && m.view.follow {
		return m.read(newest)
	}
	var gone int
	m.window, gone = m.window.append(msg.chunk).dropOldest()
	m.selected, m.top = max(m.selected-gone, 0), max(m.top-gone, 0)
	if !m.view.follow {
		return m.reveal(), nil
	}
	m.selected = max(m.window.size-1, 0)
	return m.reveal(), m.poll()
}

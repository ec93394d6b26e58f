package logs

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/tui/layout"
)

const (
	// recountEvery is how often the newest parts of the strip are counted
	// again, unless that takes long: it never takes more than a tenth of the
	// time.
	recountEvery = 2 * time.Second
	// patience is for how long one count is waited for.
	patience = 10 * time.Second
	// slices of the strip that are asked for at once, the newest first: what
	// is old may take a while.
	pieces = 6
)

// strip counts the lines of the time around what is shown, in parts of equal
// length.
type strip struct {
	hidden  bool
	zoom    int // of [lengths]
	epoch   uint64
	busy    bool
	ticking bool // a recount is to come
	cancel  context.CancelFunc
	err     error
	spent   time.Duration // by the last count
	newest  time.Time     // of all lines seen
	step    time.Duration
	first   int64 // the number of the first part, counted from 1970
	parts   []part
}

// part is a stretch of time.
type part struct {
	counts store.LevelCounts
	known  bool
	due    bool // to be counted again
	final  bool // nothing is added to it any more
}

// countMsg brings the counts of some parts.
type countMsg struct {
	epoch  uint64
	first  int64
	counts []store.LevelCounts
	final  int64 // parts before this one are final
	spent  time.Duration
	err    error
}

// recountMsg says that it is time to count the newest parts again.
type recountMsg struct{ epoch uint64 }

// lengths are how much time a strip can show.
func lengths() []time.Duration {
	return []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}
}

// usualZoom is the length of a strip that nobody has changed.
const usualZoom = 1

// length is how much time the strip shows.
func (s strip) length() time.Duration {
	all := lengths()
	return all[layout.Clamp(s.zoom+usualZoom, 0, len(all)-1)]
}

// start is when a part begins, by its number.
func (s strip) start(number int64) time.Time {
	return time.Unix(0, number*int64(s.step)).In(s.newest.Location())
}

// number is the part that an instant lies in.
func (s strip) number(t time.Time) int64 {
	n := t.UnixNano()
	k := n / int64(s.step)
	if n < 0 && n%int64(s.step) != 0 {
		k--
	}
	return k
}

// halted ends the count under way.
func (s strip) halted() strip {
	if s.cancel != nil {
		s.cancel()
	}
	s.epoch++
	s.busy, s.cancel, s.ticking, s.err = false, nil, false, nil
	return s
}

// forgotten is the strip of another query, of which nothing is known.
func (s strip) forgotten() strip {
	s = s.halted()
	s.parts = nil
	return s
}

// placed returns the strip over n parts such that it shows the newest ones, or
// those around an instant. What is known of them already is kept.
func (s strip) placed(n int, follow bool, at time.Time) strip {
	step := max(s.length()/time.Duration(n), time.Millisecond)
	if step != s.step || len(s.parts) != n {
		s = s.forgotten()
		s.step = step
	}
	last := s.number(s.newest)
	first := last - int64(n) + 1
	if !follow && !at.IsZero() {
		k := s.number(at)
		if s.parts != nil && k >= s.first && k < s.first+int64(n) {
			first = s.first
		} else {
			first = min(k-int64(n)/2, first)
		}
	}
	if s.parts != nil && first == s.first {
		return s
	}
	parts := make([]part, n)
	for i := range parts {
		if had := int64(i) + first - s.first; had >= 0 && had < int64(len(s.parts)) {
			parts[i] = s.parts[had]
		}
	}
	s.first, s.parts = first, parts
	return s
}

// missing are the newest parts that have to be counted, a piece at most.
func (s strip) missing() (from, to int) {
	to = len(s.parts)
	asks := func(p part) bool { return !p.known || p.due }
	for to > 0 && !asks(s.parts[to-1]) {
		to--
	}
	from = to
	for most := max(len(s.parts)/pieces, 4); from > 0 && to-from < most && asks(s.parts[from-1]); {
		from--
	}
	return from, to
}

// Settled asks for what another size of the screen needs.
func (m Model) Settled() (Model, tea.Cmd) { return m.charted(nil) }

// charted puts the strip where the screen is, and asks for what it lacks,
// beside another command.
func (m Model) charted(cmd tea.Cmd) (Model, tea.Cmd) {
	if !m.visible || !m.charts() || m.origin.reader == nil {
		return m, cmd
	}
	if e, ok := m.window.at(m.window.size - 1); ok && e.Time.After(m.strip.newest) {
		m.strip.newest = e.Time
	}
	if m.strip.newest.IsZero() {
		return m, cmd
	}
	e, _ := m.Selected()
	m.strip = m.strip.placed(m.bars(), m.view.follow, e.Time)
	from, to := m.strip.missing()
	if m.strip.busy || m.strip.err != nil || from == to || m.reading.busy { // the lines come first
		return m, cmd
	}
	m, count := m.count(from, to)
	return m, tea.Batch(cmd, count)
}

// count asks for some parts.
func (m Model) count(from, to int) (Model, tea.Cmd) {
	ctx, cancel := context.WithTimeout(m.source.Context, patience)
	m.strip.busy, m.strip.cancel = true, cancel
	s, q, r := m.strip, m.Query(), m.origin.reader
	span := store.Span{From: s.start(s.first + int64(from)), To: s.start(s.first + int64(to)), Parts: to - from}
	msg := countMsg{epoch: s.epoch, first: s.first + int64(from), final: s.number(s.newest) - 1}
	return m, func() tea.Msg {
		defer cancel()
		began := time.Now()
		msg.counts, msg.err = r.Count(ctx, q, span)
		msg.spent = time.Since(began)
		return msg
	}
}

// counted takes the counts of some parts in.
func (m Model) counted(msg countMsg) (Model, tea.Cmd) {
	s := m.strip
	if msg.epoch != s.epoch {
		return m, nil
	}
	s.busy, s.cancel, s.spent, s.err = false, nil, msg.spent, msg.err
	if errors.Is(msg.err, context.Canceled) {
		s.err = nil
	}
	if msg.err == nil {
		s.parts = slices.Clone(s.parts)
		for i, counts := range msg.counts {
			number := msg.first + int64(i)
			if at := number - s.first; at >= 0 && at < int64(len(s.parts)) {
				s.parts[at] = part{counts: counts, known: true, final: number < msg.final}
			}
		}
	}
	m.strip = s
	if from, to := s.missing(); s.ticking || from < to && s.err == nil {
		return m, nil
	}
	m.strip.ticking = true
	return m, m.source.After(max(recountEvery, 10*s.spent), func(time.Time) tea.Msg { return recountMsg{s.epoch} })
}

// recount has the parts counted again that may have grown.
func (m Model) recount(msg recountMsg) Model {
	if msg.epoch != m.strip.epoch {
		return m
	}
	m.strip.ticking, m.strip.err = false, nil
	m.strip.parts = slices.Clone(m.strip.parts)
	for i := range m.strip.parts {
		m.strip.parts[i].due = !m.strip.parts[i].final
	}
	return m
}

// alongStrip goes to the next part in a direction that may hold lines.
func (m Model) alongStrip(by int) (Model, tea.Cmd) {
	s := m.strip
	e, ok := m.Selected()
	if !ok || len(s.parts) == 0 || e.Time.IsZero() {
		return m, nil
	}
	k := s.number(e.Time)
	if by < 0 {
		return m.around(goal{time: s.start(k), before: true})
	}
	for k++; k-s.first >= 0 && k-s.first < int64(len(s.parts)); k++ {
		if p := s.parts[k-s.first]; !p.known || p.counts.Total() > 0 {
			break
		}
	}
	if k > s.number(s.newest) {
		return m.restart()
	}
	return m.around(goal{time: s.start(k)})
}

// rezoomed shows more or less time in the strip.
func (m Model) rezoomed(by int) Model {
	m.strip.zoom = layout.Clamp(m.strip.zoom+by, -usualZoom, len(lengths())-1-usualZoom)
	m.strip.hidden = false
	return m.say("the strip shows " + spell(m.strip.length()))
}

func spell(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return layout.Plural(int(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		return layout.Plural(int(d/time.Hour), "hour")
	}
	return layout.Plural(int(d/time.Minute), "minute")
}

// Package queues owns the queues screen: brokers, what is in their queues, who
// reads it, how far behind they are and when they will have caught up; and
// looking into queues, writing to them and moving groups.
package queues

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
	"github.com/diorama-dev/diorama/tui/layout"
	"github.com/diorama-dev/diorama/tui/theme"
)

// Deps are what the screen's commands need. The context is the program's own.
type Deps struct {
	Context context.Context
	Source  Source
}

// patience is for how long an answer is waited for: a broker that takes longer
// has none.
const patience = 20 * time.Second

// within returns the context of one request.
func (d Deps) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(d.Context, patience)
}

// reason says an error, and of one that took too long how long that was.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within " + layout.Age(patience)
	}
	return layout.Safe(err.Error())
}

// Model is the state of the queues screen. It is a value: its methods return
// changed copies.
type Model struct {
	deps          Deps
	theme         theme.Theme
	width, height int
	now           time.Time
	watch         watch
	tracks        []track
	topics        table[*topic]
	groups        table[*group]
	readers       []place // of the chosen topic
	view          view
	scale         scale
	pages         []page // what was opened, the innermost last
	form          form
	note          Note
}

// view is what a person has chosen to see.
type view struct {
	stack    string // only this broker; empty: all
	order    order
	internal bool // what the systems keep for themselves, too
	filter   string
	focus    focus
	topics   list
	readers  list
	groups   list
}

// focus is the list that the keys move in.
type focus uint8

const (
	onTopics focus = iota
	onReaders
	onGroups // all groups, in place of topics and their readers
)

// scale is what the columns of a list have in common.
type scale struct {
	name       int // the longest name, in cells
	lag, pace  float64
	groupName  int
	groupLag   float64
	readerName int
	readerLag  float64
	hidden     int // how many queues are internal and not shown
}

// Note is what there is to say of the last request.
type Note struct {
	Text  string
	Grave bool
}

// New returns the screen without data.
func New(t theme.Theme, d Deps) Model { return Model{theme: t, deps: d} }

// WithTheme returns the screen in other colours.
func (m Model) WithTheme(t theme.Theme) Model {
	m.theme = t
	return m.redrawn()
}

// WithSize returns the screen at another size, in cells.
func (m Model) WithSize(width, height int) Model {
	m.width, m.height = width, height
	return m.reveal().redrawn()
}

// WithNow returns the screen at another instant.
func (m Model) WithNow(now time.Time) Model {
	m.now = now
	return m
}

// WithFilter returns the screen with only the queues and groups whose address
// holds the text.
func (m Model) WithFilter(text string) Model {
	m.view.filter = text
	return m.settle()
}

// Filter is the text given to WithFilter.
func (m Model) Filter() string { return m.view.filter }

// WithBrokers returns the screen with the newest state of the brokers. Its cost
// is that of what has changed, and a walk over the rest.
func (m Model) WithBrokers(brokers []*queue.Broker) Model {
	tracks, topics, groups := follow(m.tracks, brokers)
	m.tracks, m.watch.seen = tracks, true
	m.topics = m.topics.with(topics, m.view.order.topics)
	m.groups = m.groups.with(groups, m.view.order.groups)
	if m.view.stack != "" {
		if _, ok := m.track(m.view.stack); !ok {
			m.view.stack = ""
		}
	}
	return m.settle()
}

// sorted returns the screen in another order.
func (m Model) sorted(o order) Model {
	m.view.order = o
	m.view.topics, m.view.groups = list{}, list{} // what is first now is what was asked for
	m.topics = m.topics.resorted(o.topics)
	m.groups = m.groups.resorted(o.groups)
	return m.settle()
}

// settle does what follows from other rows, or another choice of them.
func (m Model) settle() Model {
	want := strings.ToLower(m.view.filter)
	passes := func(l label) bool {
		return (m.view.stack == "" || l.key.Stack == m.view.stack) && (want == "" || strings.Contains(l.folded, want))
	}
	s := scale{}
	m.topics = m.topics.passing(func(t *topic) bool {
		if !passes(t.label) {
			return false
		}
		if t.status.Internal && !m.view.internal {
			s.hidden++
			return false
		}
		c := m.clock(t.key.Stack)
		s.name = max(s.name, m.nameWidth(t.label))
		s.lag, s.pace = max(s.lag, t.trail.peak(c, lagOf)), max(s.pace, t.trail.peak(c, paceOf))
		return true
	})
	m.scale = s
	m.view.topics = keep(m.view.topics, m.topics.shown, m.heights().topics)
	if m.view.focus != onGroups { // nobody sees the groups
		m.groups.shown = nil
		return m.reveal()
	}
	m.groups = m.groups.passing(func(g *group) bool {
		if !passes(g.label) {
			return false
		}
		s.groupName = max(s.groupName, m.nameWidth(g.label))
		s.groupLag = max(s.groupLag, g.trail.peak(m.clock(g.key.Stack), lagOf))
		return true
	})
	m.scale = s
	m.view.groups = keep(m.view.groups, m.groups.shown, m.heights().topics)
	return m.reveal()
}

// reveal moves the windows so that their cursors show, and finds the readers of
// the chosen topic.
func (m Model) reveal() Model {
	h := m.heights()
	m.view.topics = put(m.view.topics, m.topics.shown, m.view.topics.at, h.topics)
	if m.view.focus == onGroups {
		m.view.groups = put(m.view.groups, m.groups.shown, m.view.groups.at, h.topics)
	}
	m.readers = nil
	if _, ok := chosen(m.view.topics, m.topics.shown); ok {
		m.readers = m.readersOf(m.view.topics.key)
	}
	if m.view.focus == onReaders && len(m.readers) == 0 {
		m.view.focus = onTopics
	}
	h = m.heights()
	m.view.readers = keep(m.view.readers, m.readers, h.readers)
	m.scale.readerName, m.scale.readerLag = 0, 0
	for _, r := range m.readers {
		m.scale.readerName = max(m.scale.readerName, r.group.width)
		m.scale.readerLag = max(m.scale.readerLag, r.trail.peak(m.clock(r.group.key.Stack), lagOf))
	}
	return m
}

// nameWidth is how wide a name is as the list shows it: with its broker where
// there are several.
func (m Model) nameWidth(l label) int {
	if m.many() {
		return l.width + layout.Width(l.key.Stack) + 1
	}
	return l.width
}

// many reports whether the lists hold what is of several brokers.
func (m Model) many() bool { return m.view.stack == "" && len(m.tracks) > 1 }

// track is the state of a stack's broker.
func (m Model) track(stack string) (track, bool) {
	for _, t := range m.tracks {
		if t.broker.Stack == stack {
			return t, true
		}
	}
	return track{}, false
}

func (m Model) clock(stack string) clock {
	for i := range m.tracks {
		if m.tracks[i].broker.Stack == stack {
			return m.tracks[i].clock
		}
	}
	return clock{}
}

// Stack is the stack whose broker the cursor is at; empty: none.
func (m Model) Stack() string {
	switch {
	case len(m.pages) > 0:
		return m.pages[len(m.pages)-1].key.Stack
	case m.view.focus == onGroups:
		if g, ok := chosen(m.view.groups, m.groups.shown); ok {
			return g.key.Stack
		}
	default:
		if t, ok := chosen(m.view.topics, m.topics.shown); ok {
			return t.key.Stack
		}
	}
	if m.view.stack == "" && len(m.tracks) == 1 {
		return m.tracks[0].broker.Stack
	}
	return m.view.stack
}

// Note is what there is to say since the last key or message; empty: nothing.
func (m Model) Note() Note { return m.note }

func (m Model) say(text string) Model {
	m.note = Note{Text: layout.Safe(text)}
	return m
}

func (m Model) complain(text string) Model {
	m.note = Note{Text: layout.Safe(text), Grave: true}
	return m
}

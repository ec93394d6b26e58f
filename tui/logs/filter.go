package logs

import (
	"regexp"
	"slices"

	tea "charm.land/bubbletea/v2"

	store "github.com/diorama-dev/diorama/internal/logs"
)

// filter is which lines a person wants to see.
type filter struct {
	base     store.Query // of a query in a language of its own
	services []string    // none: all
	min      store.Level
	levels   store.LevelSet
	fields   []store.FieldFilter // values that were chosen from a line
	trace    string              // only lines that name it
	search   search              // what is typed
}

// query is what is asked of a reader; with hits only, the lines that are
// searched for. A reader looks for what a person chose by itself, and at what
// the base wants then.
func (f filter) query(hits bool) store.Query {
	q := holding(store.Query{MinLevel: f.min, Levels: f.levels, Fields: f.fields}, f.trace)
	if len(f.services) > 0 {
		q.Services = f.services
	}
	if hits {
		q = f.search.added(q)
	}
	return q.And(f.base)
}

// shows reports whether lines of a level pass the filter.
func (f filter) shows(l store.Level) bool { return l.Counted() >= f.min && f.levels.Has(l) }

// holding is the query with one more text that has to be in the message.
func holding(q store.Query, text string) store.Query {
	switch {
	case text == "":
		return q
	case q.Text == "":
		q.Text = text
		return q
	case q.Pattern == nil:
		if p, err := regexp.Compile("(?i)" + regexp.QuoteMeta(text)); err == nil { // it has to be UTF-8
			q.Pattern = p
			return q
		}
	}
	return q.And(store.Query{Text: text})
}

// Query is what is asked of the store for the lines that are searched for.
func (m Model) Query() store.Query { return m.filter.query(true) }

// Services are those that are picked; none: all.
func (m Model) Services() []string { return m.filter.services }

// WithServices returns the screen with only the lines of these services; none:
// of all.
func (m Model) WithServices(names ...string) (Model, tea.Cmd) {
	m.filter.services = names
	return m.refiltered()
}

// WithText returns the screen with only the lines that what is typed asks for.
// Where that cannot be understood, what was typed before goes on to hold, and
// [Model.Problem] says why.
func (m Model) WithText(text string) (Model, tea.Cmd) {
	if text == m.filter.search.typed {
		return m, nil
	}
	s, err := parseSearch(text)
	if err != nil {
		m.filter.search.typed, m.filter.search.problem = text, err.Error()
		return m, nil
	}
	m.filter.search = s
	return m.refiltered()
}

// Problem is why the text typed is not what is searched for; empty: it is.
func (m Model) Problem() string { return m.filter.search.problem }

// WithLevel returns the screen with only the lines of at least that level.
func (m Model) WithLevel(l store.Level) (Model, tea.Cmd) {
	m.filter.min, m.filter.levels = l, 0
	return m.refiltered()
}

// Shows reports whether lines of a level are shown.
func (m Model) Shows(l store.Level) bool { return m.filter.shows(l) }

// WithLevelToggled returns the screen with the lines of one level shown or
// hidden. None chosen means all: a screen that can only be empty is of no use.
func (m Model) WithLevelToggled(l store.Level) (Model, tea.Cmd) {
	var set []store.Level
	for each := store.LevelTrace; each <= store.LevelFatal; each++ {
		if m.filter.shows(each) != (each == l) {
			set = append(set, each)
		}
	}
	m.filter.min, m.filter.levels = store.LevelUnknown, store.Levels(set...)
	if len(set) == int(store.LevelFatal) {
		m.filter.levels = 0
	}
	return m.refiltered()
}

// WithField returns the screen with only the lines whose field has the value,
// or has it not. The opposite of a filter takes its place.
func (m Model) WithField(f store.FieldFilter) (Model, tea.Cmd) {
	m.filter.fields = slices.DeleteFunc(slices.Clone(m.filter.fields), func(had store.FieldFilter) bool {
		return had.Key == f.Key && had.Value == f.Value
	})
	m.filter.fields = append(m.filter.fields, f)
	return m.refiltered()
}

// refiltered reads anew what the filter lets through: the newest lines where
// they are followed, else those around the line that the cursor is on.
func (m Model) refiltered() (Model, tea.Cmd) {
	m.strip = m.strip.forgotten()
	if e, ok := m.Selected(); ok && !m.view.follow && !e.Time.IsZero() && m.visible {
		return m.around(goal{time: e.Time, line: e.line})
	}
	return m.restart()
}

package logs

import (
	"slices"
	"time"
)

// And is a query that wants what both want.
func (q Query) And(o Query) Query {
	if len(q.Services) == 0 {
		q.Services = o.Services
	}
	if o.Since.After(q.Since) {
		q.Since = o.Since
	}
	if q.Until.IsZero() || (!o.Until.IsZero() && o.Until.Before(q.Until)) {
		q.Until = o.Until
	}
	// What is left of the other goes beside, as a condition.
	rest := o
	rest.Services, rest.Since, rest.Until = nil, time.Time{}, time.Time{}
	if !slices.Equal(q.Services, o.Services) {
		rest.Services = o.Services
	}
	if !rest.anything() {
		q.Where = and{q.Where, condition{NewFilter(rest), rest.Where}}
	}
	return q
}

// anything reports whether every line is wanted.
func (q Query) anything() bool {
	return len(q.Services) == 0 && q.MinLevel == LevelUnknown && q.Levels == 0 && q.Text == "" && q.Pattern == nil &&
		len(q.Fields) == 0 && q.Where == nil && q.Since.IsZero() && q.Until.IsZero()
}

// condition is a query as a condition.
type condition struct {
	filter *Filter
	where  Condition // of the query; nil: none
}

func (c condition) Holds(l Line, _ func() Fields) bool { return c.filter.Matches(l) }

func (c condition) Literals() []string {
	if c.where == nil {
		return nil
	}
	return c.where.Literals()
}

// and are two conditions; the first may be nil.
type and [2]Condition

func (a and) Holds(l Line, fields func() Fields) bool {
	return (a[0] == nil || a[0].Holds(l, fields)) && a[1].Holds(l, fields)
}

func (a and) Literals() []string {
	if a[0] == nil {
		return a[1].Literals()
	}
	return slices.Concat(a[0].Literals(), a[1].Literals())
}

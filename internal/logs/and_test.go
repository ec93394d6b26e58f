package logs

import (
	"regexp"
	"testing"
	"time"
)

func TestAnd(t *testing.T) {
	lines := []Line{
		{Service: "a", Level: LevelInfo, Message: "one", Time: time.Unix(1, 0)},
		{Service: "a", Level: LevelError, Message: "one two", Time: time.Unix(2, 0)},
		{Service: "b", Level: LevelError, Message: "two", Time: time.Unix(3, 0)},
		{Service: "b", Level: LevelWarn, Message: `{"k":"v","t":"one"}`, Time: time.Unix(4, 0)},
	}
	queries := []Query{
		{},
		{Services: []string{"a"}},
		{Services: []string{"b", "c"}},
		{Services: []string{"c"}},
		{Services: []string{}},
		{MinLevel: LevelError},
		{Levels: Levels(LevelWarn)},
		{Text: "ONE"},
		{Text: "two"},
		{Pattern: regexp.MustCompile("^t")},
		{Fields: []FieldFilter{{Key: "k", Value: "v"}}},
		{Since: time.Unix(2, 0)},
		{Until: time.Unix(2, 0)},
		{Services: []string{"a"}, Text: "two", Since: time.Unix(2, 0), Until: time.Unix(3, 0)},
	}
	for i, p := range queries {
		for j, q := range queries {
			both, three := p.And(q), p.And(q).And(p)
			for _, l := range lines {
				if want := p.Matches(l) && q.Matches(l); both.Matches(l) != want || three.Matches(l) != want {
					t.Errorf("%d and %d: %+v is wanted: %v", i, j, l, !want)
				}
			}
		}
	}
}

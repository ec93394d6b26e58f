package chart

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

// drawing are the functions that may answer otherwise the next time
// (masterminds.github.io/sprig: random strings, cryptography, UUIDs, lists).
//
//nolint:gochecknoglobals // a table
var drawing = []string{
	"randAlpha", "randAlphaNum", "randAscii", "randNumeric", "randBytes", "randInt", "uuidv4", "shuffle",
	"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey",
	"htpasswd", "bcrypt", "encryptAES",
}

// dating are those that ask the clock, where the argument of the index is not
// an instant itself; "now" has none.
//
//nolint:gochecknoglobals // a table
var dating = map[string]int{
	"date": 1, "dateInZone": 1, "date_in_zone": 1, "htmlDate": 0, "htmlDateInZone": 0,
}

// chance stands behind the functions whose answers are not the values' alone,
// and notes which of them are called: without any, rendering again would give
// the same.
type chance struct {
	called map[string]bool
	// answers are those of each function, in turn.
	answers map[string][]string
	// before is the rendering that this one is to differ from wherever it can;
	// nil: the first.
	before *chance
}

// draws is how often a function is asked at most for another answer than before.
const draws = 64

func newChance(before *chance) *chance {
	return &chance{called: make(map[string]bool), answers: make(map[string][]string), before: before}
}

// now is the clock. The second rendering's differs in every part of a date.
func (c *chance) now(name string) time.Time {
	c.called[name] = true
	now := time.Now()
	if c.before != nil {
		// 394 to 398 days: never the same day of a week.
		now = now.AddDate(1, 1, 1).Add(time.Hour + time.Minute + time.Second + time.Millisecond)
	}
	return now
}

// functions take the place of Helm's own of the same names.
func (c *chance) functions() template.FuncMap {
	known := sprig.TxtFuncMap()
	own := template.FuncMap{
		"now": func() time.Time { return c.now("now") },
		"ago": func(since any) (any, error) { return c.since(known["ago"], "ago", since) },
		"durationRound": func(of any) (any, error) {
			if _, instant := of.(time.Time); !instant {
				return call(known["durationRound"], of)
			}
			return c.since(known["durationRound"], "durationRound", of)
		},
		// Go gives the keys of a map in another order each time.
		"keys":   keys,
		"values": inOrder,
	}
	for _, name := range drawing {
		own[name] = c.drawn(name, known[name])
	}
	for name, at := range dating {
		own[name] = c.dated(name, known[name], at)
	}
	return own
}

// drawn is a function of chance.
func (c *chance) drawn(name string, function any) any {
	f := reflect.ValueOf(function)
	return reflect.MakeFunc(f.Type(), func(arguments []reflect.Value) []reflect.Value {
		c.called[name] = true
		turn := len(c.answers[name])
		var results []reflect.Value
		var answer string
		for range draws {
			results = f.Call(arguments)
			answer = fmt.Sprint(results[0].Interface())
			if c.before == nil || turn >= len(c.before.answers[name]) || c.before.answers[name][turn] != answer {
				break
			}
		}
		c.answers[name] = append(c.answers[name], answer)
		return results
	}).Interface()
}

// dated is a function that takes the time where it is given none.
func (c *chance) dated(name string, function any, at int) any {
	f := reflect.ValueOf(function)
	return reflect.MakeFunc(f.Type(), func(arguments []reflect.Value) []reflect.Value {
		switch arguments[at].Interface().(type) {
		case time.Time, *time.Time, int64, int, int32:
		default:
			arguments = slices.Clone(arguments)
			now := reflect.New(arguments[at].Type()).Elem()
			now.Set(reflect.ValueOf(c.now(name)))
			arguments[at] = now
		}
		return f.Call(arguments)
	}).Interface()
}

// since is what a function says that holds an instant against the clock.
func (c *chance) since(function any, name string, since any) (any, error) {
	var at time.Time
	switch s := since.(type) {
	case time.Time:
		at = s
	case int64:
		at = time.Unix(s, 0)
	case int:
		at = time.Unix(int64(s), 0)
	default:
		return call(function, since)
	}
	return call(function, at.Add(time.Since(c.now(name))))
}

func call(function, argument any) (any, error) {
	f := reflect.ValueOf(function)
	value := reflect.New(f.Type().In(0)).Elem()
	if argument != nil {
		value.Set(reflect.ValueOf(argument))
	}
	return f.Call([]reflect.Value{value})[0].Interface(), nil
}

func keys(of ...map[string]any) []string {
	all := []string{}
	for _, m := range of {
		all = append(all, slices.Sorted(maps.Keys(m))...)
	}
	return all
}

func inOrder(of map[string]any) []any {
	all := []any{}
	for _, key := range slices.Sorted(maps.Keys(of)) {
		all = append(all, of[key])
	}
	return all
}

// again renders once more, where functions of chance were called, and refuses
// what came out otherwise: everything that hangs on it would be replaced at each
// start.
func (c Chart) again(r Release, values map[string]any, texts map[string]string, first rendering) error {
	if len(first.chance.called) == 0 {
		return nil
	}
	second, err := c.once(r, values, texts, first.chance)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(first.files)) {
		if first.files[name] != second.files[name] {
			return &RenderError{Release: r.Name, Err: fmt.Errorf(
				"%s differs at every rendering, since it asks chance or the clock (%s): give that in values, from credentials",
				name, strings.Join(slices.Sorted(maps.Keys(first.chance.called)), ", "),
			)}
		}
	}
	return nil
}

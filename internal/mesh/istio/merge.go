package istio

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// absent stands for a field that is not there.
type absent struct{}

// clash is a field that two have changed, each to something else.
type clash struct {
	path    string // such as http[1].timeout
	was, is any    // absent, or a value of JSON
}

// merged takes a change back, and leaves what was changed since: base is what
// the change left, before what was there before it, now what there is. Where now
// differs from base in what the change has set, that is a clash, and what there
// is stays.
func merged(base, before, now map[string]any) (map[string]any, []clash) {
	m := merging{}
	out, _ := m.value("", base, before, now).(map[string]any)
	return out, m.clashes
}

// differing are the fields in which now differs from base.
func differing(base, now map[string]any) []clash {
	m := merging{}
	m.differ("", base, now)
	return m.clashes
}

type merging struct{ clashes []clash }

func (m *merging) value(path string, base, before, now any) any {
	switch {
	case reflect.DeepEqual(base, now):
		return before
	case reflect.DeepEqual(base, before), reflect.DeepEqual(before, now):
		return now
	}
	baseMap, ok1 := base.(map[string]any)
	beforeMap, ok2 := before.(map[string]any)
	nowMap, ok3 := now.(map[string]any)
	switch {
	case ok1 && ok2 && ok3:
		return m.fields(path, baseMap, beforeMap, nowMap)
	case ok1 && ok3 && before == absent{}: // of what the change has made, what others have put in stays
		if rest := m.fields(path, baseMap, nil, nowMap); len(rest) > 0 {
			return rest
		}
		return before
	}
	baseList, ok1 := base.([]any)
	beforeList, ok2 := before.([]any)
	nowList, ok3 := now.([]any)
	if ok1 && ok2 && ok3 {
		return m.list(path, baseList, beforeList, nowList)
	}
	m.differ(path, base, now)
	return now
}

func (m *merging) fields(path string, base, before, now map[string]any) map[string]any {
	out := make(map[string]any)
	for _, key := range keysOf(base, before, now) {
		v := m.value(join(path, key), field(base, key), field(before, key), field(now, key))
		if v != (absent{}) {
			out[key] = v
		}
	}
	return out
}

// list merges lists: those of one length element by element, where each is still
// what it was; others where the one has changed another part than the other.
func (m *merging) list(path string, base, before, now []any) []any {
	if had := weights(base); !slices.Equal(had, weights(before)) && !slices.Equal(had, weights(now)) {
		m.differ(path, base, now) // they are parts of one whole: of two halves it would be none
		return now
	}
	if len(base) == len(before) && len(base) == len(now) && inPlace(base, before, now) {
		out := make([]any, len(now))
		for i := range now {
			out[i] = m.value(at(path, i), base[i], before[i], now[i])
		}
		return out
	}
	from, to := hunk(base, before)
	nowFrom, nowTo := hunk(base, now)
	switch shift := len(now) - len(base); {
	case to <= nowFrom && from < nowTo: // what was changed since comes after it
		return slices.Concat(now[:from], before[from:len(before)-(len(base)-to)], now[to:])
	case nowTo <= from && nowFrom < to:
		return slices.Concat(now[:from+shift], before[from:len(before)-(len(base)-to)], now[to+shift:])
	}
	m.differ(path, base, now)
	return now
}

// weights are those of a route's destinations; none of other lists.
func weights(list []any) []string {
	var all []string
	for _, element := range list {
		if fields, ok := element.(map[string]any); ok && fields["destination"] != nil {
			all = append(all, fmt.Sprint(fields["weight"]))
		}
	}
	return all
}

// inPlace tells whether the elements that were changed from base to before are
// still at their places.
func inPlace(base, before, now []any) bool {
	for i := range base {
		if !reflect.DeepEqual(base[i], before[i]) && !reflect.DeepEqual(identity(base[i]), identity(now[i])) {
			return false
		}
	}
	return true
}

// identity is what an element of a list is known by: a destination by where it
// leads, a route by its name and conditions.
func identity(element any) any {
	fields, ok := element.(map[string]any)
	switch {
	case !ok:
		return nil
	case fields["destination"] != nil:
		return fields["destination"]
	default:
		return []any{fields["name"], fields["match"]}
	}
}

// hunk is the part of base that differs in other: base[from:to].
func hunk(base, other []any) (from, to int) {
	short := min(len(base), len(other))
	for from < short && reflect.DeepEqual(base[from], other[from]) {
		from++
	}
	same := 0
	for same < short-from && reflect.DeepEqual(base[len(base)-1-same], other[len(other)-1-same]) {
		same++
	}
	return from, len(base) - same
}

// differ notes the fields in which two values differ.
func (m *merging) differ(path string, base, now any) {
	if reflect.DeepEqual(base, now) {
		return
	}
	baseMap, ok1 := base.(map[string]any)
	nowMap, ok2 := now.(map[string]any)
	if ok1 && ok2 {
		for _, key := range keysOf(baseMap, nowMap) {
			m.differ(join(path, key), field(baseMap, key), field(nowMap, key))
		}
		return
	}
	baseList, ok1 := base.([]any)
	nowList, ok2 := now.([]any)
	if ok1 && ok2 && len(baseList) == len(nowList) {
		for i := range baseList {
			m.differ(at(path, i), baseList[i], nowList[i])
		}
		return
	}
	m.clashes = append(m.clashes, clash{path, base, now})
}

func keysOf(all ...map[string]any) []string {
	keys := make(map[string]bool)
	for _, m := range all {
		for key := range m {
			keys[key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func field(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return absent{}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// plain is a spec as JSON has it, with one type of numbers: so it can be
// compared with what was noted.
func plain(spec map[string]any) map[string]any {
	out := map[string]any{}
	if data, err := json.Marshal(spec); err == nil && spec != nil {
		_ = json.Unmarshal(data, &out) // it was written just now
	}
	return out
}

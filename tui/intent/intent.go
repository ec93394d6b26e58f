// Package intent owns what a person can want of the terminal UI, apart from the
// key, click or command that says it.
package intent

import "slices"

// Intent is something a person wants. Screens declare their own.
type Intent string

// Binding ties keys to an intent.
type Binding struct {
	Keys   []string // as tea.Key spells them
	Label  string   // how the keys are shown: "+ −"; empty: the first of Keys
	Help   string   // what it does, in a few words
	Intent Intent
	// Off says why the intent cannot be had now; empty means that it can.
	Off string
	// Hint is what the bottom line calls it; empty: it does not show there.
	Hint string
}

// Key is how the binding's keys are shown.
func (b Binding) Key() string {
	if b.Label != "" {
		return b.Label
	}
	if len(b.Keys) == 0 {
		return ""
	}
	return b.Keys[0]
}

// Find returns the first binding of a key.
func Find(key string, lists ...[]Binding) (Binding, bool) {
	for _, list := range lists {
		for _, b := range list {
			for _, k := range b.Keys {
				if k == key {
					return b, true
				}
			}
		}
	}
	return Binding{}, false
}

// Effective returns the bindings of several lists, without the keys that an
// earlier list has taken, and without those that have no key left.
func Effective(lists ...[]Binding) [][]Binding {
	taken := map[string]bool{}
	out := make([][]Binding, len(lists))
	for i, list := range lists {
		for _, b := range list {
			keys := slices.DeleteFunc(slices.Clone(b.Keys), func(k string) bool { return taken[k] })
			if len(keys) == 0 {
				continue
			}
			if len(keys) < len(b.Keys) {
				b.Label = ""
			}
			b.Keys = keys
			out[i] = append(out[i], b)
		}
		for _, b := range list {
			for _, k := range b.Keys {
				taken[k] = true
			}
		}
	}
	return out
}

// Package intent owns what a person can want of the terminal UI, apart from the
// key, click or command that says it.
package intent

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
	// Hint is true where the bottom line shows the binding.
	Hint bool
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

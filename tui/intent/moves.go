package intent

// The intents that every list knows.
const (
	Up       Intent = "up"
	Down     Intent = "down"
	PageUp   Intent = "page up"
	PageDown Intent = "page down"
	Top      Intent = "top"
	Bottom   Intent = "bottom"
	Filter   Intent = "filter"
	Next     Intent = "next hit"
	Previous Intent = "previous hit"
)

// Moves are the bindings of a list.
func Moves() []Binding {
	return []Binding{
		{Keys: []string{"up", "k"}, Label: "↑ k", Help: "one up", Intent: Up},
		{Keys: []string{"down", "j"}, Label: "↓ j", Help: "one down", Intent: Down},
		{Keys: []string{"pgup", "ctrl+b"}, Help: "a page up", Intent: PageUp},
		{Keys: []string{"pgdown", "ctrl+f"}, Help: "a page down", Intent: PageDown},
		{Keys: []string{"home", "g"}, Label: "home g", Help: "to the top", Intent: Top},
		{Keys: []string{"end", "G"}, Label: "end G", Help: "to the end", Intent: Bottom},
	}
}

// Step returns how far a move goes in a list that shows page lines at a time,
// and whether the intent is a move at all. Top and Bottom go further than any
// list is long.
func Step(i Intent, page int) (int, bool) {
	const far = 1 << 30
	switch i {
	case Up:
		return -1, true
	case Down:
		return 1, true
	case PageUp:
		return -max(page-1, 1), true
	case PageDown:
		return max(page-1, 1), true
	case Top:
		return -far, true
	case Bottom:
		return far, true
	default:
		return 0, false
	}
}

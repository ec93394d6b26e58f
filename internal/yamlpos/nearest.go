package yamlpos

import (
	"slices"
	"strings"
)

// Nearest is the known name that a person most likely meant, or empty where
// none is near: a third of the letters may differ, at least one and at most
// four, but never all of them. Among equals the first in alphabetical order is taken.
func Nearest(name string, known []string) string {
	const longest = 64 // a name longer than this is no slip of the fingers
	if name == "" || len(name) > longest {
		return ""
	}
	best, allowed := "", min(max(len([]rune(name))/3, 1), 4)+1
	for _, candidate := range slices.Sorted(slices.Values(known)) {
		d := distance(strings.ToLower(name), strings.ToLower(candidate))
		if d < allowed && d < len([]rune(name)) {
			best, allowed = candidate, d
		}
	}
	return best
}

// distance is Levenshtein's: how many letters to insert, delete or replace;
// two neighbours that changed places count as one (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, previous := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range x {
		current := make([]int, len(y)+1)
		current[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			current[j+1] = min(previous[j+1]+1, current[j]+1, previous[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				current[j+1] = min(current[j+1], before[j-1]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(y)]
}

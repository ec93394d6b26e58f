package logs

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestSpellings holds the words to those that levels are read by.
func TestSpellings(t *testing.T) {
	source, err := os.ReadFile("level.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for l := LevelTrace; l <= LevelFatal; l++ {
		for _, word := range l.Spellings() {
			if LevelNamed(word) != l {
				t.Errorf("%s is %v, want %v", word, LevelNamed(word), l)
			}
			all = append(all, word)
		}
		if l.Spellings()[0] != l.String() {
			t.Errorf("%v begins with %s", l, l.Spellings()[0])
		}
	}
	for _, word := range regexp.MustCompile(`"([a-z0-9]+)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(all, word[1]) {
			t.Errorf("%s is no spelling of a level", word[1])
		}
	}
	q := Query{MinLevel: LevelWarn, Levels: Levels(LevelWarn, LevelError)}
	for l := LevelTrace; l <= LevelFatal; l++ {
		if unwanted := slices.Contains(q.Unwanted(), l.String()); unwanted == q.matchesLevel(l) {
			t.Errorf("%v is unwanted: %v", l, unwanted)
		}
	}
}

func (q Query) matchesLevel(l Level) bool { return q.Matches(Line{Level: l}) }

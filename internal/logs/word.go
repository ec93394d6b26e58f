package logs

import "strings"

// wordLevel looks for a level among the first words of a line. Numbers and
// dates do not count as words, so that a level behind a timestamp, a process
// number and a thread's name is found, and "error" in a sentence is not.
func wordLevel(s string) Level {
	s = s[:min(len(s), levelReach)]
	prose, numbers := 0, 0
	for i := 0; i < len(s) && prose <= levelProse; {
		if end := escapeEnd(s, i); end > i {
			i = end
			continue
		}
		n := wordEnd(s[i:])
		if n == 0 {
			i++
			continue
		}
		word := s[i : i+n]
		w := wordPlace{word: word, before: lastByte(s[:i]), after: s[i+n:], prose: prose, numbers: numbers}
		if l := w.level(); l != LevelUnknown {
			return l
		}
		if strings.ContainsAny(word, "0123456789") || timeWord(word) {
			numbers++
		} else {
			prose++
		}
		i += n
	}
	return LevelUnknown
}

// timeWord reports whether a word is part of a timestamp.
func timeWord(w string) bool {
	return w == "UTC" || w == "GMT" || w == "CET" || w == "CEST" || w == "Z"
}

// escapeEnd is where the colour sequence at s[i] ends; i where there is none.
func escapeEnd(s string, i int) int {
	if s[i] != 0x1b || i+1 >= len(s) || s[i+1] != '[' {
		return i
	}
	end := i + 2
	for end < len(s) && (isDigit(s[end]) || s[end] == ';') {
		end++
	}
	if end < len(s) {
		end++
	}
	return end
}

// wordEnd is the length of the word that s begins with.
func wordEnd(s string) int {
	i := 0
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] >= 0x80 ||
		(i > 0 && strings.IndexByte("_.-/@", s[i]) >= 0)) {
		i++
	}
	return i
}

func lastByte(s string) byte {
	if s == "" {
		return ' '
	}
	return s[len(s)-1]
}

// wordPlace is a word and where it stands.
type wordPlace struct {
	word    string
	before  byte
	after   string // the rest of the line
	prose   int    // words before it
	numbers int    // numbers and dates before it
}

func (w wordPlace) level() Level {
	l := LevelNamed(w.word)
	switch {
	case l == LevelUnknown:
		return LevelUnknown
	case w.bracketed(), w.prose == 0 && strings.HasPrefix(w.after, ":"):
		return l
	case ambiguous(w.word):
		return LevelUnknown
	case isUpper(w.word):
		return l
	case w.prose == 0 && w.numbers > 0 && w.spaced():
		return l
	}
	return LevelUnknown
}

// ambiguous words are levels only where punctuation says so.
func ambiguous(word string) bool {
	switch lower(word[0]) {
	case 'l', 'v':
		return true // log, verbose
	case 'n', 's', 'f', 'c', 'a', 'i', 'e':
		return !strings.EqualFold(word, "info") && !strings.EqualFold(word, "error") &&
			!strings.EqualFold(word, "err") && !strings.EqualFold(word, "fatal") &&
			!strings.EqualFold(word, "critical") && !strings.EqualFold(word, "severe") &&
			!strings.EqualFold(word, "notice") && !strings.EqualFold(word, "inf") &&
			!strings.EqualFold(word, "crit")
	}
	return false
}

func (w wordPlace) bracketed() bool {
	rest := strings.TrimLeft(w.after, " ")
	if rest == "" {
		return false
	}
	switch w.before {
	case '[':
		return rest[0] == ']'
	case '<':
		return rest[0] == '>'
	case '(':
		return rest[0] == ')'
	case '|':
		return rest[0] == '|'
	}
	return false
}

func (w wordPlace) spaced() bool {
	return (w.before == ' ' || w.before == '\t') && (w.after == "" || w.after[0] == ' ' || w.after[0] == '\t')
}

func isUpper(word string) bool {
	for i := range len(word) {
		if lower(word[i]) == word[i] && isLetter(word[i]) {
			return false
		}
	}
	return true
}

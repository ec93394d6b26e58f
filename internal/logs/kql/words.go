package kql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWord is how many characters a word has at most; a longer one is cut.
const maxWord = 255

// words cuts a text as Elasticsearch's standard analyzer does: at the word
// boundaries of Unicode (UAX #29), in lower case; each Chinese character and
// each hiragana is a word. It calls found for each until that returns false.
func words(text string, found func(word string) bool) {
	var before class
	start, length := -1, 0
	end := func(at int) bool {
		from := start
		start, length = -1, 0
		return from < 0 || found(strings.ToLower(text[from:at]))
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		now := classOf(r)
		if now == classExtend && start >= 0 { // part of the character before
			i += size
			continue
		}
		joins := start >= 0 && length < maxWord && before.joins(now)
		if !joins && start >= 0 && length < maxWord {
			next, _ := utf8.DecodeRuneInString(text[i+size:])
			joins = before.joinsOver(r, classOf(next))
			if joins {
				now = before
			}
		}
		if !joins {
			if !end(i) {
				return
			}
			if now.begins() {
				start = i
			}
		}
		length++
		before = now
		i += size
	}
	end(len(text))
}

// class is what the rules of word boundaries tell characters apart by.
type class uint8

const (
	classOther class = iota
	classLetter
	classDigit
	classUnderscore
	classKatakana
	classAlone // a word of its own
	classExtend
)

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case 'a' <= r|0x20 && r|0x20 <= 'z':
			return classLetter
		case '0' <= r && r <= '9':
			return classDigit
		case r == '_':
			return classUnderscore
		}
		return classOther
	case r == utf8.RuneError:
		return classOther
	case unicode.In(r, unicode.Mn, unicode.Mc, unicode.Me, unicode.Cf):
		return classExtend
	case unicode.In(r, unicode.Han, unicode.Hiragana):
		return classAlone
	case unicode.Is(unicode.Katakana, r) || r == 'ー':
		return classKatakana
	case unicode.Is(unicode.Nd, r):
		return classDigit
	case unicode.Is(unicode.Pc, r):
		return classUnderscore
	case unicode.IsLetter(r):
		return classLetter
	case r >= 0x1F300 && r <= 0x1FAFF: // emoji
		return classAlone
	}
	return classOther
}

func (c class) begins() bool { return c != classOther && c != classExtend }

func (c class) joins(next class) bool {
	switch {
	case c == classAlone || next == classAlone || c == classOther || next == classOther:
		return false
	case c == classKatakana || next == classKatakana:
		return c == next || c == classUnderscore || next == classUnderscore
	}
	return true
}

// joinsOver reports whether a mark between two characters parts no word: a.b,
// a:b, it's, 1.5 and 1,000.
func (c class) joinsOver(mark rune, next class) bool {
	switch mark {
	case '.', '\'', '’', '‘', '․', '﹒', '＇', '．':
		return c == next && (c == classLetter || c == classDigit)
	case ':', '·', '︓', '﹕', '：':
		return c == classLetter && next == classLetter
	case ',', ';', '،', '؍', '，', '；', '﹐', '﹔':
		return c == classDigit && next == classDigit
	}
	return false
}

// hasAny reports whether one of the wanted words is in the text.
func hasAny(text string, wanted []string) bool {
	some := false
	words(text, func(word string) bool {
		for _, w := range wanted {
			some = some || word == w
		}
		return !some
	})
	return some
}

// hasPhrase reports whether the wanted words follow one another in the text.
func hasPhrase(text string, wanted []string) bool {
	if len(wanted) == 0 {
		return false
	}
	var last []string
	some := false
	words(text, func(word string) bool {
		if last = append(last, word); len(last) > len(wanted) {
			last = last[1:]
		}
		some = len(last) == len(wanted)
		for i := 0; some && i < len(last); i++ {
			some = last[i] == wanted[i]
		}
		return !some
	})
	return some
}

func wordsOf(text string) []string {
	var all []string
	words(text, func(word string) bool { all = append(all, word); return true })
	return all
}

// fits reports whether a text is made of the parts with anything between them.
func fits(text string, parts []string) bool {
	text, found := strings.CutPrefix(text, parts[0])
	if !found {
		return false
	}
	if len(parts) == 1 {
		return text == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, text, found = strings.Cut(text, part); !found {
			return false
		}
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

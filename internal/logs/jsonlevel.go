package logs

import "strings"

// jsonLevel finds the level among the outermost members of a JSON object. What
// is not JSON ends the search; nothing is allocated.
func jsonLevel(s string) Level {
	for i := 1; i < len(s); {
		i = skipBlank(s, i)
		if i >= len(s) || s[i] != '"' {
			return LevelUnknown
		}
		key, next := jsonString(s, i)
		next = skipBlank(s, next)
		if next >= len(s) || s[next] != ':' {
			return LevelUnknown
		}
		next = skipBlank(s, next+1)
		value, end := jsonValue(s, next)
		if levelKey(key) {
			if l := levelValue(value); l != LevelUnknown {
				return l
			}
		}
		if i = end; i <= next {
			return LevelUnknown
		}
	}
	return LevelUnknown
}

// levelValue reads a level's name or the number that bunyan and pino give it.
func levelValue(v string) Level {
	if v == "" {
		return LevelUnknown
	}
	if !isDigit(v[0]) {
		return LevelNamed(v)
	}
	switch v {
	case "10":
		return LevelTrace
	case "20":
		return LevelDebug
	case "30":
		return LevelInfo
	case "40":
		return LevelWarn
	case "50":
		return LevelError
	case "60":
		return LevelFatal
	}
	return LevelUnknown
}

// skipBlank passes blanks and commas.
func skipBlank(s string, i int) int {
	for i < len(s) && strings.IndexByte(" \t\r\n,", s[i]) >= 0 {
		i++
	}
	return i
}

// jsonString returns the text between the quote at s[i] and the one that
// closes it, escapes left as they are, and the place after it.
func jsonString(s string, i int) (string, int) {
	start := i + 1
	for i = start; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[start:i], i + 1
		}
	}
	return "", len(s)
}

// jsonValue returns a scalar's text, without quotes, and the place after the
// value. Of objects and arrays only the end is found.
func jsonValue(s string, i int) (string, int) {
	if i >= len(s) {
		return "", i
	}
	switch s[i] {
	case '"':
		return jsonString(s, i)
	case '{', '[':
		return "", nestedEnd(s, i)
	}
	end := i
	for end < len(s) && strings.IndexByte(",} \t\r\n", s[end]) < 0 {
		end++
	}
	return s[i:end], end
}

func nestedEnd(s string, i int) int {
	for depth := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			_, end := jsonString(s, i)
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

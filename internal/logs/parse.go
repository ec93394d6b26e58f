package logs

import "strings"

// Bounds of how far into a line its level is looked for.
const (
	levelReach = 200 // bytes
	levelProse = 4   // words that are neither levels nor numbers
)

// ParseLevel finds the level that a line states: in JSON and logfmt, in klog's
// and Redis's headers, and as a word in the places where loggers put it. A
// line that states none is [LevelUnknown]. It allocates nothing.
func ParseLevel(message string) Level {
	s := strings.TrimLeft(message, " \t")
	if s == "" {
		return LevelUnknown
	}
	if s[0] == '{' {
		if l := jsonLevel(s); l != LevelUnknown {
			return l
		}
	}
	if l := klogLevel(s); l != LevelUnknown {
		return l
	}
	if l := redisLevel(s); l != LevelUnknown {
		return l
	}
	if l := logfmtLevel(s); l != LevelUnknown {
		return l
	}
	return wordLevel(s)
}

// klogLevel reads the header of Kubernetes' own components: I1122 15:04:05.
func klogLevel(s string) Level {
	if len(s) < 8 || !digits(s[1:5]) || s[5] != ' ' || !digits(s[6:8]) {
		return LevelUnknown
	}
	switch s[0] {
	case 'I':
		return LevelInfo
	case 'W':
		return LevelWarn
	case 'E':
		return LevelError
	case 'F':
		return LevelFatal
	}
	return LevelUnknown
}

// redisLevel reads "1:M 22 Nov 2026 10:00:00.000 * Ready", the form that Redis,
// Valkey and their sentinels share.
func redisLevel(s string) Level {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == 0 || i+2 >= len(s) || s[i] != ':' || !strings.ContainsRune("XCSM", rune(s[i+1])) || s[i+2] != ' ' {
		return LevelUnknown
	}
	rest := s[i+3:]
	for range 4 { // day, month, year, time
		_, after, found := strings.Cut(rest, " ")
		if !found {
			return LevelUnknown
		}
		rest = after
	}
	if len(rest) < 2 || rest[1] != ' ' {
		return LevelUnknown
	}
	switch rest[0] {
	case '.':
		return LevelDebug
	case '-':
		return LevelDebug
	case '*':
		return LevelInfo
	case '#':
		return LevelWarn
	}
	return LevelUnknown
}

// logfmtLevel reads level=warn, lvl="warn" or severity=WARN.
func logfmtLevel(s string) Level {
	s = s[:min(len(s), 4*levelReach)]
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '=')
		if i < 0 {
			return LevelUnknown
		}
		at := from + i
		from = at + 1
		start := at
		for start > 0 && isKey(s[start-1]) {
			start--
		}
		if !levelKey(s[start:at]) || (start > 0 && s[start-1] != ' ' && s[start-1] != '\t') {
			continue
		}
		word := strings.TrimPrefix(s[from:], `"`)
		if l := LevelNamed(word[:letters(word)]); l != LevelUnknown {
			return l
		}
	}
}

func levelKey(key string) bool {
	switch len(key) {
	case 2:
		return key == "@l"
	case 3:
		return strings.EqualFold(key, "lvl") || strings.EqualFold(key, "sev")
	case 5:
		return strings.EqualFold(key, "level")
	case 8:
		return strings.EqualFold(key, "severity") || strings.EqualFold(key, "loglevel")
	case 9:
		return strings.EqualFold(key, "levelname") || key == "log.level" || key == "log_level"
	case 12:
		return key == "severityText"
	case 13:
		return key == "severity_text"
	}
	return false
}

func digits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }

func isKey(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '_' || c == '.' || c == '@' || c == '-'
}

// letters is how many letters a text begins with.
func letters(s string) int {
	i := 0
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	return i
}

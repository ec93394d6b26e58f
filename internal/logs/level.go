package logs

// String names the level as reports and queries spell it; the empty string
// stands for a line that does not say.
func (l Level) String() string {
	switch l {
	case LevelTrace:
		return "trace"
	case LevelDebug:
		return "debug"
	case LevelInfo:
		return "info"
	case LevelWarn:
		return "warn"
	case LevelError:
		return "error"
	case LevelFatal:
		return "fatal"
	case LevelUnknown:
		return ""
	default:
		return ""
	}
}

// MarshalText writes the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's name. A name that nobody uses for a level is
// [LevelUnknown]; it is never an error, because names come from log lines.
func (l *Level) UnmarshalText(text []byte) error {
	*l = LevelNamed(string(text))
	return nil
}

// LevelNamed is the level that a word stands for in any of the spellings that
// loggers use: "warn", "WARNING", "W", "E", "err", "notice", "critical", …
// It is [LevelUnknown] for any other word.
func LevelNamed(word string) Level {
	var low [11]byte
	if len(word) > len(low) {
		return LevelUnknown
	}
	for i := range len(word) {
		low[i] = lower(word[i])
	}
	switch string(low[:len(word)]) { // the compiler makes no copy here
	case "trace", "trc", "finest", "finer", "debug5", "debug4", "debug3":
		return LevelTrace
	case "debug", "dbg", "fine", "debug1", "debug2", "verbose":
		return LevelDebug
	case "info", "inf", "information", "notice", "log", "statement", "note", "system", "config":
		return LevelInfo
	case "warn", "warning", "wrn":
		return LevelWarn
	case "error", "err", "severe":
		return LevelError
	case "fatal", "ftl", "panic", "pnc", "critical", "crit", "alert", "emerg", "emergency", "dpanic":
		return LevelFatal
	}
	return LevelUnknown
}

// Counted is the level that filters hold against a bound: a line that does not
// say counts as [LevelInfo].
func (l Level) Counted() Level {
	if l == LevelUnknown {
		return LevelInfo
	}
	return l
}

package logs

import "strings"

// Spellings are the words that [LevelNamed] takes for the level, in lower
// case, the level's own name first: what a log system that compares texts is
// asked for. There are none for [LevelUnknown].
func (l Level) Spellings() []string {
	switch l {
	case LevelTrace:
		return []string{"trace", "trc", "finest", "finer", "debug5", "debug4", "debug3"}
	case LevelDebug:
		return []string{"debug", "dbg", "fine", "debug1", "debug2", "verbose"}
	case LevelInfo:
		return []string{"info", "inf", "information", "notice", "log", "statement", "note", "system", "config"}
	case LevelWarn:
		return []string{"warn", "warning", "wrn"}
	case LevelError:
		return []string{"error", "err", "severe"}
	case LevelFatal:
		return []string{"fatal", "ftl", "panic", "pnc", "critical", "crit", "alert", "emerg", "emergency", "dpanic"}
	case LevelUnknown:
		return nil
	default:
		return nil
	}
}

// Unwanted are the spellings of the levels that the query does not want. A log
// system that leaves those out finds all that is wanted: also lines whose level
// it knows under no such word, or not at all, and whose text may state one.
func (q Query) Unwanted() []string {
	var all []string
	for l := LevelTrace; l <= LevelFatal; l++ {
		if l < q.MinLevel || !q.Levels.Has(l) {
			all = append(all, l.Spellings()...)
		}
	}
	return all
}

// Cases are words in the cases that agents write them in: in lower case, in
// upper case, and with the first letter alone in upper case.
func Cases(words []string) []string {
	all := make([]string, 0, 3*len(words))
	for _, w := range words {
		all = append(all, w, strings.ToUpper(w), strings.ToUpper(w[:1])+w[1:])
	}
	return all
}

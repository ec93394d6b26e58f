package logs

import "strings"

// AppendLogfmt appends the key=value pairs of a line. Words without "=" are
// allowed between them, but a line counts as logfmt only where it begins with
// a pair and has two at least.
func AppendLogfmt(members []Member, line string) ([]Member, bool) {
	before := len(members)
	s := strings.TrimLeft(line, " \t")
	if !beginsWithPair(s) {
		return members, false
	}
	members = appendPairs(members, s)
	return members, len(members)-before >= 2
}

func beginsWithPair(s string) bool {
	n := keyLength(s)
	return n > 0 && n < len(s) && s[n] == '='
}

func appendPairs(members []Member, s string) []Member {
	for s = strings.TrimLeft(s, " \t"); s != ""; s = strings.TrimLeft(s, " \t") {
		if !beginsWithPair(s) {
			_, s, _ = strings.Cut(s, " ")
			continue
		}
		n := keyLength(s)
		key := s[:n]
		var value string
		value, s = logfmtValue(s[n+1:])
		kind := KindText
		if numeric(value) {
			kind = KindNumber
		}
		members = append(members, Member{key, value, kind})
	}
	return members
}

// numeric reports whether a value begins like a number and has nothing in it
// that numbers have not.
func numeric(value string) bool {
	digit := strings.TrimPrefix(value, "-")
	return digit != "" && isDigit(digit[0]) && strings.Trim(digit, "0123456789.eE+-") == ""
}

func keyLength(s string) int {
	n := 0
	for n < len(s) && isKey(s[n]) {
		n++
	}
	return n
}

func logfmtValue(s string) (value, rest string) {
	if s == "" || s[0] != '"' {
		value, rest, _ = strings.Cut(s, " ")
		return value, rest
	}
	p := objectScan{s: s}
	value, ok := p.text()
	if !ok {
		return s[1:], "" // never closed
	}
	return value, s[p.i:]
}

// klogLine is what Kubernetes' components write: a header, then a message or,
// where it is quoted, a message and pairs.
type klogLine struct{ time, thread, source, text string }

// parseKlog takes "I1122 15:04:05.000000       1 leader.go:257] text" apart.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-instrumentation/logging.md
func parseKlog(s string) (klogLine, bool) {
	if klogLevel(s) == LevelUnknown {
		return klogLine{}, false
	}
	header, text, found := strings.Cut(s[1:min(len(s), klogReach)], "] ")
	if !found {
		if header, found = strings.CutSuffix(header, "]"); !found {
			return klogLine{}, false
		}
	} else {
		text = s[1+len(header)+2:]
	}
	day, rest, _ := strings.Cut(header, " ")
	clock, rest, _ := strings.Cut(rest, " ")
	thread, source, found := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if !found || !digits(thread) || strings.IndexByte(source, ' ') >= 0 {
		return klogLine{}, false
	}
	return klogLine{time: s[1 : 1+len(day)+1+len(clock)], thread: thread, source: source, text: text}, true
}

// InHeader reports whether a message may have a member without naming its key:
// klog's header has those by their places.
func InHeader(key string) bool {
	switch key {
	case "level", "source", "thread", "time", "msg":
		return true
	}
	return false
}

// klogReach bounds the header's length.
const klogReach = 256

func appendKlog(members []Member, s string) ([]Member, bool) {
	k, ok := parseKlog(s)
	if !ok {
		return members, false
	}
	members = append(
		members, Member{Key: "level", Value: klogLevel(s).String()}, Member{Key: "source", Value: k.source},
		Member{Key: "thread", Value: k.thread, Kind: KindNumber}, Member{Key: "time", Value: k.time},
	)
	p := objectScan{s: k.text}
	if message, ok := p.text(); ok {
		return appendPairs(append(members, Member{Key: "msg", Value: message}), k.text[p.i:]), true
	}
	return append(members, Member{Key: "msg", Value: k.text}), true
}

package intake

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// The streams of a container.
const (
	stdout = iota
	stderr
	streams
)

// record is a line of a log file in the form of the Container Runtime
// Interface: "2026-11-27T07:00:00.123456789Z stdout F message".
type record struct {
	stamp   wire.Stamp
	stream  int
	partial bool // the line goes on in the next record of its stream
	message string
}

// parse takes a line of a log file apart. What is not of the form is a message
// as it stands, and not ok.
func parse(stamps *wire.Stamps, line string) (r record, ok bool) {
	stamp, n := stamps.Parse(line)
	if n == 0 {
		return record{message: line}, false
	}
	const name = len(" stdout ")
	rest := line[n:]
	if len(rest) < name+1 || rest[0] != ' ' || rest[name-1] != ' ' {
		return record{message: line}, false
	}
	switch rest[1 : name-1] {
	case "stdout":
	case "stderr":
		r.stream = stderr
	default:
		return record{message: line}, false
	}
	rest = rest[name:]
	// Tags stand between colons; the first says whether the line is whole.
	if rest[0] != 'F' && rest[0] != 'P' {
		return record{message: line}, false
	}
	r.stamp, r.partial = stamp, rest[0] == 'P'
	switch {
	case len(rest) == 1:
		return r, true
	case rest[1] == ' ':
		r.message = rest[2:]
	case rest[1] == ':':
		_, r.message, _ = strings.Cut(rest, " ")
	default:
		return record{message: line}, false
	}
	return r, true
}

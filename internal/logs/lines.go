package logs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"
	"unicode/utf8"
)

const (
	batchBytes = 256 << 10
	// stampRoom is what a time may take before a line.
	stampRoom = 64
	// CutMark stands where a long line was cut in two, on both sides.
	CutMark = "…"
)

// part is a line of a stream, or a piece of one that is longer than
// [MaxMessage].
type part struct {
	time     time.Time
	text     []byte // valid until the next one is read; nil: none
	timeless bool   // the line has no time: it is not the container's
	first    bool
	last     bool
}

func (p part) message() string {
	switch {
	case p.first && p.last:
		return string(p.text)
	case p.first:
		return string(p.text) + CutMark
	case p.last:
		return CutMark + string(p.text)
	}
	return CutMark + string(p.text) + CutMark
}

// lineReader cuts a stream into lines, and long ones into pieces, always at the
// same places.
type lineReader struct {
	in   *bufio.Reader
	bare bool // lines bear no times
	// line is what the pieces of one line have in common.
	time     time.Time
	timeless bool
	inside   bool   // the last piece did not end its line
	carry    []byte // the beginning of a character that the last piece cut
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, MaxMessage+stampRoom)}
}

// drained reports whether nothing more is at hand without waiting.
func (r *lineReader) drained() bool { return r.in.Buffered() == 0 }

// next returns the following piece. At the stream's end it returns what stands
// there without a line end, together with the error.
func (r *lineReader) next() (part, error) {
	text, err := r.in.ReadSlice('\n')
	whole := err == nil
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	p := part{first: !r.inside, last: whole || err != nil}
	if err != nil && len(text) == 0 && len(r.carry) == 0 {
		return part{}, err
	}
	if whole {
		text = bytes.TrimSuffix(text[:len(text)-1], []byte("\r"))
	}
	if p.first && !r.bare {
		text = r.stamp(text)
	}
	p.time, p.timeless = r.time, r.timeless
	if len(r.carry) > 0 {
		text = append(r.carry, text...)
		r.carry = nil
	}
	if !p.last {
		cut := len(text) - CutCharacter(text)
		r.carry = append([]byte(nil), text[cut:]...)
		text = text[:cut]
	}
	r.inside = !p.last
	p.text = text
	if p.text == nil {
		p.text = []byte{}
	}
	return p, err
}

// stamp takes the time off the beginning of a line.
func (r *lineReader) stamp(text []byte) []byte {
	stamp, rest, _ := bytes.Cut(text, []byte(" "))
	var t time.Time
	if len(stamp) > stampRoom || t.UnmarshalText(stamp) != nil {
		r.time, r.timeless = time.Time{}, true
		return text
	}
	r.time, r.timeless = t.UTC(), false
	return rest
}

// CutCharacter is how many bytes at the end are the beginning of a character.
func CutCharacter(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

package logs

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

const (
	frameSize  = 8        // length and checksum before each group's payload
	groupBytes = 64 << 10 // a group that is longer is closed
	maxPayload = 1 << 20  // no group is ever longer

	// What a Put wrote begins with a first group and ends with a last one; it
	// counts only where all of it is there.
	flagFirst = 1
	flagLast  = 2
)

// groupWriter gathers the groups of a batch.
type groupWriter struct {
	buf  []byte
	base int64 // times count from here at the beginning of each group
	time int64 // of the line before
	open int   // where the open group begins
}

func (g *groupWriter) reset(base int64) {
	g.buf, g.base = g.buf[:0], base
	g.begin(flagFirst)
}

func (g *groupWriter) begin(flags byte) {
	g.open, g.time = len(g.buf), g.base
	g.buf = append(g.buf, 0, 0, 0, 0, 0, 0, 0, 0, flags)
}

// room makes room for another record.
func (g *groupWriter) room() {
	if len(g.buf)-g.open > groupBytes {
		g.close(0)
		g.begin(0)
	}
}

func (g *groupWriter) close(flags byte) {
	payload := g.buf[g.open+frameSize:]
	payload[0] |= flags
	binary.LittleEndian.PutUint32(g.buf[g.open:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(g.buf[g.open+4:], castagnoli(payload))
}

// finish ends the batch and returns its bytes, which are valid until the next
// one is begun.
func (g *groupWriter) finish() []byte {
	g.close(flagLast)
	return g.buf
}

func (g *groupWriter) line(level Level, number int, t int64, message string) {
	if level > LevelFatal {
		level = LevelUnknown
	}
	g.room()
	b := append(g.buf, byte(level))
	b = appendUvarint(b, uint64(number))
	b = binary.AppendVarint(b, t-g.time)
	b = appendUvarint(b, uint64(len(message)))
	g.buf, g.time = append(b, message...), t
}

func appendUvarint(b []byte, n uint64) []byte {
	switch {
	case n < 1<<7:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, byte(n)|0x80, byte(n>>7))
	}
	return binary.AppendUvarint(b, n)
}

// clean makes a message fit for a record: valid UTF-8 and bounded.
func clean(message string) string {
	if len(message) > 2*MaxMessage {
		message = message[:2*MaxMessage]
	}
	if utf8.ValidString(message) {
		return message
	}
	return strings.ToValidUTF8(message, "\uFFFD")
}

// groupState says what stands at the start of a run of bytes.
type groupState uint8

const (
	groupWhole  groupState = iota
	groupShort             // it goes on beyond the bytes given
	groupBroken            // its checksum is wrong
	groupNone              // no group begins here
)

// nextGroup looks at the group at the start of b: its flags, how many bytes it
// takes in all, as far as known, and whether it is sound.
func nextGroup(b []byte) (flags byte, size int, state groupState) {
	if len(b) < frameSize {
		return 0, frameSize, groupShort
	}
	n := binary.LittleEndian.Uint32(b)
	if n == 0 || n > maxPayload {
		return 0, 0, groupNone
	}
	size = frameSize + int(n)
	if len(b) < size {
		return 0, size, groupShort
	}
	payload := b[frameSize:size]
	if castagnoli(payload) != binary.LittleEndian.Uint32(b[4:]) {
		return 0, size, groupBroken
	}
	return payload[0], size, groupWhole
}

// walker goes over the records of sound groups, as they were written or with
// the lines' messages taken out of them, one after the other.
type walker struct {
	data     []byte
	split    bool   // the messages are not in the data
	messages []byte // nil where they are not needed
	size     int    // of all messages
	base     int64
	next     int // in the data: where the next record begins
	taken    int // of the messages
	group    int // where the group ends, counting both

	// The record it stands at.
	kind   recordKind
	start  int   // counting both
	number int   // of a line: its origin
	time   int64 // of a line
	body   []byte
	bodyAt int // where the body begins, in what it lies in
}

func walk(groups []byte, base int64) walker { return walker{data: groups, base: base} }

func (w *walker) line() bool { return w.kind <= recordKind(LevelFatal) }

// after is the place after the record, counting both.
func (w *walker) after() int { return w.next + w.taken }

// step goes to the next record. Where one makes no sense, the rest of its
// group is passed over.
func (w *walker) step() bool {
	for {
		for w.next+w.taken >= w.group {
			if !w.enter() {
				return false
			}
		}
		if w.record(w.data[w.next:min(len(w.data), w.group-w.taken)]) {
			return true
		}
		w.next = w.group - w.taken
	}
}

// record reads the record that b begins with. In split data, b may go on
// beyond the group.
func (w *walker) record(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	w.start, w.kind = w.next+w.taken, recordKind(b[0])
	n := 1
	if w.line() {
		number, size := uvarint(b[n:])
		delta, size2 := binary.Varint(b[n+size:])
		if size == 0 || size2 <= 0 || number > maxNumber {
			return false
		}
		n += size + size2
		w.number, w.time = int(number), w.time+delta
	}
	length, size := uvarint(b[n:])
	n += size
	if size == 0 || length > uint64(maxPayload) || w.start+n+int(length) > w.group {
		return false
	}
	if w.split && w.line() {
		return w.message(n, int(length))
	}
	if int(length) > len(b)-n {
		return false
	}
	w.body, w.bodyAt = b[n:n+int(length)], w.next+n
	w.next += n + int(length)
	return true
}

// message takes a line's message from where they all are.
func (w *walker) message(n, length int) bool {
	if length > w.size-w.taken {
		return false
	}
	if w.messages != nil {
		w.body = w.messages[w.taken : w.taken+length]
	}
	w.bodyAt = w.taken
	w.next += n
	w.taken += length
	return true
}

// enter goes into the next group.
func (w *walker) enter() bool {
	if len(w.data)-w.next <= frameSize {
		return false
	}
	n := binary.LittleEndian.Uint32(w.data[w.next:])
	begin := w.next + w.taken + frameSize
	if n == 0 || uint64(n) > uint64(len(w.data)+w.size-begin) {
		return false
	}
	w.next += frameSize + 1
	w.group, w.time = begin+int(n), w.base
	return true
}

// uvarint reads a number; its size is 0 where there is none.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	n, size := binary.Uvarint(b)
	return n, max(0, size)
}

package logs

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"
)

// The format of a segment is described in docs/log-store.md; this file is its
// only reader and writer of bytes.
const (
	segmentMagic = "DIOLOG\x00\x01"
	headerSize   = int64(len(segmentMagic) + 8 + 8 + 8 + 4)
	frameSize    = 8       // length and checksum before each payload
	maxPayload   = 1 << 20 // nothing longer is ever written
	lineHead     = 10      // kind, level, time
)

// recordKind is the first byte of a record's payload.
type recordKind byte

const (
	kindLine     recordKind = 'L' // a log line
	kindOrigin   recordKind = 'O' // gives the next origin its number
	kindPosition recordKind = 'P' // how far a container was stored when the segment began
	kindDropped  recordKind = 'D' // lines that were lost before they could be read
)

// noTime stands for the zero time.
const noTime = math.MinInt64

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// header opens a segment. The counts make the store's counters recoverable
// from the first and the last segment alone.
type header struct {
	ID      uint64
	Lines   int64 // ever stored before this segment
	Dropped int64 // ever lost before this segment
}

func (h header) bytes() []byte {
	dst := []byte(segmentMagic)
	dst = binary.LittleEndian.AppendUint64(dst, h.ID)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Lines))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Dropped))
	return binary.LittleEndian.AppendUint32(dst, castagnoli(dst))
}

var errHeader = errors.New("not a segment of a log store")

func parseHeader(b []byte) (header, error) {
	n := int(headerSize)
	if len(b) < n || string(b[:len(segmentMagic)]) != segmentMagic ||
		castagnoli(b[:n-4]) != binary.LittleEndian.Uint32(b[n-4:n]) {
		return header{}, errHeader
	}
	b = b[len(segmentMagic):]
	return header{
		ID:      binary.LittleEndian.Uint64(b),
		Lines:   int64(binary.LittleEndian.Uint64(b[8:])),
		Dropped: int64(binary.LittleEndian.Uint64(b[16:])),
	}, nil
}

// beginRecord leaves room for a frame; endRecord fills it in.
func beginRecord(dst []byte) ([]byte, int) {
	return append(dst, make([]byte, frameSize)...), len(dst)
}

func endRecord(dst []byte, start int) []byte {
	payload := dst[start+frameSize:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(dst[start+4:], castagnoli(payload))
	return dst
}

// recordState says what stands at the start of a run of bytes.
type recordState uint8

const (
	recordWhole  recordState = iota
	recordShort              // it goes on beyond the bytes given
	recordBroken             // no record begins here
)

// nextRecord returns the payload of the record at the start of b. Where the
// record is short, need is how many bytes it takes in all, as far as known.
func nextRecord(b []byte) (payload []byte, need int, state recordState) {
	if len(b) < frameSize {
		return nil, frameSize, recordShort
	}
	n := binary.LittleEndian.Uint32(b)
	if n == 0 || n > maxPayload {
		return nil, 0, recordBroken
	}
	need = frameSize + int(n)
	if len(b) < need {
		return nil, need, recordShort
	}
	payload = b[frameSize:need]
	if castagnoli(payload) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, 0, recordBroken
	}
	return payload, need, recordWhole
}

func appendLine(dst []byte, number int, l Line) []byte {
	dst, start := beginRecord(dst)
	dst = append(dst, byte(kindLine), byte(l.Level))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(nanos(l.Time)))
	dst = binary.AppendUvarint(dst, uint64(number))
	dst = append(dst, l.Message...)
	return endRecord(dst, start)
}

// rawLine is a line record whose message still lies in the buffer it was read
// into.
type rawLine struct {
	level   Level
	time    int64
	origin  int
	message []byte
}

func parseLine(payload []byte) (rawLine, bool) {
	if len(payload) <= lineHead || recordKind(payload[0]) != kindLine {
		return rawLine{}, false
	}
	number, n := binary.Uvarint(payload[lineHead:])
	if n <= 0 || number > math.MaxInt32 {
		return rawLine{}, false
	}
	return rawLine{
		level:   Level(payload[1]),
		time:    int64(binary.LittleEndian.Uint64(payload[2:])),
		origin:  int(number),
		message: payload[lineHead+n:],
	}, true
}

// origin is where lines come from; a segment numbers its origins from 0.
type origin struct {
	Stack     string `json:"stack,omitempty"`
	Service   string `json:"service"`
	Pod       string `json:"pod"`
	Container string `json:"container"`
}

func (l Line) origin() origin {
	return origin{Stack: l.Stack, Service: l.Service, Pod: l.Pod, Container: l.Container}
}

func appendOrigin(dst []byte, o origin) []byte {
	dst, start := beginRecord(dst)
	dst = append(dst, byte(kindOrigin))
	for _, s := range [...]string{o.Stack, o.Service, o.Pod, o.Container} {
		dst = appendString(dst, s)
	}
	return endRecord(dst, start)
}

func parseOrigin(payload []byte) (origin, bool) {
	var o origin
	rest := payload[1:]
	var ok bool
	for _, s := range [...]*string{&o.Stack, &o.Service, &o.Pod, &o.Container} {
		if *s, rest, ok = cutString(rest); !ok {
			return origin{}, false
		}
	}
	return o, true
}

func appendDropped(dst []byte, n int64) []byte {
	dst, start := beginRecord(dst)
	dst = append(dst, byte(kindDropped))
	dst = binary.AppendVarint(dst, n)
	return endRecord(dst, start)
}

func parseDropped(payload []byte) int64 {
	n, _ := binary.Varint(payload[1:])
	return n
}

func appendString(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func cutString(b []byte) (string, []byte, bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return "", nil, false
	}
	end := size + int(n)
	return string(b[size:end]), b[end:], true
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == noTime {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

package logs

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"time"
)

// The format of a segment is described in docs/log-store.md; this file, with
// group.go and index.go, is its only reader and writer of bytes.
const (
	rawMagic    = "DIOLOG\x02r" // groups as they were written
	packedMagic = "DIOLOG\x02z" // compressed blocks of groups, and an index
	olderMagic  = "DIOLOG\x00\x01"
	headerSize  = int64(len(rawMagic) + 8 + 8 + 8 + 8 + 4)
)

// recordKind is the first byte of a record; those up to [LevelFatal] are lines
// of that level.
type recordKind byte

const (
	kindOrigin   recordKind = 'O' // gives an origin its number
	kindPosition recordKind = 'P' // how far a container was stored when the segment began
	kindDropped  recordKind = 'D' // lines that were lost before they could be read
	kindFile     recordKind = 'F' // gives a file its number, and its mark
	kindMark     recordKind = 'M' // a file's mark
)

// noTime stands for the zero time. It comes before all others.
const noTime = math.MinInt64

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// header opens a segment. The counts make the store's counters recoverable
// from the first and the last segment alone.
type header struct {
	ID      uint64
	Lines   int64 // ever stored before this segment
	Dropped int64 // ever lost before this segment
	Begun   int64 // by the writer's clock, unix nanoseconds
	packed  bool
}

func (h header) bytes() []byte {
	dst := []byte(rawMagic)
	if h.packed {
		dst = []byte(packedMagic)
	}
	dst = binary.LittleEndian.AppendUint64(dst, h.ID)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Lines))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Dropped))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Begun))
	return binary.LittleEndian.AppendUint32(dst, castagnoli(dst))
}

var (
	errHeader = errors.New("not a segment of a log store")
	errOlder  = errors.New("a segment in the format of an earlier version")
)

func parseHeader(b []byte) (header, error) {
	n := int(headerSize)
	if len(b) >= len(olderMagic) && string(b[:len(olderMagic)]) == olderMagic {
		return header{}, errOlder
	}
	if len(b) < n || castagnoli(b[:n-4]) != binary.LittleEndian.Uint32(b[n-4:n]) {
		return header{}, errHeader
	}
	magic := string(b[:len(rawMagic)])
	if magic != rawMagic && magic != packedMagic {
		return header{}, errHeader
	}
	b = b[len(rawMagic):]
	return header{
		ID:      binary.LittleEndian.Uint64(b),
		Lines:   int64(binary.LittleEndian.Uint64(b[8:])),
		Dropped: int64(binary.LittleEndian.Uint64(b[16:])),
		Begun:   int64(binary.LittleEndian.Uint64(b[24:])),
		packed:  magic == packedMagic,
	}, nil
}

// origin is where lines come from; a segment numbers its origins.
type origin struct{ Stack, Service, Pod, Container string }

// lostOrigin stands for one whose record is damaged: no name that is stored is
// like it, since those are valid UTF-8. Its lines are passed over.
var lostOrigin = origin{Pod: "\xff"} //nolint:gochecknoglobals // a constant

func (l *Line) origin() origin {
	return origin{Stack: l.Stack, Service: l.Service, Pod: l.Pod, Container: l.Container}
}

// bounded keeps an origin's names to lengths that a record can hold; no name
// in Kubernetes is longer than 253 bytes.
func (o origin) bounded() origin {
	const most = 1 << 10
	for _, s := range [...]*string{&o.Stack, &o.Service, &o.Pod, &o.Container} {
		if len(*s) > most {
			*s = (*s)[:most]
		}
		*s = clean(*s)
	}
	return o
}

func appendOrigin(dst []byte, number int, o origin) []byte {
	body := binary.AppendUvarint(nil, uint64(number))
	for _, s := range [...]string{o.Stack, o.Service, o.Pod, o.Container} {
		body = appendString(body, s)
	}
	return appendRecord(dst, kindOrigin, body)
}

func parseOrigin(body []byte) (number int, o origin, ok bool) {
	if number, body, ok = cutNumber(body); !ok {
		return 0, origin{}, false
	}
	for _, s := range [...]*string{&o.Stack, &o.Service, &o.Pod, &o.Container} {
		if *s, body, ok = cutString(body); !ok {
			return 0, origin{}, false
		}
	}
	return number, o, true
}

func appendDropped(dst []byte, n int64) []byte {
	return appendRecord(dst, kindDropped, binary.AppendVarint(nil, n))
}

func parseDropped(body []byte) int64 {
	n, _ := binary.Varint(body)
	return n
}

// appendRecord writes a record that is no line.
func appendRecord(dst []byte, kind recordKind, body []byte) []byte {
	dst = append(dst, byte(kind))
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	return append(dst, body...)
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

// cutNumber reads a number that counts things of a segment.
func cutNumber(b []byte) (int, []byte, bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > maxNumber {
		return 0, nil, false
	}
	return int(n), b[size:], true
}

// maxNumber bounds the numbers of origins and files, so that a damaged one
// takes no memory.
const maxNumber = 1 << 20

// Times outside of what 64 bits of nanoseconds can say are kept as the
// earliest and the latest that they can.
const (
	earliestTime = int64(math.MinInt64 + 1)
	latestTime   = int64(math.MaxInt64)
)

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	// 1678 to 2261 are whole years of that range.
	if s := t.Unix(); s < earliestTime/1e9 {
		return earliestTime
	} else if s >= latestTime/1e9 {
		return latestTime
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == noTime {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

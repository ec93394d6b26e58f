// Package wire owns what the reader inside a node and the keeper say to each
// other: frames over two pipes, each with its length and a checksum.
//
// The keeper begins with [Start]. The reader then announces every file that it
// finds and reads none before the keeper has said from where it goes on. What
// follows are chunks of files, and how far the reader has come in time.
package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/s2"
)

// Kind is what a frame says.
type Kind uint8

// What the keeper says.
const (
	Start Kind = iota + 1 // Data: the namespaces whose Pods are wanted, with spaces between
	Go                    // File is read from Offset on
)

// What the reader says.
const (
	Hello    Kind = iota + 16 // first of all; Offset: [Version]
	Announce                  // File is there; Data: a [Source]
	Listed                    // all files that a container had when it was first looked at are announced; Data: a [Source]
	Chunk                     // Data: bytes of File from Offset on, in whole lines except where one is longer than a chunk
	End                       // File is read to its end, Offset, and nothing more comes of it
	Broken                    // the rest of File, from Offset on, cannot be read; Data: why
	Past                      // what follows is later than the time Past
)

// Version is of all that a reader and a keeper must agree on.
const Version = 1

// Frame is one thing said. A field that its kind does not have is zero.
type Frame struct {
	Kind   Kind
	File   uint32 // the number of a file in this session
	Offset int64  // in the file before any compression, in bytes
	// Past is a time in nanoseconds since 1970: what the reader says after
	// this frame is later, but for files that appear.
	Past int64
	Data []byte // of a frame that was read: valid until the next is read
}

const (
	headBytes = 9 // length, checksum, kind
	packed    = 0x80
	// MaxData bounds a frame's data.
	MaxData  = 1 << 20
	maxFrame = MaxData + MaxData/8 + 64
	// packFrom is the size from which data is compressed.
	packFrom = 512
)

// ErrTorn says that what came is not what was sent.
var ErrTorn = errors.New("a frame of the log reader came damaged")

// Writer writes frames. It is not safe for concurrent use.
type Writer struct {
	out  io.Writer
	pack bool
	buf  []byte
}

// NewWriter makes a writer of frames, which compresses their data where pack
// is true. Frames are collected until [Writer.Flush], or until there are many.
func NewWriter(w io.Writer, pack bool) *Writer { return &Writer{out: w, pack: pack} }

// collected is how much waits at most to be written at once.
const collected = 128 << 10

// Write writes a frame.
func (w *Writer) Write(f Frame) error {
	w.buf = Append(w.buf, f, w.pack)
	if len(w.buf) < collected {
		return nil
	}
	return w.Flush()
}

// Flush writes what was collected. It blocks for as long as the other side
// does not read.
func (w *Writer) Flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// Append adds a frame to dst.
func Append(dst []byte, f Frame, pack bool) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, headBytes)...)
	kind := byte(f.Kind)
	dst = binary.AppendUvarint(dst, uint64(f.File))
	dst = binary.AppendVarint(dst, f.Offset)
	dst = binary.AppendVarint(dst, f.Past)
	if pack && len(f.Data) >= packFrom {
		kind |= packed
		dst = appendPacked(dst, f.Data)
	} else {
		dst = append(dst, f.Data...)
	}
	head := dst[at:]
	binary.LittleEndian.PutUint32(head, uint32(len(head)-headBytes)) //nolint:gosec // bounded by MaxData
	head[8] = kind
	binary.LittleEndian.PutUint32(head[4:], sum(head[8:]))
	return dst
}

func appendPacked(dst, data []byte) []byte {
	most := s2.MaxEncodedLen(len(data))
	at := len(dst)
	if cap(dst)-at < most {
		grown := make([]byte, at, 2*(at+most))
		copy(grown, dst)
		dst = grown
	}
	return dst[:at+len(s2.Encode(dst[at:at+most], data))]
}

func sum(b []byte) uint32 { return uint32(xxhash.Sum64(b)) } //nolint:gosec // half of it will do

// Reader reads frames. It is not safe for concurrent use.
type Reader struct {
	in     *bufio.Reader
	buf    []byte
	opened []byte
}

// NewReader makes a reader of frames.
func NewReader(r io.Reader) *Reader { return &Reader{in: bufio.NewReaderSize(r, 64<<10)} }

// Next reads a frame. Where the other side ended between two frames it is
// io.EOF, and [ErrTorn] where what came is damaged: nothing after it can be
// understood.
func (r *Reader) Next() (Frame, error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return Frame{}, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxFrame {
		return Frame{}, fmt.Errorf("%w: it would have %d bytes", ErrTorn, n)
	}
	need := int(n) + 1
	if cap(r.buf) < need {
		r.buf = make([]byte, need)
	}
	r.buf = r.buf[:need]
	r.buf[0] = head[8]
	if _, err := io.ReadFull(r.in, r.buf[1:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Frame{}, err
	}
	if sum(r.buf) != binary.LittleEndian.Uint32(head[4:]) {
		return Frame{}, fmt.Errorf("%w: its checksum is another", ErrTorn)
	}
	return r.parse(r.buf[0], r.buf[1:])
}

func (r *Reader) parse(kind byte, b []byte) (Frame, error) {
	f := Frame{Kind: Kind(kind &^ packed)}
	file, n := binary.Uvarint(b)
	if n <= 0 || file > 1<<32-1 {
		return Frame{}, fmt.Errorf("%w: it has no file", ErrTorn)
	}
	f.File, b = uint32(file), b[n:]
	for _, to := range []*int64{&f.Offset, &f.Past} {
		value, n := binary.Varint(b)
		if n <= 0 {
			return Frame{}, fmt.Errorf("%w: it is too short", ErrTorn)
		}
		*to, b = value, b[n:]
	}
	f.Data = b
	if kind&packed == 0 {
		return f, nil
	}
	if size, err := s2.DecodedLen(b); err != nil || size > MaxData {
		return Frame{}, fmt.Errorf("%w: it holds too much", ErrTorn)
	}
	opened, err := s2.Decode(r.opened[:cap(r.opened)], b)
	if err != nil {
		return Frame{}, fmt.Errorf("%w: %w", ErrTorn, err)
	}
	r.opened, f.Data = opened, opened
	return f, nil
}

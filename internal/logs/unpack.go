package logs

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// idleUnpackers bounds how many are kept between calls.
const idleUnpackers = 16

// unpacker reads blocks. It is used by one goroutine at a time.
type unpacker struct {
	decoder  *zstd.Decoder
	packed   []byte
	records  []byte
	messages []byte
	spots    []spot // of the block that is searched backward
}

// unpacker is one of those that lie idle, or a new one.
func (f *Files) unpacker() *unpacker {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.idle); n > 0 {
		u := f.idle[n-1]
		f.idle = f.idle[:n-1]
		return u
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxIndex))
	if err != nil {
		panic(fmt.Sprintf("logs: options of the decoder: %v", err)) // they are constants
	}
	return &unpacker{decoder: d}
}

func (f *Files) release(u *unpacker) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.idle) < idleUnpackers {
		f.idle = append(f.idle, u)
	}
}

// load reads the groups of a block of a raw segment. They are valid until the
// next block is loaded.
func (u *unpacker) load(s *openSegment, b *block) (groups []byte, err error) {
	data, err := u.read(s, b.offset, b.size)
	return sound(data), err
}

// loadMessages reads the messages of a block of a packed segment, and
// loadRecords all but these. What is damaged is empty.
func (u *unpacker) loadMessages(s *openSegment, b *block) (err error) {
	u.messages, err = u.unpack(s, b.place+int64(b.records.length), b.messages, u.messages)
	return err
}

func (u *unpacker) loadRecords(s *openSegment, b *block) (err error) {
	u.records, err = u.unpack(s, b.place, b.records, u.records)
	return err
}

// walk goes over a block, whatever the segment's form. It is without its
// messages where they are not needed and not loaded with the rest anyway.
func (u *unpacker) walk(s *openSegment, b *block, messages bool) (walker, error) {
	if !s.header.packed {
		groups, err := u.load(s, b)
		return walk(groups, s.header.Begun), err
	}
	w := walker{split: true, size: b.messages.size, base: s.header.Begun}
	if messages {
		if err := u.loadMessages(s, b); err != nil {
			return w, err
		}
		w.messages, w.size = u.messages, len(u.messages)
	}
	err := u.loadRecords(s, b)
	w.data = u.records
	return w, err
}

// read reads from a segment's file. Where that is too short, it is empty.
func (u *unpacker) read(s *openSegment, place int64, length int) ([]byte, error) {
	if cap(u.packed) < length {
		u.packed = make([]byte, max(length, 64<<10))
	}
	data := u.packed[:length]
	n, err := s.file.ReadAt(data, place)
	switch {
	case n == length:
		return data, nil
	case errors.Is(err, io.EOF):
		return nil, nil
	}
	return nil, fmt.Errorf("read the log store: %w", err)
}

func (u *unpacker) unpack(s *openSegment, place int64, p piece, dst []byte) ([]byte, error) {
	dst = dst[:0]
	data, err := u.read(s, place, p.length)
	if err != nil || castagnoli(data) != p.checksum {
		return dst, err
	}
	if cap(dst) < p.size {
		dst = make([]byte, 0, max(p.size, blockBytes))
	}
	raw, err := u.decoder.DecodeAll(data, dst)
	if err != nil || len(raw) != p.size {
		return dst, nil //nolint:nilerr // a damaged block is passed over
	}
	return raw, nil
}

// sound is the run of sound groups that data begins with.
func sound(data []byte) []byte {
	at := 0
	for at < len(data) {
		_, size, state := nextGroup(data[at:])
		if state != groupWhole {
			break
		}
		at += size
	}
	return data[:at]
}

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
	decoder *zstd.Decoder
	packed  []byte
	raw     []byte
	spots   []spot // of the block that is searched backward
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

// load reads a block's groups. They are valid until the next block is loaded.
// A block that is damaged is empty.
func (u *unpacker) load(s *openSegment, b *block) ([]byte, error) {
	length, place := b.size, b.offset
	if s.header.packed {
		length, place = b.length, b.place
	}
	if cap(u.packed) < length {
		u.packed = make([]byte, max(length, 64<<10))
	}
	data := u.packed[:length]
	if n, err := s.file.ReadAt(data, place); n < length {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, fmt.Errorf("read the log store: %w", err)
	}
	if !s.header.packed {
		return sound(data), nil
	}
	if castagnoli(data) != b.checksum {
		return nil, nil
	}
	if cap(u.raw) < b.size {
		u.raw = make([]byte, max(b.size, blockBytes))
	}
	raw, err := u.decoder.DecodeAll(data, u.raw[:0])
	if err != nil || len(raw) != b.size {
		return nil, nil //nolint:nilerr // a damaged block is passed over
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

package logs

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// errPackStopped says that packing was to end before it was done.
var errPackStopped = errors.New("stopped")

// packer rewrites raw segments compressed, one at a time.
type packer struct {
	encoder  *zstd.Encoder
	filter   filterMaker
	raw      []byte
	records  []byte // of a block
	messages []byte
	packed   []byte
	filters  []byte // of all blocks
}

// packWindow is how far back the encoder looks for what comes again. Log lines
// repeat what is near, and near places take less room to say.
const packWindow = 64 << 10

func newPacker() (*packer, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(packWindow), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	return &packer{encoder: e}, nil
}

// pack writes the raw segment at a path into a new file beside it and returns
// that file's path. Stopped is asked between blocks.
func (p *packer) pack(path string, latest int64, sync bool, stopped func() bool) (packed string, err error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return "", err
	}
	h, err := readHeader(in)
	if err != nil {
		return "", err
	}
	c := newContent(h)
	if err := c.extend(in, info.Size(), latest, nil); err != nil {
		return "", err
	}
	out, err := os.OpenFile(path+newSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	err = p.write(out, in, c, stopped)
	if err == nil && sync {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return "", errors.Join(err, removeFile(out.Name()))
	}
	return out.Name(), nil
}

func (p *packer) write(out io.Writer, in io.ReaderAt, c *content, stopped func() bool) error {
	c.header.packed = true
	w := bufio.NewWriterSize(out, 64<<10)
	if _, err := w.Write(c.header.bytes()); err != nil {
		return err
	}
	place := headerSize
	p.filters = p.filters[:0]
	for i := range c.blocks {
		if stopped() {
			return errPackStopped
		}
		b := &c.blocks[i]
		if err := p.block(in, c.header.Begun, b); err != nil {
			return err
		}
		b.place = place
		before := len(p.filters)
		p.filters = p.filter.finish(p.filters)
		b.filter = len(p.filters) - before
		place += int64(len(p.packed))
		if _, err := w.Write(p.packed); err != nil {
			return err
		}
	}
	c.filters, c.filtersLen = place, len(p.filters)
	if _, err := w.Write(p.filters); err != nil {
		return err
	}
	place += int64(len(p.filters))
	index := p.encoder.EncodeAll(c.appendIndex(nil), nil)
	if _, err := w.Write(appendTrailer(index, place, index)); err != nil {
		return err
	}
	return w.Flush()
}

// block compresses a block, its records and its messages each for itself, and
// gathers its filter.
func (p *packer) block(in io.ReaderAt, base int64, b *block) error {
	if cap(p.raw) < b.size {
		p.raw = make([]byte, max(b.size, blockBytes))
	}
	raw := p.raw[:b.size]
	if _, err := in.ReadAt(raw, b.offset); err != nil {
		return fmt.Errorf("read a block: %w", err)
	}
	clearChecksums(raw)
	p.records, p.messages = p.records[:0], p.messages[:0]
	done := 0
	for w := walk(raw, base); w.step(); {
		if w.line() {
			p.filter.add(w.body)
			p.records = append(p.records, raw[done:w.bodyAt]...)
			p.messages = append(p.messages, w.body...)
			done = w.next
		}
	}
	p.records = append(p.records, raw[done:]...)
	p.packed = p.encoder.EncodeAll(p.records, p.packed[:0])
	b.records = piece{length: len(p.packed), size: len(p.records), checksum: castagnoli(p.packed)}
	p.packed = p.encoder.EncodeAll(p.messages, p.packed)
	messages := p.packed[b.records.length:]
	b.messages = piece{length: len(messages), size: len(p.messages), checksum: castagnoli(messages)}
	return nil
}

// clearChecksums takes the groups' checksums away, which do not compress: the
// block has its own.
func clearChecksums(groups []byte) {
	for len(groups) > frameSize {
		binary.LittleEndian.PutUint32(groups[4:], 0)
		groups = groups[min(len(groups), frameSize+int(binary.LittleEndian.Uint32(groups))):]
	}
}

package logs

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A packed segment ends with the filters of its blocks, its index, which is
// compressed, and a trailer that says where that lies.
const (
	trailerMagic = "DIOLOGIX"
	trailerSize  = 8 + 4 + 4 + len(trailerMagic)
	maxIndex     = 64 << 20
	maxBlock     = blockBytes + frameSize + maxPayload
)

var errIndex = errors.New("the index of a packed segment is damaged")

func (c *content) appendIndex(dst []byte) []byte {
	for _, n := range [...]int64{c.end, c.lines, c.dropped, c.filters, int64(c.filtersLen), int64(len(c.origins))} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	for _, o := range c.origins {
		for _, s := range [...]string{o.Stack, o.Service, o.Pod, o.Container} {
			dst = appendString(dst, s)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.blocks)))
	for i := range c.blocks {
		dst = c.blocks[i].appendTo(dst)
	}
	return dst
}

func (b *block) appendTo(dst []byte) []byte {
	for _, n := range [...]int64{
		b.offset, int64(b.size), b.place, int64(b.records.length), int64(b.records.size), int64(b.records.checksum),
		int64(b.messages.length), int64(b.messages.checksum), int64(b.filter),
	} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	for _, t := range [...]int64{b.first, b.last, b.late} {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(t))
	}
	for _, n := range b.counts {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	return appendString(dst, string(b.from))
}

// indexReader takes an index apart; after the first error everything is zero.
type indexReader struct {
	rest   []byte
	failed bool
}

func (r *indexReader) number(most int64) int64 {
	n, size := binary.Uvarint(r.rest)
	if r.failed || size <= 0 || n > uint64(most) {
		r.failed = true
		return 0
	}
	r.rest = r.rest[size:]
	return int64(n)
}

func (r *indexReader) time() int64 {
	if r.failed || len(r.rest) < 8 {
		r.failed = true
		return 0
	}
	t := int64(binary.LittleEndian.Uint64(r.rest))
	r.rest = r.rest[8:]
	return t
}

func (r *indexReader) text() string {
	s, rest, ok := cutString(r.rest)
	if r.failed || !ok {
		r.failed = true
		return ""
	}
	r.rest = rest
	return s
}

// parseIndex reads the index of a file of that size.
func parseIndex(h header, index []byte, size int64) (*content, bool) {
	const huge = int64(1) << 60
	c, r := newContent(h), indexReader{rest: index}
	c.end, c.lines, c.dropped = r.number(huge), r.number(huge), r.number(huge)
	c.filters, c.filtersLen = r.number(size), int(r.number(size))
	for n := r.number(maxNumber); n > 0 && !r.failed; n-- {
		c.origins = append(c.origins, origin{Stack: r.text(), Service: r.text(), Pod: r.text(), Container: r.text()})
	}
	filterAt, before := 0, headerSize
	for n := r.number(huge); n > 0 && !r.failed; n-- {
		b := r.block(size)
		b.filterAt = filterAt
		filterAt += b.filter
		if b.offset < before || b.end() > c.end || filterAt > c.filtersLen {
			return nil, false
		}
		before = b.end()
		c.blocks = append(c.blocks, b)
	}
	return c, !r.failed && c.end >= headerSize && c.filters+int64(c.filtersLen) <= size
}

// block reads what the index of a file of that size says of one block.
func (r *indexReader) block(size int64) block {
	const huge = int64(1) << 60
	b := block{
		offset: r.number(huge), size: int(r.number(int64(maxBlock))), place: r.number(size),
		records:  piece{length: int(r.number(size)), size: int(r.number(int64(maxBlock))), checksum: uint32(r.number(1<<32 - 1))},
		messages: piece{length: int(r.number(size)), checksum: uint32(r.number(1<<32 - 1))},
		filter:   int(r.number(size)),
		first:    r.time(), last: r.time(), late: r.time(),
	}
	for l := range b.counts {
		b.counts[l] = r.number(huge)
	}
	if b.messages.size = b.size - b.records.size; b.messages.size < 0 {
		r.failed = true
	}
	b.from = bitSet(r.text())
	return b
}

// readIndex reads the index of a packed segment.
func readIndex(h header, r io.ReaderAt, size int64, d *zstd.Decoder) (*content, error) {
	trailer := make([]byte, trailerSize)
	if size < headerSize+int64(trailerSize) {
		return nil, errIndex
	}
	if _, err := r.ReadAt(trailer, size-int64(trailerSize)); err != nil {
		return nil, err
	}
	place, length := int64(binary.LittleEndian.Uint64(trailer)), int64(binary.LittleEndian.Uint32(trailer[8:]))
	if string(trailer[16:]) != trailerMagic || place < headerSize || place > size || length > size-place {
		return nil, errIndex
	}
	packed := make([]byte, length)
	if _, err := r.ReadAt(packed, place); err != nil {
		return nil, err
	}
	if castagnoli(packed) != binary.LittleEndian.Uint32(trailer[12:]) {
		return nil, errIndex
	}
	index, err := d.DecodeAll(packed, nil)
	if err != nil {
		return nil, errIndex
	}
	c, ok := parseIndex(h, index, size)
	if !ok {
		return nil, errIndex
	}
	return c, nil
}

func appendTrailer(dst []byte, place int64, index []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(place))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(index)))
	dst = binary.LittleEndian.AppendUint32(dst, castagnoli(index))
	return append(dst, trailerMagic...)
}

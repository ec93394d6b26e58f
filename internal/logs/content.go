package logs

import (
	"encoding/binary"
	"slices"
	"time"
)

const (
	// blockBytes is how long a block becomes before the next is begun. What is
	// searched is unpacked block by block.
	blockBytes = 512 << 10
	// ahead is how much later than the writer's clock a line's time may be and
	// be believed.
	ahead = int64(time.Hour)
)

// block is what is known of a run of a segment's groups.
type block struct {
	offset int64 // of its first group in the segment as it was written
	size   int   // of its groups
	first  int64 // earliest and latest time of its lines, [noTime] among them
	last   int64
	late   int64 // the latest time that is believed
	counts LevelCounts
	from   bitSet // the origins that occur

	// Of a packed segment: where its two parts lie, one after the other.
	place    int64
	records  piece // the groups without messages
	messages piece
	filterAt int // in the file's filters
	filter   int // its length
}

// piece is a compressed part of a block.
type piece struct {
	length   int // in the file
	size     int // unpacked
	checksum uint32
}

func (b *block) end() int64 { return b.offset + int64(b.size) }

// bitSet is a set of small numbers.
type bitSet []byte

func (s *bitSet) add(n int) {
	for len(*s) <= n/8 {
		*s = append(*s, 0)
	}
	(*s)[n/8] |= 1 << (n % 8)
}

func (s bitSet) has(n int) bool { return n/8 < len(s) && s[n/8]&(1<<(n%8)) != 0 }

// content is what is known of a segment. A copy stays true while the original
// goes on, once it is [content.snapshot].
type content struct {
	header  header
	origins []origin
	blocks  []block
	end     int64 // just after the last whole batch
	lines   int64
	dropped int64

	// Of a packed segment.
	filters    int64 // where the filters of all blocks lie in the file
	filtersLen int
}

func newContent(h header) *content { return &content{header: h, end: headerSize} }

// snapshot is a copy of its own of all that may change.
func (c *content) snapshot() *content {
	s := *c
	s.blocks = slices.Clone(c.blocks)
	s.origins = slices.Clone(c.origins)
	if n := len(s.blocks); n > 0 {
		s.blocks[n-1].from = slices.Clone(s.blocks[n-1].from)
	}
	return &s
}

// takeGroups takes in the groups of a whole batch that stands at that offset.
func (c *content) takeGroups(groups []byte, offset, latest int64) {
	for len(groups) > 0 {
		size := frameSize + int(binary.LittleEndian.Uint32(groups))
		c.takeGroup(groups[:size], offset, latest)
		groups, offset = groups[size:], offset+int64(size)
	}
	c.end = offset
}

func (c *content) takeGroup(group []byte, offset, latest int64) {
	n := len(c.blocks)
	if n == 0 || c.blocks[n-1].end() != offset || c.blocks[n-1].size+len(group) > blockBytes {
		c.blocks = append(c.blocks, block{offset: offset, first: latestTime, last: noTime, late: noTime})
		n++
	}
	b := &c.blocks[n-1]
	b.size += len(group)
	last := -1
	for w := walk(group, c.header.Begun); w.step(); {
		if !w.line() {
			c.takeRecord(&w)
			continue
		}
		if w.number >= len(c.origins) || c.origins[w.number] == lostOrigin {
			continue
		}
		c.lines++
		b.counts[w.kind]++
		b.first, b.last = min(b.first, w.time), max(b.last, w.time)
		if w.time <= latest {
			b.late = max(b.late, w.time)
		}
		if w.number != last {
			last = w.number
			b.from.add(last)
		}
	}
}

func (c *content) takeRecord(w *walker) {
	switch w.kind {
	case kindOrigin:
		number, o, ok := parseOrigin(w.body)
		if !ok {
			return
		}
		for len(c.origins) <= number {
			c.origins = append(c.origins, lostOrigin)
		}
		c.origins[number] = o
	case kindDropped:
		c.dropped += parseDropped(w.body)
	case kindPosition, kindFile, kindMark:
	}
}

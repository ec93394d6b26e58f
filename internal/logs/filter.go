package logs

import "encoding/binary"

// A filter says which runs of three bytes a block's messages hold: those that
// begin at even places of a message, each hashed to a bit. A text that is in a
// message has either all of its runs at even places there, or all of those at
// odd ones. The bytes are folded so that the cases of ASCII letters are one.
const (
	filterBits    = 14  // of the largest filter
	leastFilter   = 512 // bits
	foldMask      = 0x202020
	gramMask      = 0xffffff
	gramMultiply  = 0x9E3779B1
	filterMinText = 4 // shorter texts cannot be filtered
)

func gramHash(gram uint32) uint32 {
	return (gram | foldMask) & gramMask * gramMultiply >> (32 - filterBits)
}

// filterMaker gathers the filter of one block after the other, a byte for each
// bit: to set one is then a single store.
type filterMaker struct{ seen [1 << filterBits]byte }

func (f *filterMaker) add(message []byte) {
	for len(message) >= 8 {
		eight := binary.LittleEndian.Uint64(message)
		f.seen[gramHash(uint32(eight))] = 1
		f.seen[gramHash(uint32(eight>>16))] = 1
		f.seen[gramHash(uint32(eight>>32))] = 1
		message = message[6:]
	}
	for len(message) >= 3 {
		f.seen[gramHash(uint32(message[0])|uint32(message[1])<<8|uint32(message[2])<<16)] = 1
		message = message[2:]
	}
}

// finish appends the filter, as small as it can be without becoming too full,
// and begins the next.
func (f *filterMaker) finish(dst []byte) []byte {
	bits := f.seen[:]
	// So full is good enough: half of the runs that a block does not have are
	// told, and a text has several.
	for len(bits) > leastFilter && 4*sum(bits) < len(bits) {
		half := len(bits) / 2
		for i := range half {
			bits[i] |= bits[half+i]
		}
		bits = bits[:half]
	}
	for ; len(bits) > 0; bits = bits[8:] {
		b := byte(0)
		for i, bit := range bits[:8] {
			b |= bit << i
		}
		dst = append(dst, b)
	}
	clear(f.seen[:])
	return dst
}

func sum(bits []byte) int {
	n := 0
	for _, b := range bits {
		n += int(b)
	}
	return n
}

// grams are the hashes of a text's runs that begin at even and at odd places;
// both are needed, and are empty for a text that is too short.
type grams [2][]uint32

func gramsOf(text []byte) grams {
	var g grams
	if len(text) < filterMinText {
		return g
	}
	for i := 0; i+3 <= len(text); i++ {
		h := gramHash(uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16)
		g[i%2] = append(g[i%2], h)
	}
	return g
}

// mayBeIn reports whether a block with that filter may hold the text.
func (g grams) mayBeIn(filter []byte) bool {
	if len(g[1]) == 0 || len(filter) == 0 || len(filter)&(len(filter)-1) != 0 {
		return true
	}
	return allSet(g[0], filter) || allSet(g[1], filter)
}

func allSet(hashes []uint32, filter []byte) bool {
	mask := uint32(len(filter)*8 - 1)
	for _, h := range hashes {
		if h &= mask; filter[h>>3]&(1<<(h&7)) == 0 {
			return false
		}
	}
	return true
}

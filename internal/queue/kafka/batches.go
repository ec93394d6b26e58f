package kafka

import (
	"encoding/binary"
	"iter"
)

// batchHead is what comes before a batch's length: its first offset, 8 bytes,
// and the length itself, 4 (KIP-98; the message sets before it are the same).
const batchHead = 12

// batches are the record batches in what a broker sends of a partition, each by
// itself, so that only one need be unpacked at a time. The last, which may be
// cut off, is left out where it is.
func batches(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(data) > batchHead {
			length := int64(int32(binary.BigEndian.Uint32(data[8:])))
			if length <= 0 || length+batchHead > int64(len(data)) {
				return
			}
			if !yield(data[:batchHead+length]) {
				return
			}
			data = data[batchHead+length:]
		}
	}
}

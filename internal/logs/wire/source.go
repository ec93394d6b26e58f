package wire

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Source says which container a file is of, and which of its files.
type Source struct {
	Pod       string
	UID       string // the Pod's
	Container string
	// Run counts the container's starts from 0.
	Run int
	// First is what the file begins with: the time of its first line in
	// nanoseconds since 1970, or a hash of it where that has none. Renamed and
	// compressed, the file keeps it.
	First int64
}

// ContainerID names the container among all that ever were.
func (s Source) ContainerID() string { return s.UID + "/" + s.Container }

// FileID names the file among all that ever were.
func (s Source) FileID() string {
	return s.ContainerID() + "/" + strconv.Itoa(s.Run) + "/" + strconv.FormatInt(s.First, 36)
}

// Append adds the source to dst, as the data of a frame.
func (s Source) Append(dst []byte) []byte {
	for _, text := range [...]string{s.Pod, s.UID, s.Container} {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
		dst = append(dst, text...)
	}
	dst = binary.AppendVarint(dst, int64(s.Run))
	return binary.AppendVarint(dst, s.First)
}

// ParseSource reads what [Source.Append] wrote.
func ParseSource(b []byte) (Source, error) {
	var s Source
	for _, to := range [...]*string{&s.Pod, &s.UID, &s.Container} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return Source{}, fmt.Errorf("%w: a name is cut off", ErrTorn)
		}
		*to, b = string(b[n:n+int(size)]), b[n+int(size):] //nolint:gosec // at most len(b)
	}
	run, n := binary.Varint(b)
	if n <= 0 {
		return Source{}, fmt.Errorf("%w: a file has no number", ErrTorn)
	}
	first, m := binary.Varint(b[n:])
	if m <= 0 {
		return Source{}, fmt.Errorf("%w: a file has no beginning", ErrTorn)
	}
	s.Run, s.First = int(run), first
	return s, nil
}

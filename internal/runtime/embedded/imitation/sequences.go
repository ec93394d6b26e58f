package imitation

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// kfake knows what an idempotent producer has written, so that what is sent
// again is not there twice. It writes that down only as it ends in good order,
// into seq_windows.json: killed, it took a record for new whose answer had
// been lost. What is needed stands in the records themselves, and is taken
// from there when the broker was killed.

// sequence is what one producer has last written to a partition, in kfake's
// own format.
type sequence struct {
	PID       int64    `json:"pid"`
	Topic     string   `json:"topic"`
	Partition int32    `json:"partition"`
	Entries   [5]batch `json:"entries"` // a ring
	Count     uint8    `json:"count"`
	At        uint8    `json:"at"`
	Epoch     int16    `json:"epoch"`
	Seen      bool     `json:"seen"`
	NextSeq   int32    `json:"next_seq"`
}

type batch struct {
	FirstSeq int32 `json:"first_seq"`
	NextSeq  int32 `json:"next_seq"`
	Offset   int64 `json:"offset"`
}

func (s *sequence) add(epoch int16, b batch) {
	if !s.Seen || epoch != s.Epoch {
		s.Seen, s.Epoch, s.At, s.Count = true, epoch, 0, 0
		s.Entries = [5]batch{}
	}
	s.NextSeq = b.NextSeq
	s.Entries[s.At] = b
	s.At = (s.At + 1) % uint8(len(s.Entries))
	s.Count = min(s.Count+1, uint8(len(s.Entries)))
}

// closedFile says that the broker ended in good order.
func closedFile(folder string) string { return filepath.Join(folder, "closed") }

// sequencesFile is the broker's own, written as it ends.
func sequencesFile(folder string) string { return filepath.Join(folder, "seq_windows.json") }

// noteClosed is called once the broker has ended in good order. One that could
// not write its file has not.
func noteClosed(folder string) error {
	if _, err := os.Stat(sequencesFile(folder)); err != nil {
		return fmt.Errorf("end the imitation of kafka: %w", err)
	}
	return os.WriteFile(closedFile(folder), nil, 0o600)
}

// forgetSequences is called once the broker has begun: what it then writes
// there is new.
func forgetSequences(folder string) error {
	err := os.Remove(sequencesFile(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// restoreSequences is called before the broker begins.
func restoreSequences(folder string) error {
	err := os.Remove(closedFile(folder))
	if err == nil {
		return nil // the broker's own file is right
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	partitions, err := filepath.Glob(filepath.Join(folder, "partitions", "*"))
	if err != nil || len(partitions) == 0 {
		return err
	}
	var all []*sequence
	for _, partition := range partitions {
		found, err := sequencesOf(partition)
		if err != nil {
			return fmt.Errorf("read what producers have written to %s: %w", filepath.Base(partition), err)
		}
		all = append(all, found...)
	}
	data, err := json.Marshal(map[string]any{"version": 1, "windows": all})
	if err != nil {
		return err
	}
	fresh := sequencesFile(folder) + ".tmp" // the broker deletes it where it is left
	if err := os.WriteFile(fresh, data, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, sequencesFile(folder))
}

// sequencesOf reads a partition's records: files of batches, each called by
// the offset that it begins with.
func sequencesOf(partition string) ([]*sequence, error) {
	name := filepath.Base(partition)
	cut := strings.LastIndex(name, "-")
	number, err := strconv.ParseInt(name[cut+1:], 10, 32)
	if cut < 0 || err != nil {
		return nil, nil //nolint:nilerr // none of the broker's folders
	}
	topic, err := url.PathUnescape(name[:cut])
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(partition, "*.dat"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	var all []*sequence
	known := make(map[int64]*sequence)
	for _, file := range files {
		err := eachBatch(file, func(header []byte) {
			pid := int64(binary.BigEndian.Uint64(header[43:])) //nolint:gosec // as it was written
			const control = 0x20
			if pid < 0 || binary.BigEndian.Uint16(header[21:])&control != 0 {
				return
			}
			s, ok := known[pid]
			if !ok {
				s = &sequence{PID: pid, Topic: topic, Partition: int32(number)}
				known[pid] = s
				all = append(all, s)
			}
			first, records := binary.BigEndian.Uint32(header[53:]), binary.BigEndian.Uint32(header[57:])
			s.add(int16(binary.BigEndian.Uint16(header[51:])), batch{ //nolint:gosec // as it was written
				FirstSeq: int32(first),                                             //nolint:gosec // as it was written
				NextSeq:  int32((uint64(first) + uint64(records)) % math.MaxInt32), //nolint:gosec // below MaxInt32
				Offset:   int64(binary.BigEndian.Uint64(header)),                   //nolint:gosec // as it was written
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Where a batch has what, as https://kafka.apache.org/documentation/#recordbatch
// has it: its length counts from lengthEnd on, and its sum from sumEnd on.
const (
	lengthEnd = 12
	sumEnd    = 21
	headerEnd = 61
)

// eachBatch calls see with each whole batch of a file. The first that is not
// whole ends it: the broker drops that and what comes after it.
func eachBatch(file string, see func(header []byte)) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	reader := bufio.NewReader(in)
	table := crc32.MakeTable(crc32.Castagnoli)
	buffer := make([]byte, headerEnd)
	for left := info.Size(); left >= headerEnd; {
		if _, err := io.ReadFull(reader, buffer[:lengthEnd]); err != nil {
			return err
		}
		size := lengthEnd + int64(binary.BigEndian.Uint32(buffer[8:]))
		if size < headerEnd || size > left {
			return nil
		}
		buffer = slices.Grow(buffer[:lengthEnd], int(size))[:size]
		if _, err := io.ReadFull(reader, buffer[lengthEnd:]); err != nil {
			return err
		}
		if crc32.Checksum(buffer[sumEnd:], table) != binary.BigEndian.Uint32(buffer[17:]) {
			return nil
		}
		see(buffer)
		left -= size
	}
	return nil
}

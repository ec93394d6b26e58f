package logs

import (
	"errors"
	"fmt"
	"os"
)

// active is the segment that is being written.
type active struct {
	file    *os.File
	header  header
	sum     summary
	numbers map[origin]int
	buf     []byte
	// torn is set when a failed write could not be taken back: nothing more
	// goes into this segment.
	torn bool
}

func createActive(dir string, h header) (*active, error) {
	f, err := os.OpenFile(segmentPath(dir, h.ID), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin a segment of the log store: %w", err)
	}
	if _, err := f.Write(h.bytes()); err != nil {
		return nil, errors.Join(fmt.Errorf("begin a segment of the log store: %w", err), f.Close(), os.Remove(f.Name()))
	}
	return &active{file: f, header: h, sum: newSummary(), numbers: make(map[origin]int)}, nil
}

func (a *active) full(limit int64) bool { return a.torn || a.sum.End >= limit }

// write stores the lines that fit and returns how many those are; at least
// one where there is one.
func (a *active) write(lines []Line, limit int64) (int, error) {
	a.buf = a.buf[:0]
	first, n := len(a.numbers), 0
	for n < len(lines) && (n == 0 || a.sum.End+int64(len(a.buf)) < limit) {
		l := lines[n]
		l.Message = clean(l.Message)
		o := bounded(l.origin())
		number, known := a.numbers[o]
		if !known {
			number = len(a.numbers)
			a.numbers[o] = number
			a.buf = appendOrigin(a.buf, o)
		}
		a.buf = appendLine(a.buf, number, l)
		n++
	}
	if err := a.writeRecords(a.buf); err != nil {
		for o, number := range a.numbers {
			if number >= first {
				delete(a.numbers, o)
			}
		}
		return 0, err
	}
	return n, nil
}

// writeRecords adds whole records, or takes back what it wrote of them.
func (a *active) writeRecords(records []byte) error {
	if a.torn {
		return errors.New("an earlier write failed")
	}
	if _, err := a.file.WriteAt(records, a.sum.End); err != nil {
		if undo := a.file.Truncate(a.sum.End); undo != nil {
			a.torn = true
		}
		return err
	}
	a.sum.addAll(records, nil)
	return nil
}

// bounded keeps an origin's names to lengths that a record can hold; no name
// in Kubernetes is longer than 253 bytes.
func bounded(o origin) origin {
	const most = 1 << 10
	for _, s := range [...]*string{&o.Stack, &o.Service, &o.Pod, &o.Container} {
		if len(*s) > most {
			*s = (*s)[:most]
		}
		*s = clean(*s)
	}
	return o
}

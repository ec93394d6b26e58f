package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// segmentFile is what the active segment is written to: a file.
type segmentFile interface {
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// active is the segment that is being written.
type active struct {
	file    segmentFile
	header  header
	end     int64
	lines   int64
	dropped int64
	wrote   int64 // when the last of it was stored; 0: not known
	sources map[origin]*source
	recent  [256]*source // those met last, by a few bytes of their names
	files   int          // how many have a number
	groups  groupWriter
	next    int       // the number of the next source
	touched []*source // of the lines of the batch, one each
	newest  int       // the first source's number that the batch has made
	// torn is set when a failed write could not be taken back: nothing more
	// goes into this segment.
	torn bool
}

// source is an origin that has lines in the active segment.
type source struct {
	origin   origin
	number   int
	position *Position
}

func newActive(f segmentFile, h header) *active {
	return &active{file: f, header: h, end: headerSize, sources: make(map[origin]*source)}
}

// createActive begins a segment with the records that say how far everything
// is stored. It is there as a whole or not at all: readers and a later
// [Open] take a segment without a whole batch for one that was never begun.
func createActive(dir string, h header, carry func(*groupWriter) int) (*active, error) {
	path := segmentPath(dir, h.ID)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin a segment of the log store: %w", err)
	}
	a := newActive(f, h)
	a.begin()
	a.files = carry(&a.groups)
	groups := a.groups.finish()
	if _, err := f.WriteAt(append(h.bytes(), groups...), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("begin a segment of the log store: %w", err), f.Close(), removeFile(path))
	}
	a.end += int64(len(groups))
	return a, nil
}

func (a *active) full(limit int64) bool { return a.torn || a.end >= limit }

// aged reports whether the segment has been written for so long that the next
// is begun, so that old lines can go while there are few new ones.
func (a *active) aged(now time.Time, maxAge time.Duration) bool {
	return a.lines > 0 && maxAge > 0 && now.UnixNano()-a.header.Begun > int64(maxAge/8)
}

// begin begins a batch.
func (a *active) begin() {
	a.groups.reset(a.header.Begun)
	a.touched, a.newest = a.touched[:0], a.next
}

// add adds a line to the batch. The position is that of its container.
func (a *active) add(l *Line, position func(*Line) *Position) {
	src := a.source(l, position)
	a.groups.line(l.Level, src.number, nanos(l.Time), clean(l.Message))
	a.touched = append(a.touched, src)
}

func (a *active) source(l *Line, position func(*Line) *Position) *source {
	slot := &a.recent[mixed(l.Pod, l.Container)]
	if src := *slot; src != nil && src.origin.Pod == l.Pod && src.origin.Container == l.Container &&
		src.origin.Service == l.Service && src.origin.Stack == l.Stack {
		return src
	}
	o := l.origin()
	src := a.sources[o]
	if src == nil {
		src = &source{origin: o, number: a.next, position: position(l)}
		a.next++
		a.sources[o] = src
		a.groups.room()
		a.groups.buf = appendOrigin(a.groups.buf, src.number, o.bounded())
	}
	*slot = src
	return src
}

// mixed is a cheap hash: names of Pods differ in their last bytes.
func mixed(pod, container string) uint8 {
	h := uint32(len(container))
	for i := max(0, len(pod)-4); i < len(pod); i++ {
		h = h*31 + uint32(pod[i])
	}
	if container != "" {
		h = h*31 + uint32(container[0])
	}
	return uint8(h ^ h>>8)
}

// forget takes back the numbers of a batch that is not written: no record says
// whose they are.
func (a *active) forget() {
	for o, src := range a.sources {
		if src.number >= a.newest {
			delete(a.sources, o)
		}
	}
	clear(a.recent[:])
	a.next = a.newest
}

// write writes the batch, or takes back what it wrote of it.
func (a *active) write() error {
	groups := a.groups.finish()
	err := errors.New("an earlier write failed")
	if !a.torn {
		_, err = a.file.WriteAt(groups, a.end)
	}
	if err != nil {
		if undo := a.file.Truncate(a.end); undo != nil {
			a.torn = true
		}
		a.forget()
		return err
	}
	a.end += int64(len(groups))
	a.lines += int64(len(a.touched))
	return nil
}

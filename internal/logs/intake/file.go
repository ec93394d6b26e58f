package intake

import (
	"math"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/wire"
)

const (
	// tiedItems and tiedFor bound how much of a file waits for the rest of a
	// line that another stream has begun, and for how long.
	tiedItems = 1000
	tiedBytes = 256 << 10
	tiedFor   = 5 * time.Second
	itemBytes = 48
)

// item is a line on its way into the store.
type item struct {
	key     int64 // where it stands in the order of times
	seconds int64
	end     int64 // the file is read up to here with it
	message string
	nanos   int32
	level   logs.Level
	kind    itemKind
	tied    bool // it is stored together with the next one
}

// itemKind is what an item is beside a line.
type itemKind uint8

const (
	whole itemKind = iota
	bare           // no line: only how far the file is read
	lost           // a line of ours, in the place of those that were lost
)

// file is a log file that a reader sends.
type file struct {
	session   *session
	container *container
	number    uint32
	source    wire.Source
	id        string
	filtered  bool // what is stored already is told by the times of its lines
	over      bool

	cutting
	joining
	waiting
}

// cutting is where a file is cut into lines.
type cutting struct {
	at       int64  // what stands before it is taken in
	fragment string // what came of a line that is not whole
	long     *record
	parts    [streams]part
	skipped  bool      // of what is taken in, the last is stored already
	since    time.Time // when a line was begun that is not whole yet
}

// joining is where lines become one.
type joining struct {
	trace  trace
	stream int    // of the last line
	joined []byte // the message of the last item, where it has several lines
	lines  int    // of the last item; 0 where nothing can belong to it
}

// waiting are the items of a file that are not on their way yet.
type waiting struct {
	queue    []item
	head     int   // of the queue: what stands before it is on its way
	complete int   // of the queue: what stands before it may go
	tied     int   // the bytes of what may not
	place    int   // in the heap; -1 where it is not there
	end      int64 // how far the file is read with what is on its way
	touched  bool
}

// take takes a chunk of the file in.
func (f *file) take(chunk string, now int64) {
	for {
		i := strings.IndexByte(chunk, '\n')
		if i < 0 {
			break
		}
		line := chunk[:i]
		chunk = chunk[i+1:]
		if f.fragment != "" {
			line = f.fragment + line
			f.fragment = ""
		}
		f.line(line, int64(len(line))+1, now)
	}
	f.fragment += chunk
	if len(f.fragment) > logs.MaxMessage {
		f.overlong(now)
	}
	if f.skipped && !f.waits() { // the next session must not ask again
		f.skipped = false
		f.push(item{kind: bare, key: f.container.key})
	}
}

// line takes in a line of the file that takes so many bytes there.
func (f *file) line(line string, size, now int64) {
	stamps := &f.session.stamps
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if f.long != nil {
		r := *f.long
		f.long, r.message = nil, line
		f.record(r, size, now)
		return
	}
	r, ok := parse(stamps, line)
	if !ok {
		r.stamp, r.stream = f.container.before(now), f.stream
	}
	f.record(r, size, now)
}

// overlong takes in what came of a line that is longer than any.
func (f *file) overlong(now int64) {
	text := f.fragment
	f.fragment = ""
	if f.long == nil {
		r, ok := parse(&f.session.stamps, text)
		if !ok {
			r.stamp, r.stream = f.container.before(now), f.stream
		}
		f.long = &record{stamp: r.stamp, stream: r.stream, partial: r.partial}
		r.partial = true
		f.record(r, int64(len(text)), now)
		return
	}
	f.record(record{stamp: f.long.stamp, stream: f.long.stream, partial: true, message: text}, int64(len(text)), now)
}

func (f *file) stored(s wire.Stamp) bool {
	return f.container.stored(time.Unix(s.Seconds, int64(s.Nanos)))
}

// add takes in a whole line: one of its own, or one more of a trace.
func (f *file) add(stamp wire.Stamp, stream int, message string, now int64) logs.Level {
	if f.lines > 0 && stream == f.stream && f.trace.follows(message) {
		if !f.join(message) {
			f.queueLine(stamp, f.trace.level, message, now)
		}
		return f.trace.level
	}
	level := f.trace.begin(message, logs.ParseLevel(message))
	f.stream = stream
	f.queueLine(stamp, level, message, now)
	return level
}

// join adds a line to the last item, where that is still here and not full.
func (f *file) join(message string) bool {
	if f.head == len(f.queue) || f.lines >= joinedLines {
		return false
	}
	last := &f.queue[len(f.queue)-1]
	if len(f.joined) == 0 {
		f.joined = append(f.joined, last.message...)
	}
	if len(f.joined)+1+len(message) > joinedBytes {
		f.settle()
		return false
	}
	f.joined = append(append(f.joined, '\n'), message...)
	f.lines++
	f.session.intake.bytes += len(message) + 1
	more := len(message) + 1
	if f.complete == len(f.queue) { // none of it was tied before
		more = len(f.joined)
	}
	f.mark(last, more)
	return true
}

// settle gives the last item the lines that were joined to it.
func (f *file) settle() {
	if len(f.joined) > 0 {
		f.queue[len(f.queue)-1].message = string(f.joined)
		f.joined = f.joined[:0]
	}
}

func (f *file) queueLine(stamp wire.Stamp, level logs.Level, message string, now int64) {
	f.push(item{key: f.turn(stamp.UnixNano(), now), seconds: stamp.Seconds, nanos: stamp.Nanos, level: level, message: message})
}

// turn is where a line of that time stands in the order of times: not before
// those before it, and not in the future, where a clock that was set back has
// left these.
func (f *file) turn(t, now int64) int64 {
	f.container.key = min(max(f.container.key, t), now)
	return f.container.key
}

// push puts an item behind the others.
func (f *file) push(i item) {
	f.settle()
	if f.head > 0 && 2*f.head >= len(f.queue) {
		f.queue = append(f.queue[:0], f.queue[f.head:]...)
		f.head, f.complete = 0, f.complete-f.head
	}
	f.queue = append(f.queue, i)
	f.lines = 1
	if i.kind != whole {
		f.lines = 0 // nothing belongs to it
	}
	f.session.intake.hold(1, len(i.message)+itemBytes)
	f.mark(&f.queue[len(f.queue)-1], len(i.message))
}

// mark says how far the file is read with its last item, which waits where a
// line of the other stream has begun before it and is not whole yet, and then
// has so many bytes more that do.
func (f *file) mark(last *item, more int) {
	last.end = f.at
	last.tied = f.waits()
	if last.tied {
		f.complete = min(f.complete, len(f.queue)-1)
		f.tied += more
		// It may be one that could go already, and was joined now: what is tied
		// to it waits with it.
		for f.complete > f.head && f.queue[f.complete-1].tied {
			f.complete--
			f.tied += len(f.queue[f.complete].message)
		}
		return
	}
	f.complete, f.tied = len(f.queue), 0
	if !f.parts[stdout].open && !f.parts[stderr].open {
		f.since = time.Time{}
	}
}

// finish takes in that nothing more comes.
func (f *file) finish(at int64, why string, now int64) {
	if f.fragment != "" {
		text := f.fragment
		f.fragment = ""
		f.line(text, int64(len(text)), now)
	}
	for stream := range f.parts {
		if p := &f.parts[stream]; p.open {
			p.open = false
			if len(p.text) > 0 {
				f.piece(p, stream, len(p.text), true, now)
			}
		}
	}
	f.at, f.over = at, true
	if why != "" {
		f.at = math.MaxInt64 / 2 // it is not tried again
		f.notice("part of this container's output cannot be read: "+why, now)
	}
	f.container.end(f.id, f.at)
	f.push(item{kind: bare, key: f.container.key})
}

// notice puts a line of ours into the place of lines that are lost.
func (f *file) notice(text string, now int64) {
	stamp := stampOf(now)
	f.push(item{key: f.turn(f.source.First, now), seconds: stamp.Seconds, nanos: stamp.Nanos, level: logs.LevelWarn, message: text, kind: lost})
}

func stampOf(nanos int64) wire.Stamp {
	return wire.Stamp{Seconds: nanos / 1e9, Nanos: int32(nanos % 1e9)} //nolint:gosec // less than a second
}

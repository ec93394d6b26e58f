package node

import (
	"bytes"
	"math"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// take appends what is to be sent next to dst, up to about [sendBytes], and
// reports whether there is more.
func (r *reader) take(dst []byte) (frames []byte, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.said {
		dst = wire.Append(dst, f, false)
	}
	r.said = r.said[:0]
	now := r.options.Now().UnixNano()
	for len(dst) < sendBytes {
		f, next := r.oldest(&dst, now)
		if f == nil {
			past := r.polled.Add(-lag).UnixNano()
			return wire.Append(dst, wire.Frame{Kind: wire.Past, Past: past}, false), false
		}
		n, last := r.cut(f, next+int64(slack), now)
		past := min(next, last, now-int64(lag))
		dst = wire.Append(dst, wire.Frame{
			Kind: wire.Chunk, File: f.number, Offset: f.read.at, Past: past, Data: f.read.buf[:n],
		}, !r.options.Plain)
		f.read.advance(n)
		f.read.head = last
		r.headed(f, now)
	}
	return dst, true
}

// oldest finds the file with the oldest line that is not sent, and the time of
// the oldest line of all others. Files that are over go on the way.
func (r *reader) oldest(dst *[]byte, now int64) (first *file, next int64) {
	next = math.MaxInt64 - int64(slack)
	for _, c := range r.containers {
		for len(c.files) > 0 && c.files[0].going {
			f := c.files[0]
			if f.read.ready() > 0 || r.more(f, now) {
				switch {
				case first == nil:
					first = f
				case f.read.head < first.read.head:
					first, next = f, first.read.head
				default:
					next = min(next, f.read.head)
				}
				break
			}
			if !f.read.final && f.read.err == nil {
				break
			}
			*dst = r.finish(*dst, f)
		}
	}
	return first, next
}

// more reads on in a file and reports whether there is something to be sent.
func (r *reader) more(f *file, now int64) bool {
	p := &f.read
	if p.err != nil || (p.end && !p.final) || (p.end && len(p.buf) == 0) {
		r.release(f)
		return false
	}
	if p.buf == nil {
		p.buf = r.buffer()
	}
	if !p.end {
		f.fill()
	}
	if p.ready() == 0 {
		r.release(f)
		return false
	}
	r.headed(f, now)
	return true
}

// headed finds the time of the first line that is not sent.
func (r *reader) headed(f *file, now int64) {
	if len(f.read.buf) > 0 {
		f.read.head = r.timeOf(f.read.buf, f.read.head, now)
	}
}

// cut is how many bytes of a file are sent at once: lines up to a time, one at
// least. It also returns the time of the last of them.
func (r *reader) cut(f *file, until, now int64) (n int, last int64) {
	n = f.read.ready()
	lines := f.read.buf[:n]
	if last = r.lastTime(lines, f.read.head, now); last <= until {
		return n, last
	}
	low, high := bytes.IndexByte(lines, '\n')+1, n
	if low == 0 || low == n {
		return n, last
	}
	for { // lines[:low] may be sent, lines[:high] not
		middle := low + (high-low)/2
		end := middle + bytes.IndexByte(lines[middle:high], '\n') + 1
		if end >= high {
			end = low + bytes.LastIndexByte(lines[low:high-1], '\n') + 1
		}
		if end <= low {
			return low, r.lastTime(lines[:low], f.read.head, now)
		}
		if r.lastTime(lines[:end], f.read.head, now) <= until {
			low = end
		} else {
			high = end
		}
	}
}

// lastTime is that of the last of some lines; where it bears none, fallback.
func (r *reader) lastTime(lines []byte, fallback, now int64) int64 {
	start := bytes.LastIndexByte(lines[:max(0, len(lines)-1)], '\n') + 1
	return r.timeOf(lines[start:], fallback, now)
}

// timeOf is the time of a line. Where it bears none it is fallback, and one
// from the future is from now: a clock that was put back must not let a file
// wait for the others.
func (r *reader) timeOf(line []byte, fallback, now int64) int64 {
	const most = 40
	if stamp, n := r.stamps.Parse(string(line[:min(most, len(line))])); n > 0 {
		return min(stamp.UnixNano(), now)
	}
	return fallback
}

// finish tells that a file is over and lets go of it.
func (r *reader) finish(dst []byte, f *file) []byte {
	end := wire.Frame{Kind: wire.End, File: f.number, Offset: f.read.at}
	if f.read.err != nil {
		end.Kind, end.Data = wire.Broken, []byte(f.read.err.Error())
	}
	f.opened.Close()
	f.read.buf = f.read.buf[:0]
	r.release(f)
	delete(r.files, f.number)
	f.container.files = f.container.files[1:]
	f.container.over[f.source] = true
	f.container.unborn = true // its place may be another's by now
	return wire.Append(dst, end, false)
}

// buffer returns an empty buffer of [chunkBytes].
func (r *reader) buffer() []byte {
	if n := len(r.free); n > 0 {
		b := r.free[n-1]
		r.free = r.free[:n-1]
		return b
	}
	return make([]byte, 0, chunkBytes)
}

// release takes a file's buffer back that holds nothing.
func (r *reader) release(f *file) {
	if f.read.buf != nil && len(f.read.buf) == 0 {
		r.free = append(r.free, f.read.buf)
		f.read.buf = nil
	}
}

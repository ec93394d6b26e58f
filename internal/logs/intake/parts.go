package intake

import (
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// part is a line that came in several records.
type part struct {
	text    []byte
	stamp   wire.Stamp
	level   logs.Level
	open    bool // there is more to come
	inside  bool // pieces of it are on their way already
	carry   int  // the bytes of a character that the last piece cut
	skipped bool
}

// record takes in a record that takes so many bytes of the file.
func (f *file) record(r record, size, now int64) {
	f.container.stamp = r.stamp
	p := &f.parts[r.stream]
	if !r.partial && !p.open {
		f.at += size
		if f.filtered && f.stored(r.stamp) {
			f.skipped = true
			return
		}
		f.add(r.stamp, r.stream, r.message, now)
		f.bound(now)
		return
	}
	if !p.open {
		*p = part{stamp: r.stamp, open: true, text: p.text[:0], skipped: f.filtered && f.stored(r.stamp)}
		if f.since.IsZero() {
			f.since = time.Unix(0, now)
		}
	}
	if len(p.text) > 0 && len(p.text)+len(r.message) > logs.MaxMessage {
		p.carry = logs.CutCharacter(p.text)
		f.piece(p, r.stream, len(p.text)-p.carry, false, now)
	}
	f.at += size
	p.text, p.carry = append(p.text, r.message...), 0
	for len(p.text) > logs.MaxMessage {
		f.piece(p, r.stream, logs.MaxMessage-logs.CutCharacter(p.text[:logs.MaxMessage]), false, now)
	}
	if !r.partial {
		p.open = false
		f.piece(p, r.stream, len(p.text), true, now)
	}
	f.bound(now)
}

// bound waits no longer for the rest of a line where too much waits with it.
func (f *file) bound(now int64) {
	if len(f.queue)-f.complete > tiedItems || f.tied > tiedBytes {
		f.cutParts(now)
	}
}

// piece sends so many bytes of a long line on their way.
func (f *file) piece(p *part, stream, n int, last bool, now int64) {
	message := string(p.text[:n])
	p.text = append(p.text[:0], p.text[n:]...)
	if p.skipped {
		f.skipped = true
		return
	}
	first := !p.inside
	if !first {
		message = logs.CutMark + message
	}
	if !last {
		message += logs.CutMark
	}
	p.inside = !last
	if first {
		p.level = f.add(p.stamp, stream, message, now)
		return
	}
	f.trace = trace{level: p.level}
	f.queueLine(p.stamp, p.level, message, now)
}

// cutParts ends all lines that wait for more: what follows stands alone.
func (f *file) cutParts(now int64) {
	for stream := range f.parts {
		if p := &f.parts[stream]; p.open && len(p.text) > 0 {
			f.piece(p, stream, len(p.text), false, now)
		}
	}
	f.since = time.Time{}
	if f.complete < len(f.queue) { // the pieces were skipped
		f.mark(&f.queue[len(f.queue)-1], 0)
	}
}

// waits reports whether a line has begun of which nothing may be stored yet.
func (f *file) waits() bool {
	out, err := &f.parts[stdout], &f.parts[stderr]
	return len(out.text) > out.carry || len(err.text) > err.carry
}

package intake

import (
	"cmp"
	"math"
	"time"

	"github.com/diorama-dev/diorama/internal/logs"
)

// heap orders files by the first item of each that may go.
type heap []*file

func (f *file) key() int64 { return f.queue[f.head].key }

func (h heap) less(i, j int) bool {
	if a, b := h[i].key(), h[j].key(); a != b {
		return a < b
	}
	return h[i].number < h[j].number
}

func (h heap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h heap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h heap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h.less(child+1, child) {
			child++
		}
		if !h.less(child, i) {
			return
		}
		h.swap(i, child)
		i = child
	}
}

// second is the first key of all files but the first.
func (h heap) second() int64 {
	key := int64(math.MaxInt64)
	for i := 1; i < min(3, len(h)); i++ {
		key = min(key, h[i].key())
	}
	return key
}

// offer lets a file's items go when it is their turn. It is called after
// anything that may have changed whether its first one may.
func (in *Intake) offer(f *file) {
	switch ready := f.head < f.complete; {
	case ready && f.place < 0:
		f.place = len(in.heap)
		in.heap = append(in.heap, f)
		in.heap.up(f.place)
	case !ready && f.place >= 0:
		in.withdraw(f)
	}
}

func (in *Intake) withdraw(f *file) {
	i, last := f.place, len(in.heap)-1
	in.heap.swap(i, last)
	in.heap = in.heap[:last]
	f.place = -1
	if i < last {
		in.heap.down(i)
		in.heap.up(i)
	}
}

// output is a batch, the memory of which is used over and over.
type output struct {
	lines   []logs.Line
	read    []logs.Mark
	touched []*file
	bytes   int
	lost    int64
	away    bool // it is being stored
}

// cut takes what is to be stored next out of the queues: lines up to the time
// that all nodes are past, or simply the oldest where they have waited enough.
func (in *Intake) cut(all bool) logs.Batch {
	now := in.options.Now()
	until := in.past(now)
	if all || in.full || now.Sub(in.went) >= in.options.Patience {
		until = math.MaxInt64
	}
	o := &in.out
	clear(o.lines)
	o.lines, o.read, o.touched = o.lines[:0], o.read[:0], o.touched[:0]
	o.bytes, o.lost, o.away = 0, 0, true
	in.fresh, in.size = 0, 0
	for len(in.heap) > 0 && len(o.lines) < batchLines && o.bytes < batchBytes {
		f := in.heap[0]
		if f.key() > until {
			break
		}
		in.pop(f, min(until, in.heap.second()))
		if f.head < f.complete {
			in.heap.down(0)
		} else {
			in.withdraw(f)
		}
	}
	if len(o.touched) > 0 {
		in.went = now
	}
	in.full = in.full && in.bytes >= pendingBytes/2 && len(in.heap) > 0
	for _, f := range o.touched {
		f.touched = false
		o.read = f.marks(o.read)
	}
	if len(o.lines) >= batchLines || o.bytes >= batchBytes {
		in.fresh = batchLines // there is more at once
	}
	return logs.Batch{Lines: o.lines, Read: o.read, Lost: o.lost}
}

// past is the time that all nodes are past which have said anything lately:
// one that is paused must not hold up the others.
func (in *Intake) past(now time.Time) int64 {
	past := int64(math.MaxInt64)
	for s := range in.sessions {
		if s.past != 0 && !s.ended && now.Sub(s.heard) <= in.options.Patience {
			past = min(past, s.past)
		}
	}
	return past
}

// pop moves items of a file into the output: up to the time, and as many as
// are tied together.
func (in *Intake) pop(f *file, until int64) {
	o := &in.out
	if !f.touched {
		f.touched = true
		o.touched = append(o.touched, f)
	}
	from := f.container.source.Pod
	whose := f.session.owner(f)
	for f.head < f.complete {
		i := &f.queue[f.head]
		if f.head == len(f.queue)-1 {
			f.settle()
		}
		size := len(i.message)
		if i.kind != bare {
			o.lines = append(o.lines, logs.Line{
				Time: time.Unix(i.seconds, int64(i.nanos)).UTC(), Stack: whose.stack, Service: whose.service, Pod: from,
				Container: f.container.source.Container, Level: i.level, Message: i.message,
			})
		}
		if i.kind == lost {
			o.lost++
		}
		o.bytes += size
		in.bytes -= size + itemBytes
		in.items--
		f.end = i.end
		tied := i.tied
		i.message = ""
		f.head++
		if tied {
			continue
		}
		if len(o.lines) >= batchLines || o.bytes >= batchBytes || f.head == f.complete || f.key() > until {
			return
		}
	}
}

// marks appends how far the file is read, and which of its container's files
// it is.
func (f *file) marks(read []logs.Mark) []logs.Mark {
	read = append(read, logs.Mark{File: f.id, Offset: f.end})
	c := f.container
	if !c.recorded || c.marked != f.source.First {
		c.recorded, c.marked = true, f.source.First
		read = append(read, logs.Mark{File: c.id, Offset: f.source.First})
	}
	if c.filter.elsewhere != 0 {
		read = append(read, logs.Mark{File: c.elsewhere(), Offset: c.filter.elsewhere})
		c.filter.elsewhere = 0
	}
	if f.over && f.head == len(f.queue) {
		read = append(read, logs.Mark{File: c.over(), Offset: f.source.First})
	}
	return read
}

// gone is what a file that is over leaves to say once its items are stored.
func (f *file) gone() bool { return f.over && f.head == len(f.queue) }

func (o owner) or(pod string) owner {
	o.service = cmp.Or(o.service, pod)
	return o
}

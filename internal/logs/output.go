package logs

import (
	"io"
	"strings"
	"time"
)

// Bounds of what waits in memory while the sink takes nothing.
const (
	outputBytes = 4 << 20
	outputRetry = 250 * time.Millisecond
	// lineBytes is what a line takes beside its message, about.
	lineBytes = 128
)

// Output copies what a process writes into a sink, line by line. The process
// never waits for the sink: where that takes nothing for long, as on a full
// disk, the oldest lines go and are counted.
type Output struct {
	From Container
	Sink Sink
	// Seen is called with every line, before it is stored; it may be nil.
	Seen func(message string)
	// Report is told why lines cannot be stored, once for each new reason, and
	// how many were lost, once others are stored again or none will be; it may
	// be nil.
	Report func(lost int, err error)
}

// Copy reads r to its end and returns once what was read is stored, or has
// been refused for good.
func (o Output) Copy(r io.Reader) {
	lines := make(chan Line, 1024)
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		o.store(lines)
	}()
	reader := newLineReader(r)
	reader.bare = true
	for {
		p, err := reader.next()
		if p.text != nil {
			message := strings.ToValidUTF8(p.message(), "\uFFFD")
			if o.Seen != nil {
				o.Seen(message)
			}
			lines <- Line{
				Time: time.Now(), Stack: o.From.Stack, Service: o.From.Service, Pod: o.From.Pod,
				Container: o.From.Container, Level: ParseLevel(message), Message: message,
			}
		}
		if err != nil {
			break
		}
	}
	close(lines)
	<-stored
}

// backlog are lines that the sink has not taken yet.
type backlog struct {
	lines []Line
	bytes int
	lost  int
}

func (b *backlog) add(l Line) {
	b.lines, b.bytes = append(b.lines, l), b.bytes+len(l.Message)+lineBytes
	for b.bytes > outputBytes && len(b.lines) > 1 {
		b.drop(1)
		b.lost++
	}
}

// drop takes the first n lines away.
func (b *backlog) drop(n int) {
	for i := range b.lines[:n] {
		b.bytes -= len(b.lines[i].Message) + lineBytes
	}
	clear(b.lines[:n])
	b.lines = b.lines[n:]
}

// store takes lines as they come, many at a time where many have come, and
// tries again for what the sink refuses. After the last line it tries once.
func (o Output) store(lines <-chan Line) {
	var waiting backlog
	var again <-chan time.Time
	var refused error
	open := true
	for open {
		select {
		case l, ok := <-lines:
			open = ok
			if ok {
				waiting.add(l)
			}
			for open && len(lines) > 0 {
				waiting.add(<-lines)
			}
			if again != nil && open {
				continue // the sink is given time
			}
		case <-again:
		}
		n, err := o.Sink.Append(waiting.lines)
		waiting.drop(n)
		again = nil
		if len(waiting.lines) > 0 {
			again = time.After(outputRetry)
		}
		if err != nil {
			if o.Report != nil && (refused == nil || err.Error() != refused.Error()) {
				o.Report(0, err)
			}
			refused = err
		}
		if !open {
			waiting.lost += len(waiting.lines)
		}
		if waiting.lost > 0 && (err == nil || !open) {
			waiting.lost = o.count(waiting.lost, refused, !open)
		}
	}
}

// counter is a sink that counts lines that were lost; a [Store] is one.
type counter interface{ Dropped(n int64) error }

// count tells how many lines were lost, and returns how many are to be told
// later, where the sink takes nothing again and this is not the last time.
func (o Output) count(lost int, why error, last bool) (left int) {
	if c, ok := o.Sink.(counter); ok {
		if err := c.Dropped(int64(lost)); err != nil && !last {
			return lost
		}
	}
	if o.Report != nil {
		o.Report(lost, why)
	}
	return 0
}

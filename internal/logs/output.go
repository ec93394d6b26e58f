package logs

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"
)

// Bounds of what waits in memory while the sink takes nothing.
const (
	outputBytes = 4 << 20
	outputRetry = 250 * time.Millisecond
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
	// how many were lost meanwhile; it may be nil.
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
	reader := bufio.NewReaderSize(r, MaxMessage)
	for {
		text, err := reader.ReadSlice('\n')
		if len(text) > 0 {
			message := strings.ToValidUTF8(strings.TrimRight(string(text), "\r\n"), "\uFFFD")
			if o.Seen != nil {
				o.Seen(message)
			}
			lines <- Line{
				Time: time.Now(), Stack: o.From.Stack, Service: o.From.Service, Pod: o.From.Pod,
				Container: o.From.Container, Level: ParseLevel(message), Message: message,
			}
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
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
	b.lines, b.bytes = append(b.lines, l), b.bytes+len(l.Message)
	for b.bytes > outputBytes && len(b.lines) > 1 {
		b.bytes -= len(b.lines[0].Message)
		b.lines, b.lost = b.lines[1:], b.lost+1
	}
}

// drop takes the first n lines away, which are stored.
func (b *backlog) drop(n int) {
	for _, l := range b.lines[:n] {
		b.bytes -= len(l.Message)
	}
	b.lines = b.lines[n:]
}

// store takes lines as they come, many at a time where many have come, and
// tries again for what the sink refuses. After the last line it tries once.
func (o Output) store(lines <-chan Line) {
	var waiting backlog
	var again <-chan time.Time
	reported := ""
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
		if err != nil && o.Report != nil && err.Error() != reported {
			reported = err.Error()
			o.Report(waiting.lost, err)
		}
	}
}

package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// previousTries is how often reading the previous run is tried again before it
// counts as gone.
const previousTries = 3

// tail follows one container.
type tail struct {
	follower *Follower
	ctx      context.Context //nolint:containedctx // the life of the tail's goroutine
	cancel   context.CancelFunc
	changed  chan struct{}
	after    <-chan struct{} // closed when an earlier tail of the container is over; may be nil
	done     chan struct{}   // closed when this one is
	retry    time.Duration
	failures int // to read the previous run, in a row
	reported string

	mu    sync.Mutex
	now   Container
	gone  *time.Timer // set while the container is not there; ends the tail
	ended bool        // it reads no more, whatever comes
}

func newTail(ctx context.Context, f *Follower, c Container) *tail {
	ctx, cancel := context.WithCancel(ctx)
	return &tail{
		follower: f, ctx: ctx, cancel: cancel, now: c,
		changed: make(chan struct{}, 1), done: make(chan struct{}), retry: f.options.Retry,
	}
}

// update says what the container is like now. It reports false where the tail
// is over and another one is needed.
func (t *tail) update(c Container) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || (t.gone != nil && !t.gone.Stop()) {
		return false
	}
	if t.gone != nil || t.now != c {
		signal(t.changed)
	}
	t.gone, t.now = nil, c
	return true
}

// leave lets the tail read on for a while: a container that goes often says
// why with its last words. It reports whether the tail is over already.
func (t *tail) leave(grace time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone == nil {
		t.gone = time.AfterFunc(grace, t.cancel)
		signal(t.changed)
	}
	return t.ended
}

func (t *tail) state() Container {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// leaves reports whether the container is gone and the tail therefore over.
func (t *tail) leaves() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = t.ended || t.gone != nil
	return t.ended
}

// run reads the container's output, over and over, until there can be no more.
func (t *tail) run() {
	defer close(t.done)
	defer t.end()
	if t.after != nil {
		<-t.after
	}
	finished := false
	var last Container // what was known when it was last read to its end
	for t.ctx.Err() == nil {
		c := t.state()
		if (finished && c == last) || (c.State == NotStarted && c.Restarts == 0) {
			if t.leaves() || !t.pause(0) {
				return
			}
			continue
		}
		err := t.round(c)
		t.report(c, err)
		finished, last = err == nil && c.State == Ended, c
		if err == nil && t.leaves() {
			return
		}
		if !finished && !t.pause(t.retry) {
			return
		}
	}
}

func (t *tail) end() {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	t.cancel()
}

// pause waits for news of the container, or for so long at most; 0 is without
// end. It reports false when the tail is over.
func (t *tail) pause(d time.Duration) bool {
	var timeout <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		timeout = timer.C
		t.retry = min(2*t.retry, t.follower.options.RetryMax)
	}
	select {
	case <-t.ctx.Done():
		return false
	case <-timeout:
	case <-t.changed:
	}
	return true
}

func (t *tail) report(c Container, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != t.reported && err != nil && t.ctx.Err() == nil {
		t.follower.options.Report(c, err)
	}
	t.reported = text
}

// round opens the present run, then reads the previous one to its end where
// there is one, then the present one. In that order nothing is missed: a
// stream once open belongs to its run, so a restart between the two opens
// makes the first stream that of the run that the second one tells in full.
// The previous run is asked for even where no restart is known of, since news
// of it may come later than its lines.
func (t *tail) round(c Container) error {
	position := t.follower.sink.Position(c.Pod, c.Container)
	present, err := t.open(c, position.Since(), false)
	if err != nil {
		return fmt.Errorf("read the log of %s/%s: %w", c.Pod, c.Container, err)
	}
	defer present.Close()
	if err := t.readPrevious(c, position); err != nil {
		return err
	}
	position = t.follower.sink.Position(c.Pod, c.Container)
	if err := t.copy(c, present, position, c.State == Ended); err != nil {
		return fmt.Errorf("read the log of %s/%s: %w", c.Pod, c.Container, err)
	}
	return nil
}

// open makes sure that a stream ends with the tail, whatever its reader does.
func (t *tail) open(c Container, since time.Time, previous bool) (io.ReadCloser, error) {
	stream, err := t.follower.streams.Logs(t.ctx, c.Pod, c.Container, since, previous)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(t.ctx, func() { stream.Close() })
	return closing{stream, stop}, nil
}

// closing closes a stream and what watched it.
type closing struct {
	io.ReadCloser
	stop func() bool
}

func (c closing) Close() error {
	c.stop()
	return c.ReadCloser.Close()
}

// readPrevious reads the previous run to its end. An error that goes on gives
// it up, so that it does not stand in the way of the present one for ever.
func (t *tail) readPrevious(c Container, position Position) error {
	err := t.tryPrevious(c, position)
	if err == nil {
		t.failures = 0
		return nil
	}
	err = fmt.Errorf("read the log of the previous run of %s/%s: %w", c.Pod, c.Container, err)
	if t.failures++; t.failures <= previousTries || t.ctx.Err() != nil {
		return err
	}
	t.failures = 0
	t.report(c, err)
	return nil
}

func (t *tail) tryPrevious(c Container, position Position) error {
	stream, err := t.open(c, position.Since(), true)
	if errors.Is(err, ErrNoPrevious) || (err != nil && c.Restarts == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	defer stream.Close()
	return t.copy(c, stream, position, true)
}

// copy stores what a stream says until it ends. Final is true where what
// stands at the stream's end without a line end is the container's last word,
// rather than a line cut in two.
func (t *tail) copy(c Container, stream io.Reader, position Position, final bool) error {
	r := newLineReader(stream)
	stored := position.Stored()
	var batch []Line
	size := 0
	for {
		p, err := r.next()
		if err != nil && (!final || !errors.Is(err, io.EOF)) {
			p.text = nil
		}
		if p.text != nil && !p.timeless && !stored(p.time) {
			batch = append(batch, c.line(p))
			size += len(p.text)
		}
		if len(batch) > 0 && (err != nil || r.drained() || size >= batchBytes) {
			if err := t.store(c, batch); err != nil {
				return err
			}
			t.retry = t.follower.options.Retry
			batch, size = batch[:0], 0
		}
		if errors.Is(err, io.EOF) {
			return t.ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// line makes a line of a part.
func (c Container) line(p part) Line {
	message := p.message()
	return Line{
		Time: p.time, Stack: c.Stack, Service: c.Service, Pod: c.Pod, Container: c.Container,
		Level: ParseLevel(message), Message: message,
	}
}

// store puts lines into the sink, waiting for as long as it refuses them.
func (t *tail) store(c Container, lines []Line) error {
	for {
		n, err := t.follower.sink.Append(lines)
		if lines = lines[n:]; len(lines) == 0 {
			return nil // whatever else is wrong, they are there
		}
		t.report(c, err)
		if !t.pause(t.retry) {
			return t.ctx.Err()
		}
	}
}

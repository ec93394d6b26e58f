package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// session is what one reader sends.
type session struct {
	intake     *Intake
	stamps     wire.Stamps
	files      map[uint32]*file
	containers map[string]*container
	held       []*file   // those that are not read yet
	past       int64     // it sends nothing older any more; 0: it has said nothing
	heard      time.Time // when it last said how far it is
	ended      bool

	answers []wire.Frame
	answer  chan struct{} // there are some
}

// Take takes in what the reader of a node says on r, and answers it on w,
// until r ends or the context does. The reader sends the output of the Pods of
// namespaces, with spaces between. Take returns when all that it took in is stored.
func (in *Intake) Take(ctx context.Context, namespace string, r io.Reader, w io.Writer) error {
	s := &session{
		intake: in, files: make(map[uint32]*file), containers: make(map[string]*container), answer: make(chan struct{}, 1),
	}
	in.mu.Lock()
	in.sessions[s] = true
	in.mu.Unlock()
	defer in.leave(s)
	wake := context.AfterFunc(ctx, func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.changed.Broadcast()
	})
	defer wake()

	writing, stop := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() { s.write(writing, namespace, w) })
	err := s.read(ctx, r)
	stop()
	in.drain(ctx, s)
	if closer, ok := w.(io.Closer); ok {
		closer.Close()
	}
	writer.Wait()
	return err
}

func (in *Intake) leave(s *session) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, f := range s.files {
		if f.place >= 0 {
			in.withdraw(f)
		}
		for _, i := range f.queue[f.head:] {
			in.items--
			in.bytes -= len(i.message) + itemBytes
		}
		if len(f.joined) > 0 { // they are counted and not in the item yet
			in.bytes -= len(f.joined) - len(f.queue[len(f.queue)-1].message)
		}
	}
	delete(in.sessions, s)
	in.changed.Broadcast()
}

// drain waits until all lines of a session are stored that may be.
func (in *Intake) drain(ctx context.Context, s *session) {
	in.mu.Lock()
	defer in.mu.Unlock()
	s.ended = true
	for ctx.Err() == nil && (in.out.away || s.waiting()) {
		in.changed.Wait()
	}
}

func (s *session) waiting() bool {
	for _, f := range s.files {
		if f.place >= 0 {
			return true
		}
	}
	return false
}

// ErrVersion says that the reader is of another version than the keeper.
var ErrVersion = errors.New("the reader inside the node speaks another version")

func (s *session) read(ctx context.Context, r io.Reader) error {
	frames := wire.NewReader(r)
	for ctx.Err() == nil {
		f, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("hear the reader of log files: %w", err)
		}
		if f.Kind == wire.Hello && f.Offset != wire.Version {
			return fmt.Errorf("%w: %d", ErrVersion, f.Offset)
		}
		if err := s.hear(ctx, f); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// hear takes a frame in.
func (s *session) hear(ctx context.Context, f wire.Frame) error {
	text := ""
	if f.Kind == wire.Chunk || f.Kind == wire.Broken {
		text = string(f.Data)
	}
	in := s.intake
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.full && ctx.Err() == nil {
		in.changed.Wait()
	}
	now := in.options.Now()
	switch f.Kind {
	case wire.Announce, wire.Listed:
		source, err := wire.ParseSource(f.Data)
		if err != nil {
			return err
		}
		if f.Kind == wire.Announce {
			s.announce(f.File, source, now)
		} else {
			s.listed(source, now)
		}
		return nil
	case wire.Past:
		s.past, s.heard = f.Past, now
		return nil
	case wire.Chunk, wire.End, wire.Broken:
	default:
		return nil // it may say more in time
	}
	file := s.files[f.File]
	if file == nil {
		return fmt.Errorf("%w: it speaks of a file that it has not announced", wire.ErrTorn)
	}
	if f.Kind == wire.Chunk {
		if file.at+int64(len(file.fragment)) != f.Offset {
			file.jump(f.Offset)
		}
		file.take(text, now.UnixNano())
		s.past, s.heard = f.Past, now
	} else {
		if f.Kind == wire.Broken {
			text = cmp.Or(text, "no reason is given")
		}
		file.finish(f.Offset, text, now.UnixNano())
	}
	in.offer(file)
	return nil
}

// jump goes on at another place of the file: it was cut off there.
func (f *file) jump(offset int64) {
	f.at, f.fragment, f.long = offset, "", nil
	f.parts = [streams]part{}
}

// announce takes in that there is a file.
func (s *session) announce(number uint32, source wire.Source, now time.Time) {
	c := s.container(source, now)
	f := &file{session: s, container: c, number: number, source: source, id: source.FileID()}
	f.place = -1
	offset, marked := s.intake.keeper.Mark(f.id)
	if end, again := c.endOf(f.id); again {
		offset, marked = end, true
	}
	f.at = offset
	f.filtered = c.firsts != nil && (c.filter.all || (c.filter.unmarked && !marked))
	if c.firsts != nil {
		c.firsts[source.First] = true
	}
	if c.first == nil {
		c.first = f
	}
	s.files[number] = f
	s.held = append(s.held, f)
	s.admit()
}

// container is the one of the source, and what is known of it.
func (s *session) container(source wire.Source, now time.Time) *container {
	id := source.ContainerID()
	if c := s.containers[id]; c != nil {
		return c
	}
	c := &container{source: source, id: id, since: now, firsts: make(map[int64]bool)}
	keeper := s.intake.keeper
	c.last, c.known = keeper.Mark(id)
	c.marked, c.recorded = c.last, c.known
	since, other := keeper.Mark(elsewhere)
	seen, _ := keeper.Mark(c.elsewhere())
	c.filter.all = other && since != seen
	c.filter.unmarked = !c.known || c.filter.all
	if c.filter.all {
		c.filter.elsewhere = since
	}
	if c.filter.unmarked {
		c.stored = keeper.Position(source.Pod, source.Container).Stored()
	}
	s.containers[id] = c
	return c
}

// listed takes in that all files of a container are announced that it had at
// first: where the one that was being read is not among them, it is lost.
func (s *session) listed(source wire.Source, now time.Time) {
	c := s.container(source, now)
	there := c.firsts[c.last] || c.firsts == nil
	c.firsts = nil
	ended, over := s.intake.keeper.Mark(c.over())
	if there || !c.known || (over && ended == c.last) {
		return
	}
	if f := c.first; f != nil {
		f.notice("output of this container was rotated away before it could be read", now.UnixNano())
		s.intake.offer(f)
	}
}

// admit lets those files be read whose Pods are known, or will not be.
func (s *session) admit() {
	in := s.intake
	left := s.held[:0]
	for _, f := range s.held {
		_, known := in.pods[f.source.UID]
		if !known && in.options.Now().Sub(f.container.since) < in.options.Hold {
			left = append(left, f)
			continue
		}
		s.answers = append(s.answers, wire.Frame{Kind: wire.Go, File: f.number, Offset: f.at})
	}
	clear(s.held[len(left):])
	s.held = left
	if len(s.answers) > 0 {
		select {
		case s.answer <- struct{}{}:
		default:
		}
	}
}

func (s *session) owner(f *file) owner {
	if p, known := s.intake.pods[f.source.UID]; known {
		o, listed := p.of[f.source.Container]
		if !listed {
			o = p.owner
		}
		f.container.owner = o
	}
	return f.container.owner.or(f.source.Pod)
}

// write says what is wanted, and then what there is to answer. A write that
// fails shows in the reader's end.
func (s *session) write(ctx context.Context, namespace string, w io.Writer) {
	out := wire.NewWriter(w, false)
	_ = out.Write(wire.Frame{Kind: wire.Start, Data: []byte(namespace)})
	for {
		s.intake.mu.Lock()
		answers := s.answers
		s.answers = nil
		s.intake.mu.Unlock()
		for _, f := range answers {
			_ = out.Write(f)
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-s.answer:
		case <-ctx.Done():
			return
		}
	}
}

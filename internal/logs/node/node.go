// Package node owns the program that runs inside a cluster's node and streams
// the log files of its containers: it finds them as they come and are rotated,
// restarted or compressed, and sends all of them, in the order of their times,
// over one pipe.
//
// It keeps nothing and drops nothing: the keeper says from where each file goes
// on, and when the pipe is full, what comes waits in the files. A file once
// found is held open, so that rotation does not take it away before it is read.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

const (
	// chunkBytes bounds a chunk, and what is held of each file.
	chunkBytes = 64 << 10
	// slack is how far a chunk may be ahead of the other files' lines.
	slack = 250 * time.Millisecond
	// lag is what may pass between a line's time and its being in the file.
	lag = 100 * time.Millisecond
	// quietPolls is how often a file that another one follows must be found at
	// its end before it counts as ended: its writer changes over in between.
	quietPolls = 2
	sendBytes  = 128 << 10
)

// Options say what is read. The zero value takes the defaults.
type Options struct {
	Root  string        // default "/var/log/pods"
	Every time.Duration // how often it looks for more; default 100 ms
	// Plain sends chunks as they are rather than compressed.
	Plain bool
	Now   func() time.Time // default time.Now
}

func (o Options) withDefaults() Options {
	if o.Root == "" {
		o.Root = "/var/log/pods"
	}
	if o.Every <= 0 {
		o.Every = 100 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// reader is the state of one session. Polling finds what there is, sending
// takes it from there; only the lock is common, and nobody holds it while he
// waits for the other side.
type reader struct {
	options Options
	wake    chan struct{} // there may be something to send

	mu         sync.Mutex
	root       folder
	namespaces []string
	pods       map[string]*pod // by folder name
	containers []*container
	files      map[uint32]*file
	number     uint32
	said       []wire.Frame // to be sent before anything else
	polled     time.Time    // when the last poll began
	stamps     wire.Stamps
	free       [][]byte // buffers of files that need none at present
}

func newReader(o Options) *reader {
	o = o.withDefaults()
	return &reader{
		options: o, wake: make(chan struct{}, 1), root: folder{path: o.Root, names: readNames},
		pods: make(map[string]*pod), files: make(map[uint32]*file),
		said: []wire.Frame{{Kind: wire.Hello, Offset: wire.Version}},
	}
}

// Run reads for as long as the keeper's pipe, in, is open; it returns nil when
// that ends. A write that blocks then is left behind: the program ends.
func Run(ctx context.Context, o Options, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := newReader(o)
	heard := wire.NewReader(in)
	first, err := heard.Next()
	if err != nil || first.Kind != wire.Start {
		return fmt.Errorf("the keeper did not say what it wants: %w", errors.Join(err, ctx.Err()))
	}
	r.namespaces = strings.Fields(string(first.Data))
	go func() { cancel(r.listen(heard)) }()
	go r.watch(ctx)
	go func() { cancel(r.send(ctx, out)) }()
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// listen takes in what the keeper says until that ends.
func (r *reader) listen(heard *wire.Reader) error {
	for {
		f, err := heard.Next()
		if err != nil {
			return err
		}
		if f.Kind == wire.Go {
			r.start(f.File, f.Offset)
			r.rouse()
		}
	}
}

// start lets a file be read from an offset on.
func (r *reader) start(number uint32, offset int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.files[number]; f != nil && !f.going {
		f.begin(offset)
	}
}

// watch polls until ctx ends.
func (r *reader) watch(ctx context.Context) {
	ticker := time.NewTicker(r.options.Every)
	defer ticker.Stop()
	for {
		r.poll()
		r.rouse()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *reader) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// send writes whatever there is until ctx ends or it cannot.
func (r *reader) send(ctx context.Context, out io.Writer) error {
	buf := make([]byte, 0, 2*sendBytes)
	for {
		var more bool
		buf, more = r.take(buf[:0])
		if len(buf) > 0 {
			if _, err := out.Write(buf); err != nil {
				return fmt.Errorf("write to the keeper: %w", err)
			}
		}
		if more {
			continue
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

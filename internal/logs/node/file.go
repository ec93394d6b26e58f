package node

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// file is a log file that is held open until it is read to its end.
type file struct {
	name      name
	source    wire.Source
	number    uint32
	container *container
	opened    *os.File
	info      os.FileInfo
	unzipped  io.Reader
	read      progress
	there     bool // it has a name still
	going     bool // the keeper has said from where
}

// progress is how far a file is read.
type progress struct {
	at    int64  // the offset of the first byte that is not sent
	buf   []byte // what is read from there on
	head  int64  // the time of the first line of that
	end   bool   // nothing more could be read when it was last tried
	quiet int    // polls that found it so
	final bool   // nothing more will come
	err   error  // it cannot be read
}

// begin lets the file be read from an offset on.
func (f *file) begin(offset int64) {
	f.going = true
	f.read.at = offset
	if f.name.zipped {
		unzipped, err := gzip.NewReader(io.NewSectionReader(f.opened, 0, f.info.Size()))
		if err == nil {
			_, err = io.CopyN(io.Discard, unzipped, offset)
		}
		if errors.Is(err, io.EOF) {
			f.read.end, f.read.final = true, true
		} else {
			f.read.err = err
		}
		f.unzipped = unzipped
		return
	}
	if info, err := f.opened.Stat(); err == nil && info.Size() < offset {
		f.read.at = info.Size() // a machine that lost its power took the rest along
	}
}

// fill reads more into the file's buffer.
func (f *file) fill() {
	p := &f.read
	for len(p.buf) < cap(p.buf) {
		room := p.buf[len(p.buf):cap(p.buf)]
		var n int
		var err error
		if f.unzipped != nil {
			n, err = f.unzipped.Read(room)
		} else {
			n, err = f.opened.ReadAt(room, p.at+int64(len(p.buf)))
		}
		p.buf = p.buf[:len(p.buf)+n]
		switch {
		case errors.Is(err, io.EOF):
			p.end, p.final = true, p.final || f.unzipped != nil
			return
		case err != nil:
			p.err = err
			return
		case f.unzipped == nil:
			return // it is full
		}
	}
}

// ready is how many bytes may be sent: whole lines, or as much as there can be
// of a longer one.
func (p *progress) ready() int {
	if len(p.buf) == 0 {
		return 0
	}
	if n := bytes.LastIndexByte(p.buf, '\n') + 1; n > 0 {
		return n
	}
	if len(p.buf) == cap(p.buf) || p.final {
		return len(p.buf)
	}
	return 0
}

// advance takes away what was sent.
func (p *progress) advance(n int) {
	p.buf = p.buf[:copy(p.buf, p.buf[n:])]
	p.at += int64(n)
}

// look sees whether the file that is being read of a container has grown, was
// cut off, or is over.
func (r *reader) look(c *container) {
	if len(c.files) == 0 || !c.files[0].going {
		return
	}
	f := c.files[0]
	p := &f.read
	if !p.end || p.final || f.unzipped != nil {
		return
	}
	info, err := f.opened.Stat()
	if err != nil {
		p.err = err
		return
	}
	read := p.at + int64(len(p.buf))
	switch {
	case info.Size() > read:
		p.end, p.quiet = false, 0
	case info.Size() < read:
		r.truncated(f, info.Size())
	case len(c.files) > 1 || !f.there || c.gone:
		if p.quiet++; p.quiet >= quietPolls {
			p.final = true
		}
	}
}

// truncated goes on in a file that somebody has cut: where it still begins as
// it did, behind what is left; otherwise it is another file.
func (r *reader) truncated(f *file, size int64) {
	before := f.source
	err := f.recognise()
	if err == nil && f.source == before {
		f.read.buf, f.read.at = f.read.buf[:0], size
		return
	}
	f.source = before
	f.read.final, f.read.buf = true, f.read.buf[:0]
	f.container.unborn = true // look again
}

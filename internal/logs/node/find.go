package node

import (
	"bytes"
	"compress/gzip"
	"errors"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

// name is what a log file is called: 0.log, once rotated 0.log.20261127-070000,
// later 0.log.20261127-070000.gz.
type name struct {
	run     int
	rotated string // empty: it is being written
	zipped  bool
}

func parseName(s string) (n name, ok bool) {
	number, rest, ok := strings.Cut(s, ".log")
	if !ok {
		return name{}, false
	}
	run, err := strconv.Atoi(number)
	if err != nil || run < 0 {
		return name{}, false
	}
	n.run = run
	rest, n.zipped = strings.CutSuffix(rest, ".gz")
	if rest == "" {
		return n, !n.zipped
	}
	n.rotated = strings.TrimPrefix(rest, ".")
	// What is being compressed bears another ending meanwhile.
	return n, len(n.rotated) < len(rest) && !strings.Contains(n.rotated, ".")
}

// before says which file of a container is older.
func (n name) before(o name) int {
	switch {
	case n.run != o.run:
		return n.run - o.run
	case n.rotated == o.rotated:
		return 0
	case n.rotated == "":
		return 1
	case o.rotated == "":
		return -1
	}
	return strings.Compare(n.rotated, o.rotated)
}

// findFiles looks which files a container has, and announces new ones.
func (r *reader) findFiles(c *container, now time.Time) {
	names, changed := c.list(now)
	if c.unborn && !changed {
		c.settled = false
		names, changed = c.list(now)
	}
	if !changed {
		return
	}
	found := c.find(names)
	r.announce(c, found)
	if len(names) > 0 { // the files of one that is gone do not become more
		r.shed(c)
	}
}

// attempts is how often a folder is listed that changes meanwhile.
const attempts = 8

// find returns the files that are new, all of one instant: of a container that
// rotates a file while its folder is listed, the next file would be found
// without the one before it, and read first.
func (c *container) find(names []string) []*file {
	for attempt := 1; ; attempt++ {
		found, over := c.identifyAll(names)
		again, err := c.names(c.path)
		slices.Sort(names)
		slices.Sort(again)
		if err != nil || slices.Equal(names, again) || attempt == attempts {
			c.over = over
			return found
		}
		for _, f := range found {
			f.opened.Close()
		}
		names = again
	}
}

// identifyAll finds which of its files a container has still, and returns
// those that are new, and those that are over.
func (c *container) identifyAll(names []string) (found []*file, over map[wire.Source]bool) {
	c.unborn = false
	for _, f := range c.files {
		f.there = false
	}
	over = make(map[wire.Source]bool, len(c.over))
	for _, text := range names {
		n, ok := parseName(text)
		if !ok {
			continue
		}
		f, source := c.identify(filepath.Join(c.path, text), n)
		switch {
		case f != nil:
			found = append(found, f)
		case c.over[source]:
			over[source] = true
		}
	}
	return found, over
}

// unnamed is how many files without a name are held open of a container: more
// than the kubelet removes at once.
const unnamed = 5

// shed lets go of the oldest files that have no name any more where they are
// too many: while the keeper takes nothing, each would keep its room on a disk
// that may be full.
func (r *reader) shed(c *container) {
	extra := -unnamed
	for _, f := range c.files {
		if !f.there {
			extra++
		}
	}
	c.files = slices.DeleteFunc(c.files, func(f *file) bool {
		if f.there || extra <= 0 {
			return false
		}
		extra--
		r.said = append(r.said, wire.Frame{
			Kind: wire.Broken, File: f.number, Offset: f.read.at, Data: []byte("it was rotated away before it could be read"),
		})
		f.opened.Close()
		f.read.buf = f.read.buf[:0]
		r.release(f)
		delete(r.files, f.number)
		return true
	})
}

// identify opens a file that is not known yet. It returns nil where the file
// is known, with its source where it is over, or cannot be read.
func (c *container) identify(path string, n name) (*file, wire.Source) {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		c.retry(err)
		return nil, wire.Source{}
	}
	for _, f := range c.files { // an open file's number is no one else's
		if os.SameFile(f.info, info) {
			f.name, f.there = n, true
			return nil, wire.Source{}
		}
	}
	opened, err := os.Open(path)
	if err != nil {
		c.retry(err)
		return nil, wire.Source{}
	}
	f := &file{name: n, opened: opened, there: true, container: c}
	if f.info, err = opened.Stat(); err == nil {
		err = f.recognise()
	}
	source := f.source
	if err != nil {
		c.unborn = true
	}
	if err != nil || c.over[source] || c.has(source) {
		opened.Close()
		return nil, source
	}
	return f, source
}

// retry has the folder looked at again where a file could not be. One that is
// not there was renamed: the folder has changed again.
func (c *container) retry(err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.unborn = true
	}
}

// has reports whether the file is known under another name: it is being
// compressed.
func (c *container) has(s wire.Source) bool {
	return slices.ContainsFunc(c.files, func(f *file) bool {
		f.there = f.there || f.source == s
		return f.source == s
	})
}

// announce tells of files and takes them in. The last of those with the same
// beginning counts: two names of one file were seen while it was renamed.
func (r *reader) announce(c *container, found []*file) {
	slices.SortFunc(found, func(a, b *file) int { return a.name.before(b.name) })
	for _, f := range found {
		if c.has(f.source) {
			f.opened.Close()
			continue
		}
		r.number++
		f.number = r.number
		r.files[f.number] = f
		c.files = append(c.files, f)
		r.said = append(r.said, wire.Frame{Kind: wire.Announce, File: f.number, Data: f.source.Append(nil)})
	}
	slices.SortStableFunc(c.files, func(a, b *file) int { return a.name.before(b.name) })
	if !c.listed {
		c.listed = true
		r.said = append(r.said, wire.Frame{Kind: wire.Listed, Data: c.source.Append(nil)})
	}
}

// beginning is how much of a first line without a time tells files apart.
const beginning = 256

// recognise reads what the file begins with. It fails where that is not there
// yet.
func (f *file) recognise() error {
	f.source = f.container.source
	f.source.Run = f.name.run
	head := make([]byte, beginning)
	n, err := f.peek(head)
	head = head[:n]
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if !whole && n < beginning {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	var stamps wire.Stamps
	if stamp, length := stamps.Parse(string(line)); length > 0 {
		f.source.First = stamp.UnixNano()
		return nil
	}
	sum := fnv.New64a()
	sum.Write(line)
	f.source.First = int64(sum.Sum64() >> 2) //nolint:gosec // two bits less
	return nil
}

// peek reads the beginning of the file's content.
func (f *file) peek(head []byte) (int, error) {
	if !f.name.zipped {
		n, err := f.opened.ReadAt(head, 0)
		return n, err
	}
	unzipped, err := gzip.NewReader(io.NewSectionReader(f.opened, 0, f.info.Size()))
	if err != nil {
		return 0, err
	}
	return io.ReadFull(unzipped, head)
}

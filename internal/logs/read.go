package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
)

// found is a matching line and the places around it.
type found struct {
	line         rawLine
	start, after int64
}

// Forward returns up to limit matching lines from the cursor on. When the
// context ends first, it returns what it has with the context's error.
func (f *Files) Forward(ctx context.Context, from Cursor, q Query, limit int) (Page, error) {
	page := Page{Start: from, End: from}
	ids, err := f.list()
	if err != nil {
		return page, err
	}
	m := newMatcher(q)
	for i, id := range ids {
		if id < from.Segment {
			continue
		}
		begin := int64(0)
		if id == from.Segment {
			begin = from.Offset
		}
		v, err := f.view(id, i < len(ids)-1)
		if err != nil {
			return page, err
		}
		p := pass{dir: f.dir, id: id, sum: v.sum, match: m, limit: limit}
		if err := p.forward(ctx, begin, &page); err != nil || page.More {
			return page, err
		}
	}
	return page, nil
}

// Backward returns the last matching lines, limit at most, that stand before
// the cursor, oldest first. When the context ends first, it returns what it
// has with the context's error.
func (f *Files) Backward(ctx context.Context, before Cursor, q Query, limit int) (Page, error) {
	page := Page{Start: before, End: before}
	ids, err := f.list()
	if err != nil {
		return page, err
	}
	m := newMatcher(q)
	for i, id := range slices.Backward(ids) {
		if id > before.Segment {
			continue
		}
		v, err2 := f.view(id, i < len(ids)-1)
		if err = err2; err != nil {
			break
		}
		end := v.sum.End
		if id == before.Segment {
			end = min(end, before.Offset)
		}
		p := pass{dir: f.dir, id: id, sum: v.sum, match: m, limit: limit}
		if err = p.backward(ctx, end, &page); err != nil || page.More {
			break
		}
	}
	slices.Reverse(page.Lines)
	slices.Reverse(page.Places)
	return page, err
}

// pass goes over one segment for one query.
type pass struct {
	dir   string
	id    uint64
	sum   summary
	match *matcher
	limit int

	wanted []bool
	file   *os.File
	buf    []byte
	hits   []found
}

// begin reports whether there is anything to look at.
func (p *pass) begin() (bool, error) {
	p.wanted = p.match.origins(p.sum)
	if !p.match.mayMatch(p.sum, p.wanted) {
		return false, nil
	}
	file, err := os.Open(segmentPath(p.dir, p.id))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil // discarded meanwhile
	}
	if err != nil {
		return false, fmt.Errorf("read the log store: %w", err)
	}
	p.file = file
	return true, nil
}

func (p *pass) forward(ctx context.Context, from int64, page *Page) error {
	if from >= p.sum.End {
		p.reach(page, max(from, p.sum.End))
		return nil
	}
	some, err := p.begin()
	if err != nil || !some {
		p.reach(page, p.sum.End)
		return err
	}
	defer p.file.Close()
	for k := p.chunkAt(from); k < len(p.sum.Marks); k++ {
		if err := p.load(ctx, k, from, p.sum.End); err != nil {
			return err
		}
		for _, hit := range p.hits {
			if len(page.Lines) >= p.limit {
				page.More = true
				return nil
			}
			page.Lines = append(page.Lines, p.line(hit.line))
			page.Places = append(page.Places, Cursor{Segment: p.id, Offset: hit.start})
			p.reach(page, hit.after)
		}
		p.reach(page, p.chunkEnd(k))
	}
	return nil
}

func (p *pass) reach(page *Page, offset int64) {
	page.End = Cursor{Segment: p.id, Offset: offset}
}

func (p *pass) backward(ctx context.Context, end int64, page *Page) error {
	some, err := p.begin()
	if err != nil {
		return err
	}
	if !some || end <= headerSize {
		if some {
			err = p.file.Close()
		}
		page.Start = Cursor{Segment: p.id, Offset: headerSize}
		return err
	}
	defer p.file.Close()
	for k := p.chunkAt(end - 1); k >= 0; k-- {
		if err := p.load(ctx, k, 0, end); err != nil {
			return err
		}
		for _, hit := range slices.Backward(p.hits) {
			if len(page.Lines) >= p.limit {
				page.More = true
				return nil
			}
			page.Lines = append(page.Lines, p.line(hit.line))
			page.Start = Cursor{Segment: p.id, Offset: hit.start}
			page.Places = append(page.Places, page.Start)
		}
		page.Start = Cursor{Segment: p.id, Offset: p.sum.Marks[k]}
	}
	return nil
}

// chunkAt is the number of the chunk that the offset lies in.
func (p *pass) chunkAt(offset int64) int {
	k := sort.Search(len(p.sum.Marks), func(i int) bool { return p.sum.Marks[i] > offset })
	return max(0, k-1)
}

func (p *pass) chunkEnd(k int) int64 {
	if k+1 < len(p.sum.Marks) {
		return p.sum.Marks[k+1]
	}
	return p.sum.End
}

// load finds the matching lines of a chunk that begin at or after from and
// before end. A record that is damaged ends the chunk.
func (p *pass) load(ctx context.Context, k int, from, end int64) error {
	p.hits = p.hits[:0]
	if err := ctx.Err(); err != nil {
		return err
	}
	offset, size := p.sum.Marks[k], int(p.chunkEnd(k)-p.sum.Marks[k])
	if cap(p.buf) < size {
		p.buf = make([]byte, size)
	}
	n, err := p.file.ReadAt(p.buf[:size], offset)
	if err != nil && n == 0 {
		return fmt.Errorf("read the log store: %w", err)
	}
	for b := p.buf[:n]; len(b) > 0 && offset < end; {
		payload, length, state := nextRecord(b)
		if state != recordWhole {
			return nil
		}
		after := offset + int64(length)
		if l, ok := parseLine(payload); ok && offset >= from && p.match.matches(l, p.wanted) && p.match.query.holds(p.line(l)) {
			p.hits = append(p.hits, found{line: l, start: offset, after: after})
		}
		b, offset = b[length:], after
	}
	return nil
}

func (p *pass) line(l rawLine) Line {
	o := p.sum.Origins[l.origin]
	return Line{
		Time: fromNanos(l.time), Stack: o.Stack, Service: o.Service, Pod: o.Pod,
		Container: o.Container, Level: l.level, Message: string(l.message),
	}
}

package logs

import (
	"context"
	"iter"
	"slices"
)

// Forward returns up to limit matching lines from the cursor on. When the
// context ends first, it returns what it has with the context's error.
func (f *Files) Forward(ctx context.Context, from Cursor, q Query, limit int) (Page, error) {
	page := Page{Start: from, End: from}
	ids, err := f.list()
	if err != nil || len(ids) == 0 {
		return page, err
	}
	if limit <= 0 {
		page.More = true
		return page, nil
	}
	r := f.reading(q)
	take := func(j *job) bool {
		for _, hit := range j.found {
			page.Lines = append(page.Lines, hit.line)
			page.Places = append(page.Places, Cursor{Segment: j.segment.header.ID, Offset: hit.start})
			page.End = Cursor{Segment: j.segment.header.ID, Offset: hit.after}
			if page.More = len(page.Lines) == limit; page.More {
				return false
			}
		}
		page.End = Cursor{Segment: j.segment.header.ID, Offset: max(j.from, j.block.end())}
		return true
	}
	r.left = func() int { return limit - len(page.Lines) }
	r.from = from
	if err := r.over(ctx, slices.Values(ids), take); err != nil || page.More {
		return page, err
	}
	if r.end.Compare(page.End) > 0 {
		page.End = r.end
	}
	return page, nil
}

// Backward returns the last matching lines, limit at most, that stand before
// the cursor, oldest first. When the context ends first, it returns what it
// has with the context's error.
func (f *Files) Backward(ctx context.Context, before Cursor, q Query, limit int) (Page, error) {
	page := Page{Start: before, End: before}
	ids, err := f.list()
	if err != nil || len(ids) == 0 {
		return page, err
	}
	if limit <= 0 {
		page.More = true
		return page, nil
	}
	r := f.reading(q)
	take := func(j *job) bool {
		for _, hit := range j.found {
			page.Lines = append(page.Lines, hit.line)
			page.Start = Cursor{Segment: j.segment.header.ID, Offset: hit.start}
			page.Places = append(page.Places, page.Start)
			if page.More = len(page.Lines) == limit; page.More {
				return false
			}
		}
		page.Start = Cursor{Segment: j.segment.header.ID, Offset: min(j.before, j.block.offset)}
		return true
	}
	r.left = func() int { return limit - len(page.Lines) }
	r.before, r.backward = before, true
	err = r.over(ctx, backward(ids), take)
	slices.Reverse(page.Lines)
	slices.Reverse(page.Places)
	if first := (Cursor{Segment: ids[0], Offset: headerSize}); err == nil && !page.More && page.Start.Compare(first) > 0 {
		page.Start = first
	}
	return page, err
}

// reading makes jobs of the blocks that a query has to look into.
type reading struct {
	files    *Files
	match    *matcher
	from     Cursor
	before   Cursor // where it goes backward
	backward bool
	left     func() int // how many more lines are wanted; nil: all
	span     *span
	// whole is told of each block that is counted without a look into it.
	whole func(b *block)
	end   Cursor // the end of the last segment looked at
}

func (f *Files) reading(q Query) *reading { return &reading{files: f, match: newMatcher(q)} }

// over looks into the segments in that order.
func (r *reading) over(ctx context.Context, ids iter.Seq[uint64], take func(*job) bool) error {
	s := newSweep(r.files, take)
	defer s.end()
	for id := range ids {
		if id < r.from.Segment || (r.backward && id > r.before.Segment) {
			continue
		}
		more, err := r.segment(ctx, s, id)
		if err != nil || !more {
			return err
		}
	}
	return s.rest(ctx)
}

// segment hands the sweep the blocks of a segment.
func (r *reading) segment(ctx context.Context, s *sweep, id uint64) (more bool, err error) {
	if c := r.files.known(id); c != nil && len(r.blocks(c, r.match.origins(c.origins))) == 0 {
		r.end = Cursor{Segment: id, Offset: c.end}
		return true, ctx.Err()
	}
	seg, err := r.files.open(id)
	if err != nil || seg == nil {
		return err == nil, err
	}
	defer seg.close()
	r.end = Cursor{Segment: id, Offset: seg.end}
	if seg.header.packed && r.match.filters() && seg.filtersLen > 0 {
		filters := make([]byte, seg.filtersLen)
		if _, err := seg.file.ReadAt(filters, seg.content.filters); err == nil {
			seg.filters = filters
		}
	}
	wanted := r.match.origins(seg.origins)
	blocks := r.blocks(seg.content, wanted)
	if r.backward {
		slices.Reverse(blocks)
	}
	for _, b := range blocks {
		if seg.filters != nil && !r.match.mayHold(seg.filters[b.filterAt:b.filterAt+b.filter]) {
			continue
		}
		if r.whole != nil && r.match.plain() && r.span.holds(b, r.match) && r.match.allFrom(b, wanted) {
			r.whole(b)
			continue
		}
		seg.use()
		if more, err := s.do(ctx, r.job(seg, b, wanted)); err != nil || !more {
			return false, err
		}
	}
	return true, ctx.Err()
}

func (r *reading) job(seg *openSegment, b *block, wanted []bool) *job {
	j := &job{segment: seg, block: b, match: r.match, wanted: wanted, before: seg.end, backward: r.backward, span: r.span}
	if r.left != nil {
		j.limit = r.left()
	}
	if r.from.Segment == seg.header.ID {
		j.from = r.from.Offset
	}
	if r.backward && r.before.Segment == seg.header.ID {
		j.before = min(j.before, r.before.Offset)
	}
	return j
}

// blocks are those of a segment that may hold wanted lines, but for their text.
func (r *reading) blocks(c *content, wanted []bool) []*block {
	var all []*block
	for i := range c.blocks {
		b := &c.blocks[i]
		if c.header.ID == r.from.Segment && b.end() <= r.from.Offset ||
			r.backward && c.header.ID == r.before.Segment && b.offset >= r.before.Offset ||
			!r.match.mayMatch(b, wanted) {
			continue
		}
		all = append(all, b)
	}
	return all
}

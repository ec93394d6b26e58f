package logs

import (
	"context"
	"math/bits"
	"slices"
	"time"
)

// At returns a place before the first line of that time or later. Times later
// than the writer's clock, but for an hour, are not believed: a line that says
// year 9999 is no place to look for what came later.
func (f *Files) At(ctx context.Context, t time.Time) (Cursor, error) {
	ids, err := f.list()
	if err != nil || len(ids) == 0 {
		return Cursor{}, err
	}
	wanted := nanos(t)
	believed := func(b *block) int64 { return b.late }
	all := func(b *block) int64 { return b.last }
	for _, until := range [...]func(*block) int64{believed, all} {
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return Cursor{}, err
			}
			at, found, err := f.firstIn(id, wanted, until)
			if err != nil || found {
				return at, err
			}
		}
	}
	return f.End(ctx)
}

// firstIn is the place of the first line of a segment whose time is not before
// t and not after what is given for its block.
func (f *Files) firstIn(id uint64, t int64, until func(*block) int64) (at Cursor, found bool, err error) {
	late := func(b block) bool { return until(&b) >= t && until(&b) != noTime }
	if c := f.known(id); c != nil && !slices.ContainsFunc(c.blocks, late) {
		return Cursor{}, false, nil
	}
	seg, err := f.open(id)
	if err != nil || seg == nil {
		return Cursor{}, false, err
	}
	defer seg.close()
	u := f.unpacker()
	defer f.release(u)
	for i := range seg.blocks {
		b := &seg.blocks[i]
		if !late(*b) {
			continue
		}
		w, err := u.walk(seg, b, false)
		if err != nil {
			return Cursor{}, false, err
		}
		for w.step() {
			if w.line() && w.time >= t && w.time <= until(b) && w.number < len(seg.origins) && seg.origins[w.number] != lostOrigin {
				return Cursor{Segment: id, Offset: b.offset + int64(w.start)}, true, nil
			}
		}
	}
	return Cursor{}, false, nil
}

// span is a stretch of time in parts.
type span struct {
	from   int64
	length uint64
	parts  int
}

// part is the part that a time of the span falls into.
func (s *span) part(t int64) int {
	high, low := bits.Mul64(uint64(t-s.from), uint64(s.parts))
	if high >= s.length {
		return s.parts - 1
	}
	n, _ := bits.Div64(high, low, s.length)
	return min(int(n), s.parts-1)
}

// holds reports whether all lines of a block are in one part, and none is
// ruled out by its time.
func (s *span) holds(b *block, m *matcher) bool {
	return b.first >= m.since && b.last <= m.until && s.part(b.first) == s.part(b.last)
}

// Count counts the matching lines of each part of a span.
func (f *Files) Count(ctx context.Context, q Query, s Span) ([]LevelCounts, error) {
	counts := make([]LevelCounts, max(0, s.Parts))
	from, to := max(earliestTime, nanos(s.From)), max(earliestTime, nanos(s.To))
	if len(counts) == 0 || to <= from {
		return counts, nil
	}
	ids, err := f.list()
	if err != nil {
		return counts, err
	}
	r := f.reading(q)
	r.match.since, r.match.until = max(r.match.since, from), min(r.match.until, to-1)
	r.span = &span{from: from, length: uint64(to - from), parts: s.Parts}
	r.whole = func(b *block) {
		part := &counts[r.span.part(b.first)]
		for l, n := range b.counts {
			if r.match.level(Level(l)) {
				part[l] += n
			}
		}
	}
	err = r.over(ctx, slices.Values(ids), func(j *job) bool {
		for i, c := range j.counts {
			for l, n := range c {
				counts[j.first+i][l] += n
			}
		}
		return true
	})
	return counts, err
}

// begin makes room for the counts of the parts that the block reaches into.
func (j *job) begin() {
	first, last := max(j.block.first, j.match.since), min(j.block.last, j.match.until)
	if first > last {
		return
	}
	j.first = j.span.part(first)
	j.counts = make([]LevelCounts, j.span.part(last)-j.first+1)
}

func (j *job) count(level Level, t int64) {
	if i := j.span.part(t) - j.first; i >= 0 && i < len(j.counts) {
		j.counts[i][level]++
	}
}

package logs

import "slices"

// job is one block for one query.
type job struct {
	segment  *openSegment
	block    *block
	match    *matcher
	wanted   []bool // by origin
	from     int64  // only lines that begin there or later
	before   int64  // and before that
	limit    int    // of lines that are handed over: the first ones,
	backward bool   // or the last ones, the last of them first
	span     *span  // where lines are counted rather than handed over

	done   chan struct{} // closed when the results are there
	err    error
	found  []found
	counts []LevelCounts // of the span's parts from first on
	first  int
}

// found is a wanted line and the places around it.
type found struct {
	line         Line
	start, after int64
}

// spot is a line in a block that may be wanted.
type spot struct {
	level      Level
	number     int
	time       int64
	start      int // in the block; so are the others
	body, next int
}

// run does the job.
func (j *job) run(u *unpacker) {
	groups, err := u.load(j.segment, j.block)
	if err != nil {
		j.err = err
		return
	}
	if j.span != nil {
		j.begin()
	}
	u.spots = u.spots[:0]
	j.search(groups, func(s spot) bool {
		if j.backward {
			u.spots = append(u.spots, s)
			return true
		}
		return j.take(groups, s)
	})
	for _, s := range slices.Backward(u.spots) {
		if !j.take(groups, s) {
			return
		}
	}
}

// search goes over the block and gives what may be wanted to visit, until that
// says that it is enough. Where a literal has to be there, it is looked for in
// the block as a whole, and only the lines that it stands in are looked at.
func (j *job) search(groups []byte, visit func(spot) bool) {
	var find *finder
	place := 0
	if len(j.match.literals) > 0 {
		find = &finder{literal: j.match.literals[0]}
		find.begin(groups)
		if place = find.find(0); place < 0 {
			return
		}
	}
	for w := walk(groups, j.segment.header.Begun); w.step(); {
		if find != nil {
			if place < w.bodyAt { // in what stands before the message
				if place = find.find(w.bodyAt); place < 0 {
					return
				}
			}
			if place >= w.next {
				continue
			}
		}
		start := j.block.offset + int64(w.start)
		if start >= j.before {
			return
		}
		if w.line() && start >= j.from && w.number < len(j.wanted) && j.wanted[w.number] &&
			!visit(spot{Level(w.kind), w.number, w.time, w.start, w.bodyAt, w.next}) {
			return
		}
	}
}

// take hands a line over where it is wanted; it reports whether more are.
func (j *job) take(groups []byte, s spot) bool {
	body := groups[s.body:s.next]
	if !j.match.matches(s.level, s.time, body) {
		return true
	}
	q := &j.match.query
	ask := len(q.Fields) > 0 || q.Where != nil
	if j.span != nil && !ask {
		j.count(s.level, s.time)
		return true
	}
	o := &j.segment.origins[s.number]
	line := Line{
		Time: fromNanos(s.time), Stack: o.Stack, Service: o.Service, Pod: o.Pod,
		Container: o.Container, Level: s.level, Message: string(body),
	}
	switch {
	case ask && !q.holds(line):
		return true
	case j.span != nil:
		j.count(s.level, s.time)
		return true
	}
	j.found = append(j.found, found{line: line, start: j.block.offset + int64(s.start), after: j.block.offset + int64(s.next)})
	return len(j.found) < j.limit
}

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
	level        Level
	number       int
	time         int64
	start, after int // in the block
	message      []byte
}

// run does the job.
func (j *job) run(u *unpacker) {
	u.spots = u.spots[:0]
	if j.span != nil {
		j.begin()
	}
	if j.err = j.search(u); j.err != nil {
		return
	}
	for _, s := range slices.Backward(u.spots) {
		if !j.take(s) {
			return
		}
	}
}

// search goes over the block until it is enough. Where a literal has to be
// there, it is looked for in the block as a whole, and only the lines that it
// stands in are looked at.
func (j *job) search(u *unpacker) error {
	if len(j.match.literals) == 0 {
		w, err := u.walk(j.segment, j.block, j.span == nil || !j.match.plain())
		if err != nil {
			return err
		}
		for w.step() && j.look(u, &w) {
			continue
		}
		return nil
	}
	f := finder{literal: j.match.literals[0]}
	w, found, err := j.findFirst(u, &f)
	if err != nil || !found {
		return err
	}
	for place := f.find(0); w.step(); {
		if !w.line() {
			continue
		}
		if place < w.bodyAt { // in what stands before the message
			if place = f.find(w.bodyAt); place < 0 {
				return nil
			}
		}
		if place < w.bodyAt+len(w.body) && !j.look(u, &w) {
			return nil
		}
	}
	return nil
}

// findFirst begins to look for a literal; a packed block's records are not
// loaded where it is nowhere.
func (j *job) findFirst(u *unpacker, f *finder) (w walker, found bool, err error) {
	if !j.segment.header.packed {
		if w, err = u.walk(j.segment, j.block, true); err != nil {
			return w, false, err
		}
		f.begin(w.data)
		return w, f.find(0) >= 0, nil
	}
	if err := u.loadMessages(j.segment, j.block); err != nil {
		return w, false, err
	}
	if f.begin(u.messages); f.find(0) < 0 {
		return w, false, nil
	}
	if w, err = u.walk(j.segment, j.block, false); err != nil {
		return w, false, err
	}
	w.messages = u.messages
	return w, true, nil
}

// look looks at the record that a walker stands at; it reports whether more
// are wanted.
func (j *job) look(u *unpacker, w *walker) bool {
	start := j.block.offset + int64(w.start)
	if start >= j.before {
		return false
	}
	if !w.line() || start < j.from || w.number >= len(j.wanted) || !j.wanted[w.number] {
		return true
	}
	s := spot{Level(w.kind), w.number, w.time, w.start, w.after(), w.body}
	if j.backward {
		u.spots = append(u.spots, s)
		return true
	}
	return j.take(s)
}

// take hands a line over where it is wanted; it reports whether more are.
func (j *job) take(s spot) bool {
	if !j.match.matches(s.level, s.time, s.message) {
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
		Container: o.Container, Level: s.level, Message: string(s.message),
	}
	switch {
	case ask && !q.holds(line):
		return true
	case j.span != nil:
		j.count(s.level, s.time)
		return true
	}
	j.found = append(j.found, found{line: line, start: j.block.offset + int64(s.start), after: j.block.offset + int64(s.after)})
	return len(j.found) < j.limit
}

package logs

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// Bounds of what a position remembers. Two pipes of one container may hand
// over lines a little out of order, so that a single "last time" would lose
// some: a position remembers the times of the newest lines instead.
const (
	positionWindow  = int64(time.Second)
	positionMoments = 256
	carriedMoments  = 100 // to the next segment
	momentBytes     = 6   // what one takes on disk, about
)

// place is whose position it is.
type place struct{ pod, container string }

// placeOf is the place of a container, by names that a record can hold.
func placeOf(pod, container string) place {
	o := origin{Pod: pod, Container: container}.bounded()
	return place{o.Pod, o.Container}
}

// moment is how many lines are stored that bear one time.
type moment struct {
	time  int64
	lines int64
}

// Position is how far a container's output is stored. The zero value means
// that nothing is.
type Position struct {
	// floor: every line with an earlier time is stored. noTime where nothing
	// is known of earlier ones.
	floor   int64
	moments []moment // by time, all at or after floor
}

// Since is the time from which a stream has to be read again, so that nothing
// is missed; zero where nothing is stored. What is stored already is told
// apart with [Position.Stored].
func (p Position) Since() time.Time {
	switch {
	case len(p.moments) == 0:
		return time.Time{}
	case p.floor == noTime: // a line before the first may come after it
		return fromNanos(p.moments[0].time - positionWindow)
	}
	return fromNanos(p.floor)
}

// Last is the newest time stored; zero where nothing is.
func (p Position) Last() time.Time {
	if len(p.moments) == 0 {
		return time.Time{}
	}
	return fromNanos(p.moments[len(p.moments)-1].time)
}

// Stored starts telling apart the lines of a stream that is read again. The
// function it returns is called with the time of each line, in order, and
// reports whether that line is stored already.
func (p Position) Stored() func(time.Time) bool {
	if len(p.moments) == 0 {
		return func(time.Time) bool { return false }
	}
	left := make(map[int64]int64, len(p.moments))
	for _, m := range p.moments {
		left[m.time] = m.lines
	}
	floor, last := p.floor, p.moments[len(p.moments)-1].time
	return func(t time.Time) bool {
		n := nanos(t)
		switch {
		case n > last:
			return false
		case n < floor:
			return true
		case left[n] > 0:
			left[n]--
			return true
		}
		return false
	}
}

func newPosition() *Position { return &Position{floor: noTime} }

// add counts one more stored line.
func (p *Position) add(t int64) {
	if t == noTime || (p.floor != noTime && t < p.floor) {
		return
	}
	i := len(p.moments)
	if i > 0 && p.moments[i-1].time == t { // as most often
		p.moments[i-1].lines++
		return
	}
	for i > 0 && p.moments[i-1].time > t {
		i--
	}
	if i > 0 && p.moments[i-1].time == t {
		p.moments[i-1].lines++
		return
	}
	p.moments = slices.Insert(p.moments, i, moment{t, 1})
	if len(p.moments) >= 2*positionMoments {
		p.trim(positionMoments)
	}
}

// trim forgets what is too old to matter, leaves so many moments at most (but
// one), and raises the floor over the rest.
func (p *Position) trim(most int) {
	if len(p.moments) == 0 {
		return
	}
	last := p.moments[len(p.moments)-1].time
	from := max(0, len(p.moments)-max(1, min(most, positionMoments)))
	for from < len(p.moments)-1 && p.moments[from].time < last-positionWindow {
		from++
	}
	if from == 0 {
		return
	}
	p.moments = append(p.moments[:0], p.moments[from:]...)
	p.floor = p.moments[0].time
}

func (p *Position) clone() Position {
	return Position{floor: p.floor, moments: slices.Clone(p.moments)}
}

func appendPosition(dst []byte, at place, p *Position) []byte {
	body := appendString(nil, at.pod)
	body = appendString(body, at.container)
	body = binary.AppendVarint(body, p.floor)
	previous := int64(0)
	for _, m := range p.moments {
		body = binary.AppendVarint(body, m.time-previous)
		body = binary.AppendVarint(body, m.lines)
		previous = m.time
	}
	return appendRecord(dst, kindPosition, body)
}

func parsePosition(body []byte) (place, *Position, bool) {
	var at place
	p, rest := newPosition(), body
	var ok bool
	if at.pod, rest, ok = cutString(rest); !ok {
		return place{}, nil, false
	}
	if at.container, rest, ok = cutString(rest); !ok {
		return place{}, nil, false
	}
	if p.floor, rest, ok = cutVarint(rest); !ok {
		return place{}, nil, false
	}
	previous := int64(0)
	for len(rest) > 0 {
		var delta, lines int64
		if delta, rest, ok = cutVarint(rest); !ok {
			return place{}, nil, false
		}
		if lines, rest, ok = cutVarint(rest); !ok {
			return place{}, nil, false
		}
		previous += delta
		p.moments = append(p.moments, moment{previous, lines})
	}
	return at, p, true
}

func cutVarint(b []byte) (int64, []byte, bool) {
	n, size := binary.Varint(b)
	if size <= 0 {
		return 0, nil, false
	}
	return n, b[size:], true
}

// rememberPositions writes down how far each container is stored, so that the
// new segment alone is enough to go on after a restart.
func (s *Store) rememberPositions(g *groupWriter) {
	places := make([]place, 0, len(s.positions))
	for at := range s.positions {
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(s.positions[b].Last().Compare(s.positions[a].Last()),
			cmp.Compare(a.pod, b.pod), cmp.Compare(a.container, b.container))
	})
	// Together they take an eighth of the segment at most.
	moments := min(carriedMoments, int(s.options.SegmentBytes/8)/(momentBytes*max(1, min(len(places), maxPositions))))
	for i, at := range places {
		if i >= maxPositions {
			delete(s.positions, at)
			continue
		}
		s.positions[at].trim(moments)
		g.room()
		g.buf = appendPosition(g.buf, at, s.positions[at])
	}
}

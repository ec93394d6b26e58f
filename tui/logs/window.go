package logs

import store "github.com/diorama-dev/diorama/internal/logs"

const (
	// pageSize is how many lines are read at once.
	pageSize = 500
	// held is how many lines are held at most; the store has the others.
	held = 5000
)

// chunk is a run of lines as it was read.
type chunk struct {
	entries    []Entry
	places     []store.Cursor // just before each of the entries
	start, end store.Cursor
}

// window is the part of the store that is held: chunks that follow on each
// other. It is a value; its slices are never changed once shared.
type window struct {
	chunks     []chunk
	start, end store.Cursor
	size       int
	oldest     bool // nothing stands before start
}

// fresh is a window of one page at the store's end.
func fresh(c chunk, oldest bool) window {
	w := window{start: c.start, end: c.end, oldest: oldest}
	return w.append(c)
}

// unread reports whether nothing was read yet: there is no place to go on from.
func (w window) unread() bool { return w.size == 0 && w.end == store.Cursor{} }

// append returns the window with newer lines.
func (w window) append(c chunk) window {
	w.end = c.end
	if len(c.entries) == 0 {
		return w
	}
	chunks := append([]chunk(nil), w.chunks...)
	if n := len(chunks) - 1; n >= 0 && len(chunks[n].entries)+len(c.entries) <= pageSize {
		last := chunks[n]
		last.entries = append(append(make([]Entry, 0, len(last.entries)+len(c.entries)), last.entries...), c.entries...)
		last.places = append(append(make([]store.Cursor, 0, len(last.places)+len(c.places)), last.places...), c.places...)
		last.end = c.end
		chunks[n] = last
	} else {
		chunks = append(chunks, c)
	}
	w.chunks, w.size = chunks, w.size+len(c.entries)
	return w
}

// prepend returns the window with older lines.
func (w window) prepend(c chunk, oldest bool) window {
	w.start, w.oldest = c.start, oldest
	if len(c.entries) == 0 {
		return w
	}
	w.chunks = append([]chunk{c}, w.chunks...)
	w.size += len(c.entries)
	return w
}

// dropOldest returns the window within its bound, and how many lines went.
func (w window) dropOldest() (window, int) {
	gone := 0
	for w.size > held && len(w.chunks) > 1 {
		n := len(w.chunks[0].entries)
		w.start, w.oldest = w.chunks[0].end, false
		w.chunks, w.size, gone = w.chunks[1:], w.size-n, gone+n
	}
	return w, gone
}

// dropNewest returns the window within its bound.
func (w window) dropNewest() window {
	for w.size > held && len(w.chunks) > 1 {
		last := w.chunks[len(w.chunks)-1]
		w.end = last.start
		w.chunks, w.size = w.chunks[:len(w.chunks)-1], w.size-len(last.entries)
	}
	return w
}

// at is the i-th line.
func (w window) at(i int) (Entry, bool) {
	if i < 0 {
		return Entry{}, false
	}
	for _, c := range w.chunks {
		if i < len(c.entries) {
			return c.entries[i], true
		}
		i -= len(c.entries)
	}
	return Entry{}, false
}

// place is the place just before the i-th line.
func (w window) place(i int) store.Cursor {
	for _, c := range w.chunks {
		if i < len(c.entries) {
			return c.places[i]
		}
		i -= len(c.entries)
	}
	return w.end
}

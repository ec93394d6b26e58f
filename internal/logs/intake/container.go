package intake

import (
	"slices"
	"time"

	"github.com/diorama-dev/diorama/internal/logs/wire"
)

const (
	// endings is how many files that were read to their end are remembered of a
	// container: more than the kubelet keeps.
	endings = 16
	// refreshEvery is how often the keeper is reminded of the files that are
	// there: it keeps the marks that were used last.
	refreshEvery = time.Minute
)

// container is what the files of a container have in common.
type container struct {
	source wire.Source
	id     string
	key    int64      // of its last line
	stamp  wire.Stamp // of its last record
	// stored tells what is stored already of files whose lines are filtered.
	stored   func(time.Time) bool
	filter   filter
	last     int64 // what the file began with that was being read last
	known    bool  // there was one
	marked   int64 // what the file began with whose mark was set last
	recorded bool  // a mark was set
	since    time.Time
	firsts   map[int64]bool // the beginnings of all files at first; nil: they are told
	first    *file          // that was announced
	owner    owner
	// ended are the files that this session has read to their end, the last
	// ones. One that is found again, since it was renamed while the reader
	// listed its folder, may be ahead of its mark.
	ended []ending
}

// filter says which files of a container hold lines that somebody else may
// have stored.
type filter struct {
	all       bool  // those that have marks too
	unmarked  bool  // those without marks
	elsewhere int64 // to be remembered, so that the next session asks for none
}

// before is the time of a line that bears none.
func (c *container) before(now int64) wire.Stamp {
	if c.stamp == (wire.Stamp{}) {
		return stampOf(now)
	}
	return c.stamp
}

// ending is where a file ended.
type ending struct {
	id string
	at int64
}

func (c *container) end(id string, at int64) {
	c.ended = append(c.ended, ending{id, at})
	if extra := len(c.ended) - endings; extra > 0 {
		c.ended = slices.Delete(c.ended, 0, extra)
	}
}

// endOf is where a file ended that was read to its end.
func (c *container) endOf(id string) (at int64, ended bool) {
	for _, e := range slices.Backward(c.ended) {
		if e.id == id {
			return e.at, true
		}
	}
	return 0, false
}

// refresh reminds the keeper of what is there still, and forgets containers
// of which nothing is.
func (s *session) refresh() {
	in := s.intake
	reading := make(map[*container]bool, len(s.containers))
	for _, f := range s.files {
		reading[f.container] = true
		in.keeper.Mark(f.id)
	}
	in.keeper.Mark(elsewhere)
	for id, c := range s.containers {
		if _, known := in.pods[c.source.UID]; !known && !reading[c] && c.firsts == nil {
			delete(s.containers, id)
			continue
		}
		for _, mark := range [...]string{id, c.elsewhere(), c.over()} {
			in.keeper.Mark(mark)
		}
		for _, e := range c.ended {
			in.keeper.Mark(e.id)
		}
	}
}

// elsewhere and over are the marks of what the container's last session knew
// of other sources, and of which of its files it read to the end.
func (c *container) elsewhere() string { return c.id + "/" + elsewhere }
func (c *container) over() string      { return c.id + "/ended" }

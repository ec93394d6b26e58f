package rabbitmq

import (
	"sort"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

// kind is that of a queue in the last sample; empty: it was not there.
func (s *source) kind(name string) queue.Kind {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return ""
	}
	list := s.last.Queues
	i := sort.Search(len(list), func(i int) bool { return list[i].Name >= name })
	if i < len(list) && list[i].Name == name {
		return list[i].Kind
	}
	return ""
}

// nearest is the queue of the last sample whose name is most like another: the
// same but for case, or with one within the other.
func (s *source) nearest(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return ""
	}
	wanted, best := strings.ToLower(name), ""
	for _, q := range s.last.Queues {
		is := strings.ToLower(q.Name)
		if is == wanted {
			return q.Name
		}
		if best == "" && len(is) > 2 && (strings.Contains(is, wanted) || strings.Contains(wanted, is)) {
			best = q.Name
		}
	}
	return best
}

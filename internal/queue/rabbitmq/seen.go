package rabbitmq

import (
	"sort"

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

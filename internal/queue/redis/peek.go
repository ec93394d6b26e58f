package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	// pageFirst is how many entries the first page has, pageMost how many a
	// page has at most, pageBytes how large one should get.
	pageFirst = 8
	pageMost  = 1000
	pageBytes = 8 << 20
)

// Peek shows the entries of a stream or the elements of a list, in pages of
// some 8 MB. Of a stream, an offset is the first number of an ID, milliseconds
// where the server chose it. Of a list, the left end is taken for the oldest,
// which it is where RPUSH writes and LPOP reads, and an offset is an index from
// there; while others push or pop at the left, it moves.
func (s *source) Peek(ctx context.Context, r queue.PeekRequest, see func(queue.Message) error) error {
	a := parseAddress(r.Queue)
	if a.channel {
		return &queue.CannotError{What: "a channel of Redis holds no messages: who does not listen when one is published never gets it"}
	}
	if err := noPartition(r.Partition); err != nil {
		return err
	}
	kind, err := s.kindOfKey(ctx, a)
	if err != nil || r.Limit <= 0 {
		return err
	}
	if kind == queue.KindStream {
		return s.peekStream(ctx, a, r, see)
	}
	return s.peekList(ctx, a, r, see)
}

// PeekNote is empty: looking at a stream or list changes nothing.
func (s *source) PeekNote(string) string { return "" }

func noPartition(partition queue.Count) error {
	if n, ok := partition.Get(); ok && n != 0 {
		return &queue.CannotError{What: "Redis has no partitions"}
	}
	return nil
}

// kindOfKey asks what a key is. A list that the last sample still had is an
// empty one.
func (s *source) kindOfKey(ctx context.Context, a address) (queue.Kind, error) {
	var keyType string
	err := s.do(ctx, "look at "+a.String(), func(ctx context.Context) (err error) {
		keyType, err = s.client.Type(ctx, a.name).Result()
		return err
	})
	if err != nil {
		return "", err
	}
	if kind := kindOf(keyType); kind != "" {
		return kind, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if keyType == "none" && s.kinds[a.String()] == queue.KindList {
		return queue.KindList, nil
	}
	return "", &queue.NotFoundError{What: "stream or list", Name: a.String()}
}

func (s *source) peekStream(ctx context.Context, a address, r queue.PeekRequest, see func(queue.Message) error) error {
	start := "-"
	switch r.From {
	case queue.FromNewest:
		shown, from, err := s.newest(ctx, a, r.Limit)
		if err != nil || from == "" {
			return seeAll(shown, r.MostBytes, see, err)
		}
		start = from
	case queue.FromOffset:
		start = strconv.FormatInt(max(r.Offset, 0), 10)
	case queue.FromTime:
		start = strconv.FormatInt(max(r.Time.UnixMilli(), 0), 10)
	case queue.FromOldest, "":
	default:
		return &queue.CannotError{What: fmt.Sprintf("a stream cannot be read from %q", r.From)}
	}
	for page, left := newPage(), r.Limit; left > 0; {
		n := page.size(left)
		entries, err := s.entries(ctx, a, "XRANGE", start, "+", n)
		if err := seeAll(entries, r.MostBytes, see, err); err != nil || len(entries) < n {
			return err
		}
		left -= len(entries)
		start = "(" + entries[len(entries)-1].id
		page.had(entries)
	}
	return nil
}

// newest finds the place from which on a stream has so many entries. Where one
// page has them all, they are returned, the oldest first, and no place is.
func (s *source) newest(ctx context.Context, a address, limit int) (all []entry, from string, err error) {
	end := "+"
	for page, left := newPage(), limit; left > 0; {
		n := page.size(left)
		entries, err := s.entries(ctx, a, "XREVRANGE", end, "-", n)
		if err != nil {
			return nil, "", err
		}
		if end == "+" && (len(entries) < n || n == limit) {
			slices.Reverse(entries)
			return entries, "", nil
		}
		if len(entries) > 0 {
			from = entries[len(entries)-1].id
		}
		if len(entries) < n {
			break
		}
		left -= n
		end = "(" + from
		page.had(entries)
	}
	return nil, from, nil
}

// entries asks for one page of a stream.
func (s *source) entries(ctx context.Context, a address, command, from, to string, n int) ([]entry, error) {
	var list []entry
	err := s.do(ctx, "peek into "+a.String(), func(ctx context.Context) error {
		reply, err := s.client.Do(ctx, command, a.name, from, to, "COUNT", n).Result()
		list = entriesOf(reply)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func seeAll(entries []entry, mostBytes int, see func(queue.Message) error, err error) error {
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := see(e.message(mostBytes)); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) peekList(ctx context.Context, a address, r queue.PeekRequest, see func(queue.Message) error) error {
	var start int64
	switch r.From {
	case queue.FromNewest:
		err := s.do(ctx, "peek into "+a.String(), func(ctx context.Context) error {
			length, err := s.client.LLen(ctx, a.name).Result()
			start = max(length-int64(r.Limit), 0)
			return err
		})
		if err != nil {
			return err
		}
	case queue.FromOffset:
		start = max(r.Offset, 0)
	case queue.FromOldest, "":
	default:
		return &queue.CannotError{What: "the elements of a Redis list have no time: look from the oldest, the newest or an index"}
	}
	for page, left := newPage(), r.Limit; left > 0; {
		n := page.size(left)
		var list []string
		err := s.do(ctx, "peek into "+a.String(), func(ctx context.Context) (err error) {
			list, err = s.client.LRange(ctx, a.name, start, start+int64(n)-1).Result()
			return err
		})
		if err != nil {
			return err
		}
		for i, value := range list {
			m := queue.Message{Position: strconv.FormatInt(start+int64(i), 10), Value: cut([]byte(value), r.MostBytes), ValueBytes: len(value)}
			if err := see(m); err != nil {
				return err
			}
		}
		if len(list) < n {
			return nil
		}
		start, left = start+int64(n), left-n
		page.hadElements(list)
	}
	return nil
}

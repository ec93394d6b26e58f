package rabbitmq

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diorama-dev/diorama/internal/queue"
)

// pageSize is the largest page that the API gives.
const pageSize = 500

// mostPages bounds what a broker can make us ask for: 100,000 queues.
const mostPages = 200

// connectionsSeen bounds how many connections are asked whether they are
// blocked; it is done only while an alarm stands.
const connectionsSeen = 500

// answers are what the API said, to become a sample.
type answers struct {
	version     string
	queues      []queueAnswer
	exchanges   []exchangeAnswer
	nodes       []nodeAnswer
	connections []connectionAnswer
}

type connectionAnswer struct {
	State text `json:"state"`
}

// Sample asks the management API for all queues, exchanges and nodes, each in
// a request of its own, queues in pages of 500.
//
// The API's numbers are as old as the broker's statistics interval, 5 seconds
// unless collect_statistics_interval says otherwise: right after a publish
// Depth and Written may both be of before. They are consistent at a quiet
// moment, and what has no statistics yet is unknown.
func (s *source) Sample(ctx context.Context) (*queue.Sample, error) {
	at := time.Now()
	var a answers
	var requests atomic.Int64
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		var n int
		a.version, n, err = s.brokerVersion(within)
		requests.Add(int64(n))
		return err
	})
	group.Go(func() error {
		requests.Add(1)
		return s.get(within, "/api/exchanges?columns="+exchangeColumns, &a.exchanges)
	})
	group.Go(func() error {
		n, err := s.nodesAndConnections(within, &a)
		requests.Add(int64(n))
		return err
	})
	group.Go(func() (err error) {
		var n int
		a.queues, n, err = s.allQueues(within)
		requests.Add(int64(n))
		return err
	})
	if err := group.Wait(); err != nil {
		s.forget()
		return nil, fmt.Errorf("sample rabbitmq: %w", err)
	}
	sample := a.sample()
	sample.At, sample.Requests = at, int(requests.Load())
	s.mu.Lock()
	s.last = sample
	s.mu.Unlock()
	return sample, nil
}

func (s *source) nodesAndConnections(ctx context.Context, a *answers) (requests int, err error) {
	if err := s.get(ctx, "/api/nodes?columns="+nodeColumns, &a.nodes); err != nil {
		return 1, err
	}
	if !slices.ContainsFunc(a.nodes, nodeAnswer.blocks) {
		return 1, nil
	}
	var page struct {
		Items []connectionAnswer `json:"items"`
	}
	path := fmt.Sprintf("/api/connections?page=1&page_size=%d&columns=state", connectionsSeen)
	err = s.get(ctx, path, &page)
	a.connections = page.Items
	return 2, err
}

// queuePage is a page of the queues.
type queuePage struct {
	Items     []queueAnswer `json:"items"`
	PageCount int           `json:"page_count"`
}

// allQueues asks for the first page of queues, which says how many there are,
// and then for the others, two at a time.
func (s *source) allQueues(ctx context.Context) (all []queueAnswer, requests int, err error) {
	first, err := s.queuePage(ctx, 1)
	if err != nil || first.PageCount < 2 {
		return first.Items, 1, err
	}
	pages := make([]queuePage, min(first.PageCount, mostPages)-1)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i := range pages {
		group.Go(func() (err error) {
			pages[i], err = s.queuePage(within, i+2)
			if isStatus(err, http.StatusBadRequest) {
				return nil // queues went meanwhile, and with them the last page
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 1 + len(pages), err
	}
	all = first.Items
	for _, page := range pages {
		all = append(all, page.Items...)
	}
	return all, 1 + len(pages), nil
}

func (s *source) queuePage(ctx context.Context, page int) (queuePage, error) {
	var answer queuePage
	path := fmt.Sprintf("/api/queues?page=%d&page_size=%d&columns=%s", page, pageSize, queueColumns)
	err := s.get(ctx, path, &answer)
	return answer, err
}

// sample makes a sample of answers.
func (a answers) sample() *queue.Sample {
	sample := &queue.Sample{Version: a.version, Nodes: nodes(a.nodes)}
	for _, node := range a.nodes {
		sample.Alarms = append(sample.Alarms, node.alarms()...)
	}
	blocked := 0
	for _, connection := range a.connections {
		if connection.State == "blocked" || connection.State == "blocking" {
			blocked++
		}
	}
	if blocked > 0 {
		sample.Alarms = append(sample.Alarms, fmt.Sprintf("%d connections are kept from publishing", blocked))
	}
	for _, q := range a.queues {
		sample.Queues = append(sample.Queues, q.queue())
	}
	for _, e := range a.exchanges {
		if q := e.queue(); q != nil {
			sample.Queues = append(sample.Queues, q)
		}
	}
	slices.SortFunc(sample.Queues, func(x, y *queue.Queue) int { return cmp.Compare(x.Name, y.Name) })
	// A queue that moved between pages meanwhile is there twice.
	sample.Queues = slices.CompactFunc(sample.Queues, func(x, y *queue.Queue) bool { return x.Name == y.Name })
	return sample
}

// Package rabbitmq turns a RabbitMQ broker's answers into samples of its
// queues, shows, writes and makes them. Numbers come from the management API,
// messages through AMQP 0-9-1.
//
// An address names a queue: "orders" is the queue of the virtual host "/",
// "team/orders" that of the virtual host "team", and "exchange:team/events" an
// exchange; see [address].
package rabbitmq

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// The endpoints of the stack that a source needs.
const (
	endpointManagement = "management"
	endpointAMQP       = "amqp"
)

// source answers for one broker. It keeps no connection that matters: each
// request of the API, and each peek or produce, finds the broker anew.
type source struct {
	management queue.Endpoint
	amqpURL    string
	client     *http.Client
	transport  *http.Transport

	mu sync.Mutex // guards what follows
	// version is asked for once, and again after a failure.
	version string
	// looked is, by address, what peeking did to messages that may be handed
	// out only so many times.
	looked map[string]looked
	last   *queue.Sample
}

var (
	_ queue.Open     = Open
	_ queue.Peeker   = (*source)(nil)
	_ queue.Producer = (*source)(nil)
	_ queue.Creator  = (*source)(nil)
)

// Open makes a source of the broker at the endpoints "management" (the HTTP
// API) and "amqp".
func Open(access queue.Access) (queue.Source, error) {
	management, amqp := access[endpointManagement], access[endpointAMQP]
	if management.Host == "" || management.Port == 0 {
		return nil, errors.New("rabbitmq: the endpoint \"management\" has no host or port: queues are asked for at the management API")
	}
	if amqp.URL == "" {
		return nil, errors.New("rabbitmq: the endpoint \"amqp\" has no URL: messages are read and written through it")
	}
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
	}
	return &source{
		management: management, amqpURL: amqp.URL, transport: transport,
		client: &http.Client{Transport: transport}, looked: make(map[string]looked),
	}, nil
}

// Close gives up the connections to the API.
func (s *source) Close() { s.transport.CloseIdleConnections() }

func (s *source) place() string {
	return net.JoinHostPort(s.management.Host, strconv.Itoa(s.management.Port))
}

// brokerVersion is the version of the broker that it last told.
func (s *source) brokerVersion(ctx context.Context) (version string, requests int, err error) {
	s.mu.Lock()
	version = s.version
	s.mu.Unlock()
	if version != "" {
		return version, 0, nil
	}
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	if err := s.get(ctx, "/api/overview?columns=rabbitmq_version", &overview); err != nil {
		return "", 1, err
	}
	s.mu.Lock()
	s.version = overview.Version
	s.mu.Unlock()
	return overview.Version, 1, nil
}

// forget lets the version be asked for again: who comes back may be another.
func (s *source) forget() {
	s.mu.Lock()
	s.version = ""
	s.mu.Unlock()
}

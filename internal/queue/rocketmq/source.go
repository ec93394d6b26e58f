package rocketmq

import (
	"errors"
	"net"
	"strconv"

	"github.com/diorama-dev/diorama/internal/queue"
)

// The endpoints of the stack.
const (
	namesrvEndpoint = "namesrv"
	brokerEndpoint  = "broker"
)

// Source answers for a broker and its name server.
type Source struct {
	namesrv, broker *client

	// sampling holds a token while nobody samples: known belongs to who has it.
	sampling chan struct{}
	known    memory
}

// Open makes a source of the broker at the endpoints "namesrv" and "broker". It
// does not dial.
func Open(access queue.Access) (queue.Source, error) {
	namesrv, broker := access[namesrvEndpoint], access[brokerEndpoint]
	if namesrv.Port == 0 || broker.Port == 0 {
		return nil, errors.New("RocketMQ is reached by its endpoints namesrv and broker; give the stack both")
	}
	s := &Source{
		namesrv:  newClient("name server", address(namesrv)),
		broker:   newClient("broker", address(broker)),
		sampling: make(chan struct{}, 1), known: newMemory(),
	}
	s.sampling <- struct{}{}
	return s, nil
}

func address(e queue.Endpoint) string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// Close ends the connections.
func (s *Source) Close() {
	s.namesrv.close()
	s.broker.close()
}

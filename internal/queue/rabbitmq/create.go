package rabbitmq

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// showsEvery is how often the API is asked whether it shows what was done.
const showsEvery = 50 * time.Millisecond

// Create makes a durable queue, of the kind classic where none is given, or an
// exchange. Settings are the arguments of the queue, with or without "x-"; of
// an exchange "type" is its type, "topic" where none is given.
func (s *source) Create(ctx context.Context, r queue.CreateRequest) error {
	a := parseAddress(r.Name)
	a.exchange = a.exchange || r.Kind == queue.KindExchange
	switch {
	case r.Partitions > 0:
		return &queue.CannotError{What: "a RabbitMQ queue has no partitions"}
	case a.name == "":
		return &queue.CannotError{What: "a RabbitMQ queue needs a name"}
	}
	body, err := declaration(a, r)
	if err != nil {
		return err
	}
	code, _, err := s.call(ctx, http.MethodPut, a.path(), body)
	switch {
	case isStatus(err, http.StatusNotFound):
		return &queue.NotFoundError{What: "virtual host", Name: a.vhost}
	case err != nil:
		return fmt.Errorf("create %s %s: %w", a.what(), a, err)
	case code == http.StatusNoContent:
		return fmt.Errorf("create %s %s: there is one already, just like it", a.what(), a)
	}
	return s.until(ctx, a, true)
}

// declaration is the body that declares a queue or an exchange.
func declaration(a address, r queue.CreateRequest) (map[string]any, error) {
	if a.exchange {
		body := map[string]any{"type": "topic", "durable": true}
		arguments := make(map[string]any)
		for name, value := range r.Settings {
			if name == "type" {
				body["type"] = value
				continue
			}
			arguments[name] = value
		}
		body["arguments"] = arguments
		return body, nil
	}
	kind := r.Kind
	if kind == "" {
		kind = queue.KindClassic
	}
	if kind != queue.KindClassic && kind != queue.KindQuorum && kind != queue.KindStream {
		return nil, &queue.CannotError{What: fmt.Sprintf("RabbitMQ has no queue of the kind %s: it has classic, quorum and stream", kind)}
	}
	arguments := map[string]any{"x-queue-type": string(kind)}
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		value, err := argument(name, r.Settings[name])
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(name, "x-") {
			name = "x-" + name
		}
		arguments[name] = value
	}
	return map[string]any{"durable": true, "arguments": arguments}, nil
}

// argument is the value of a queue's argument in the type that it wants:
// https://www.rabbitmq.com/docs/queues#optional-arguments.
func argument(name, value string) (any, error) {
	switch strings.TrimPrefix(name, "x-") {
	case "max-length", "max-length-bytes", "message-ttl", "expires", "max-priority", "delivery-limit",
		"stream-max-segment-size-bytes", "stream-filter-size-bytes", "initial-cluster-size", "quorum-initial-group-size",
		"quorum-target-group-size", "consumer-timeout":
		number, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("setting %s: %q is no whole number", name, value)
		}
		return number, nil
	case "single-active-consumer":
		truth, err := strconv.ParseBool(value)
		if err != nil {
			return nil, fmt.Errorf("setting %s: %q is neither true nor false", name, value)
		}
		return truth, nil
	default:
		return value, nil
	}
}

// Delete deletes a queue or an exchange, with all that is in it.
func (s *source) Delete(ctx context.Context, name string) error {
	a := parseAddress(name)
	if a.name == "" {
		return &queue.NotFoundError{What: a.what(), Name: name}
	}
	_, _, err := s.call(ctx, http.MethodDelete, a.path(), nil)
	switch {
	case isStatus(err, http.StatusNotFound):
		return &queue.NotFoundError{What: a.what(), Name: a.String()}
	case err != nil:
		return fmt.Errorf("delete %s %s: %w", a.what(), a, err)
	}
	return s.until(ctx, a, false)
}

// until waits for the API to show a queue, or not to show it any more.
func (s *source) until(ctx context.Context, a address, there bool) error {
	tick := time.NewTicker(showsEvery)
	defer tick.Stop()
	for {
		var answer struct{}
		err := s.get(ctx, a.path()+"?columns=name", &answer)
		gone := isStatus(err, http.StatusNotFound)
		if err != nil && !gone {
			return fmt.Errorf("wait for the API to show what became of %s: %w", a, err)
		}
		if gone != there {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API does not show yet what became of %s: %w", a, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

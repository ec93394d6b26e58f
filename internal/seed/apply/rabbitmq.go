package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"

	"github.com/diorama-dev/diorama/internal/seed"
)

// vhost is the one that the stack's own address leads to.
const vhost = "/"

// bounded makes every request of a client end with a context, which the
// client's own methods do not take.
type bounded struct{ ctx context.Context }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	return http.DefaultTransport.RoundTrip(r.WithContext(b.ctx))
}

func (a *applier) rabbitmq(ctx context.Context) error {
	e, err := a.endpoint("management")
	if err != nil {
		return err
	}
	client, err := rabbithole.NewClient("http://"+net.JoinHostPort(e.Host, strconv.Itoa(e.Port)), e.User, e.Password)
	if err != nil {
		return fmt.Errorf("reach %s: %w", a.set.Instance, err)
	}
	client.SetTransport(bounded{ctx})
	client.SetTimeout(answersWithin / 4)
	r := rabbitApplier{applier: a, client: client}
	final := func(err error) bool {
		answer, ok := errors.AsType[rabbithole.ErrorResponse](err)
		return ok && answer.StatusCode < http.StatusInternalServerError
	}
	if err := a.reach(ctx, r.answers, final); err != nil {
		return err
	}
	for _, exchange := range a.set.Exchanges {
		if err := r.exchange(ctx, exchange); err != nil {
			return failed(exchange.At, "exchange "+exchange.Name, err)
		}
	}
	for _, queue := range a.set.Queues {
		if err := r.queue(ctx, queue); err != nil {
			return failed(queue.At, "queue "+queue.Name, err)
		}
	}
	for _, binding := range a.set.Bindings {
		if err := r.binding(ctx, binding); err != nil {
			return failed(binding.At, "binding "+binding.Title(), err)
		}
	}
	return nil
}

type rabbitApplier struct {
	*applier
	client *rabbithole.Client
}

func (r rabbitApplier) answers(context.Context) error {
	_, err := r.client.Overview()
	return err
}

// missing reports whether the broker said that there is no such thing.
func missing(err error) bool {
	answer, ok := errors.AsType[rabbithole.ErrorResponse](err)
	return ok && answer.StatusCode == http.StatusNotFound
}

func (r rabbitApplier) exchange(ctx context.Context, e seed.Exchange) error {
	subject := "exchange " + e.Name
	is, err := r.client.GetExchange(vhost, e.Name)
	switch {
	case err == nil:
		different := differentFields(
			field{"type", is.Type, e.Type}, field{"durable", is.Durable, e.Durable}, field{"autoDelete", is.AutoDelete, e.AutoDelete},
		)
		r.compared(subject, e.At, append(different, differentArguments(is.Arguments, e.Arguments)...))
		return nil
	case !missing(err):
		return err
	}
	answer, err := r.client.DeclareExchange(vhost, e.Name, rabbithole.ExchangeSettings{
		Type: e.Type, Durable: e.Durable, AutoDelete: e.AutoDelete, Arguments: e.Arguments,
	})
	if err := done(answer, err); err != nil {
		return err
	}
	err = r.until(ctx, func(context.Context) (string, error) {
		return shown(subject, func() error { _, err := r.client.GetExchange(vhost, e.Name); return err })
	})
	if err == nil {
		r.created(subject)
	}
	return err
}

func (r rabbitApplier) queue(ctx context.Context, q seed.Queue) error {
	subject := "queue " + q.Name
	is, err := r.client.GetQueue(vhost, q.Name)
	switch {
	case err == nil:
		arguments := maps.Clone(is.Arguments)
		delete(arguments, "x-queue-type") // that is its type
		different := differentFields(
			field{"type", is.Type, q.Type}, field{"durable", is.Durable, q.Durable}, field{"autoDelete", bool(is.AutoDelete), q.AutoDelete},
		)
		r.compared(subject, q.At, append(different, differentArguments(arguments, q.Arguments)...))
		return nil
	case !missing(err):
		return err
	}
	answer, err := r.client.DeclareQueue(vhost, q.Name, rabbithole.QueueSettings{
		Type: q.Type, Durable: q.Durable, AutoDelete: q.AutoDelete, Arguments: maps.Clone(q.Arguments), // the client adds to them
	})
	if err := done(answer, err); err != nil {
		return err
	}
	err = r.until(ctx, func(context.Context) (string, error) {
		var state string
		waiting, err := shown(subject, func() error {
			queue, err := r.client.GetQueue(vhost, q.Name)
			if err == nil {
				state = queue.Status
			}
			return err
		})
		if err == nil && waiting == "" && state != "" && state != "running" {
			waiting = subject + " is " + state
		}
		return waiting, err
	})
	if err == nil {
		r.created(subject)
	}
	return err
}

func (r rabbitApplier) binding(ctx context.Context, b seed.Binding) error {
	subject := "binding " + b.Title()
	there, err := r.bound(b)
	if err != nil {
		return err
	}
	if there {
		r.unchanged(subject)
		return nil
	}
	answer, err := r.client.DeclareBinding(vhost, rabbithole.BindingInfo{
		Source: b.Exchange, Destination: b.Queue, DestinationType: "queue", RoutingKey: b.Key, Arguments: b.Arguments,
	})
	if err := done(answer, err); err != nil {
		return err
	}
	err = r.until(ctx, func(context.Context) (string, error) {
		if there, err := r.bound(b); err != nil || there {
			return "", err
		}
		return subject + " is not there yet", nil
	})
	if err == nil {
		r.created(subject)
	}
	return err
}

// bound reports whether there is such a binding: its key and arguments are
// what tells bindings between the same two apart.
func (r rabbitApplier) bound(b seed.Binding) (bool, error) {
	list, err := r.client.ListQueueBindingsBetween(vhost, b.Exchange, b.Queue)
	return slices.ContainsFunc(list, func(is rabbithole.BindingInfo) bool {
		return is.RoutingKey == b.Key && len(differentArguments(is.Arguments, b.Arguments)) == 0
	}), err
}

// done lets go of an answer without content.
func done(answer *http.Response, err error) error {
	if answer != nil {
		answer.Body.Close()
	}
	return err
}

// shown says what is waited for as long as the broker does not show something.
func shown(subject string, look func() error) (waiting string, err error) {
	err = look()
	if missing(err) {
		return subject + " is not there yet", nil
	}
	return "", err
}

// field is a property as it is and as the seed has it.
type field struct {
	name       string
	is, wanted any
}

func differentFields(fields ...field) []string {
	var different []string
	for _, f := range fields {
		if f.is != f.wanted {
			different = append(different, fmt.Sprintf("has %s %v, the seed says %v", f.name, f.is, f.wanted))
		}
	}
	return different
}

// differentArguments compares arguments in both directions: one that the seed
// does not have makes another queue too.
func differentArguments(is, wanted map[string]any) []string {
	all := make(map[string]bool)
	for name := range is {
		all[name] = true
	}
	for name := range wanted {
		all[name] = true
	}
	var different []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if a, b := shownValue(is, name), shownValue(wanted, name); a != b {
			different = append(different, fmt.Sprintf("has %s %s, the seed says %s", name, a, b))
		}
	}
	return different
}

// shownValue is the value as JSON, in which 5 and 5.0 are the same.
func shownValue(arguments map[string]any, name string) string {
	value, ok := arguments[name]
	if !ok {
		return "none"
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

package rabbitmq

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	headerOffset     = "x-stream-offset"
	headerDeliveries = "x-delivery-count"
	contentType      = "content-type"
)

// message is a delivery as it is shown. Its key is the routing key, where it
// came through an exchange of a name. Its headers are the message's own, by
// name, after the properties that are set.
func message(d *amqp.Delivery, position string, mostBytes int) queue.Message {
	m := queue.Message{
		Position: position, Time: d.Timestamp, Redelivered: d.Redelivered, ValueBytes: len(d.Body),
		Value: cut(d.Body, mostBytes), Headers: headers(d, mostBytes),
	}
	if d.Exchange != "" {
		m.Key, m.KeyBytes = cut([]byte(d.RoutingKey), mostBytes), len(d.RoutingKey)
	}
	return m
}

// cut is a copy where it is shorter, so that the whole can be let go.
func cut(b []byte, most int) []byte {
	if most > 0 && len(b) > most {
		return bytes.Clone(b[:most])
	}
	if b == nil {
		return []byte{}
	}
	return b
}

func headers(d *amqp.Delivery, mostBytes int) []queue.Header {
	var list []queue.Header
	add := func(name, value string) {
		if value != "" {
			list = append(list, queue.Header{Name: name, Value: []byte(value)})
		}
	}
	add("exchange", d.Exchange)
	add(contentType, d.ContentType)
	add("content-encoding", d.ContentEncoding)
	add("correlation-id", d.CorrelationId)
	add("reply-to", d.ReplyTo)
	add("expiration", d.Expiration)
	add("message-id", d.MessageId)
	add("type", d.Type)
	add("user-id", d.UserId)
	add("app-id", d.AppId)
	if d.Priority > 0 {
		add("priority", strconv.Itoa(int(d.Priority)))
	}
	own := len(list)
	for name, value := range d.Headers {
		if name != headerOffset {
			list = append(list, queue.Header{Name: name, Value: cut(headerValue(value), mostBytes)})
		}
	}
	slices.SortFunc(list[own:], func(a, b queue.Header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// headerValue is the value of a header: text and bytes as they are, anything
// else as JSON.
func headerValue(value any) []byte {
	switch v := value.(type) {
	case string:
		return []byte(v)
	case []byte:
		return v
	case nil:
		return []byte{}
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Append(nil, value)
	}
	return encoded
}

// publishing is a message to write. The header "content-type" becomes the
// property, as it is shown by [headers].
func publishing(r queue.ProduceRequest) amqp.Publishing {
	p := amqp.Publishing{DeliveryMode: amqp.Persistent, Body: r.Value}
	for _, h := range r.Headers {
		if h.Name == contentType {
			p.ContentType = string(h.Value)
			continue
		}
		if p.Headers == nil {
			p.Headers = make(amqp.Table)
		}
		if utf8.Valid(h.Value) {
			p.Headers[h.Name] = string(h.Value)
		} else {
			p.Headers[h.Name] = h.Value
		}
	}
	return p
}

// integer reads a header that is a number of some width; 0: it is none.
func integer(value any) int64 {
	switch v := value.(type) {
	case int64:
		return v
	case int32:
		return int64(v)
	case int16:
		return int64(v)
	case int8:
		return int64(v)
	case byte:
		return int64(v)
	default:
		return 0
	}
}

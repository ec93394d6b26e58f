package rabbitmq

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

// number is one that an answer may lack, or give as text ("unlimited",
// "disabled"): then it is unknown.
type number struct{ queue.Count }

func (n *number) UnmarshalJSON(data []byte) error {
	var value float64
	if json.Unmarshal(data, &value) == nil && string(data) != "null" {
		n.Count = queue.Known(int64(value))
	}
	return nil
}

// text is one that an answer may give as something else: then it is empty.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var value string
	if json.Unmarshal(data, &value) == nil {
		*t = text(value)
	}
	return nil
}

// names is a list of text that an answer may give as something else.
type names []string

func (n *names) UnmarshalJSON(data []byte) error {
	var value []string
	if json.Unmarshal(data, &value) == nil {
		*n = value
	}
	return nil
}

// queueAnswer is what the API says of a queue. Until the first statistics of a
// fresh queue have come, after at most collect_statistics_interval (5 s), it
// has none of the numbers: https://www.rabbitmq.com/docs/management#statistics-interval.
type queueAnswer struct {
	VHost          text   `json:"vhost"`
	Name           text   `json:"name"`
	Type           text   `json:"type"`
	State          text   `json:"state"`
	Leader         *text  `json:"leader"`
	Members        names  `json:"members"`
	Online         names  `json:"online"`
	Messages       number `json:"messages"`
	Unacknowledged number `json:"messages_unacknowledged"`
	Consumers      number `json:"consumers"`
	Bytes          number `json:"message_bytes"`
	DeliveryLimit  number `json:"delivery_limit"`
	Stats          stats  `json:"message_stats"`
}

const queueColumns = "vhost,name,type,state,leader,members,online,messages,messages_unacknowledged,consumers,message_bytes," +
	"message_stats.publish,message_stats.ack,message_stats.deliver,message_stats.deliver_no_ack,message_stats.get_no_ack"

// stats are counters since the broker was started; one that has never counted
// is absent.
type stats struct {
	Publish      number `json:"publish"`
	Ack          number `json:"ack"`
	Deliver      number `json:"deliver"`
	DeliverNoAck number `json:"deliver_no_ack"`
	GetNoAck     number `json:"get_no_ack"`
	PublishIn    number `json:"publish_in"`
	PublishOut   number `json:"publish_out"`
}

// stats of an object without any are sent as an empty list by some versions.
func (s *stats) UnmarshalJSON(data []byte) error {
	type plain stats
	var value plain
	if json.Unmarshal(data, &value) == nil {
		*s = stats(value)
	}
	return nil
}

// taken counts what left the queue for a consumer: acknowledged messages and
// those delivered without acknowledgements. A stream's messages do not leave;
// there it counts each delivery.
func (s stats) taken(kind queue.Kind) queue.Count {
	if kind == queue.KindStream {
		return queue.Total(s.Deliver.Count, s.DeliverNoAck.Count)
	}
	return queue.Total(s.Ack.Count, s.DeliverNoAck.Count, s.GetNoAck.Count)
}

func (a queueAnswer) queue() *queue.Queue {
	kind := kindOf(string(a.Type))
	return &queue.Queue{
		Name: address{vhost: string(a.VHost), name: string(a.Name)}.String(), Kind: kind,
		State: string(a.State), Trouble: a.trouble(kind),
		Depth: a.Messages.Count, Unacknowledged: a.Unacknowledged.Count,
		Consumers: a.Consumers.Count, Bytes: a.Bytes.Count,
		Written: a.Stats.Publish.Count, Taken: a.Stats.taken(kind),
	}
}

// kindOf is the kind of a type of queue: one that plugins add is taken for a
// classic queue, which is what clients see in it.
func kindOf(name string) queue.Kind {
	switch name {
	case "quorum", "rabbit_quorum_queue":
		return queue.KindQuorum
	case "stream", "rabbit_stream_queue":
		return queue.KindStream
	default:
		return queue.KindClassic
	}
}

// trouble says what keeps the queue from working.
func (a queueAnswer) trouble(kind queue.Kind) string {
	switch a.State {
	case "down", "stopped":
		return "the node that holds it is down"
	case "crashed":
		return "it has crashed; the broker's log says why"
	}
	if kind == queue.KindClassic {
		return ""
	}
	if a.State == "minority" || (a.Online != nil && len(a.Members) > 0 && 2*len(a.Online) <= len(a.Members)) {
		return fmt.Sprintf("%d of %d members are online, less than a majority", len(a.Online), len(a.Members))
	}
	if a.Leader != nil && (*a.Leader == "" || *a.Leader == "none" || *a.Leader == "undefined") {
		return "it has no leader"
	}
	if a.Online != nil && len(a.Online) < len(a.Members) {
		var away []string
		for _, member := range a.Members {
			if !slices.Contains(a.Online, member) {
				away = append(away, member)
			}
		}
		return "members are not online: " + strings.Join(away, ", ")
	}
	return ""
}

// exchangeAnswer is what the API says of an exchange.
type exchangeAnswer struct {
	VHost    text  `json:"vhost"`
	Name     text  `json:"name"`
	Type     text  `json:"type"`
	Internal bool  `json:"internal"`
	Stats    stats `json:"message_stats"`
}

const exchangeColumns = "vhost,name,type,internal,message_stats.publish_in,message_stats.publish_out"

// queue is an exchange in a list of queues: Written is what came in, Taken what
// was given to queues, which a fan-out makes more. It returns nil for the
// default exchange, and for the predeclared ones that nothing went through.
func (a exchangeAnswer) queue() *queue.Queue {
	predeclared := strings.HasPrefix(string(a.Name), "amq.")
	if a.Name == "" || (predeclared && !a.Stats.PublishIn.IsKnown()) {
		return nil
	}
	return &queue.Queue{
		Name: address{vhost: string(a.VHost), name: string(a.Name), exchange: true}.String(),
		Kind: queue.KindExchange, State: string(a.Type), Internal: a.Internal || predeclared,
		Written: a.Stats.PublishIn.Count, Taken: a.Stats.PublishOut.Count,
	}
}

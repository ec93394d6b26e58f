package seed

import (
	"regexp"
	"slices"
	"strings"

	"github.com/diorama-dev/diorama/internal/yamlpos"
)

var (
	// topicName is what Kafka takes (org.apache.kafka.common.internals.Topic).
	topicName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)
	// rocketName is what RocketMQ takes (TopicValidator), for topics and groups.
	rocketName = regexp.MustCompile(`^[A-Za-z0-9%|_-]{1,127}$`)
	// anyName is for systems that take nearly everything.
	anyName = regexp.MustCompile(`^[^\x00-\x1f\x7f]{1,255}$`)
)

const (
	topicLetters  = "1 to 249 letters, digits, dots, underscores and dashes"
	rocketLetters = "1 to 127 letters, digits, and the characters % | _ -"
	anyLetters    = "1 to 255 characters that can be printed"
)

type kafkaForm struct {
	Topics []placed[kafkaTopic] `yaml:"topics"`
	Groups []placed[kafkaGroup] `yaml:"groups"`
}

type kafkaTopic struct {
	Name       string             `yaml:"name"`
	Partitions *int               `yaml:"partitions"`
	Config     map[string]setting `yaml:"config"`
}

type kafkaGroup struct {
	Name   string   `yaml:"name"`
	Topics []string `yaml:"topics"`
	At     string   `yaml:"at"`
}

func (r *reader) kafka(n *yamlpos.Node, path string) {
	var form kafkaForm
	r.problems = append(r.problems, yamlpos.Decode(n, &form, path)...)
	name := func(t kafkaTopic) string { return t.Name }
	names(r, "topic", form.Topics, topicName, topicLetters, name)
	for _, t := range there(form.Topics) {
		node, at := t.at("partitions")
		r.set.Topics = append(r.set.Topics, Topic{
			Name: t.value.Name, Partitions: r.count(node, at, t.value.Partitions), Config: texts(t.value.Config), At: t.node.String(),
		})
		if t.value.Name == "." || t.value.Name == ".." {
			node, at := t.at("name")
			r.report(node, at, "found "+yamlpos.Quote(t.value.Name)+", which Kafka refuses: expected another name")
		}
	}
	names(r, "group", form.Groups, anyName, anyLetters, func(g kafkaGroup) string { return g.Name })
	for _, g := range there(form.Groups) {
		r.kafkaGroup(g, known(form.Topics, name))
	}
}

func (r *reader) kafkaGroup(g *placed[kafkaGroup], known []string) {
	node, path := g.at("topics")
	if len(g.value.Topics) == 0 {
		r.report(node, path, "no topics: expected those that the group reads, since a group is known by where it is in them")
	}
	for i, topic := range g.value.Topics {
		if !slices.Contains(known, topic) {
			r.report(node.Items[i], yamlpos.Index(path, i), yamlpos.Unknown("topic", topic, known)+" (topics of this seed)")
		}
	}
	node, path = g.at("at")
	place := r.word(node, path, "place", g.value.At, []string{string(PlaceStart), string(PlaceEnd)})
	r.set.Groups = append(r.set.Groups, Group{Name: g.value.Name, Topics: g.value.Topics, Place: Place(place), At: g.node.String()})
}

type named struct {
	Name string `yaml:"name"`
}

type rocketTopic struct {
	Name   string `yaml:"name"`
	Queues *int   `yaml:"queues"`
}

func (r *reader) rocketmq(n *yamlpos.Node, path string) {
	var form struct {
		Topics []placed[rocketTopic] `yaml:"topics"`
		Groups []placed[named]       `yaml:"groups"`
	}
	r.problems = append(r.problems, yamlpos.Decode(n, &form, path)...)
	names(r, "topic", form.Topics, rocketName, rocketLetters, func(t rocketTopic) string { return t.Name })
	names(r, "group", form.Groups, rocketName, rocketLetters, func(g named) string { return g.Name })
	for _, t := range there(form.Topics) {
		node, at := t.at("queues")
		r.set.Topics = append(r.set.Topics, Topic{Name: t.value.Name, Partitions: r.count(node, at, t.value.Queues), At: t.node.String()})
	}
	for _, g := range there(form.Groups) {
		r.set.Groups = append(r.set.Groups, Group{Name: g.value.Name, At: g.node.String()})
	}
}

// rabbitForm is an exchange or a queue.
type rabbitForm struct {
	Name       string         `yaml:"name"`
	Type       string         `yaml:"type"`
	Durable    *bool          `yaml:"durable"`
	AutoDelete bool           `yaml:"autoDelete"`
	Arguments  map[string]any `yaml:"arguments"`
}

func (f rabbitForm) durable() bool { return f.Durable == nil || *f.Durable }

type bindingForm struct {
	Exchange  string         `yaml:"exchange"`
	Queue     string         `yaml:"queue"`
	Key       string         `yaml:"key"`
	Arguments map[string]any `yaml:"arguments"`
}

func (r *reader) rabbitmq(n *yamlpos.Node, path string) {
	var form struct {
		Exchanges []placed[rabbitForm]  `yaml:"exchanges"`
		Queues    []placed[rabbitForm]  `yaml:"queues"`
		Bindings  []placed[bindingForm] `yaml:"bindings"`
	}
	r.problems = append(r.problems, yamlpos.Decode(n, &form, path)...)
	name := func(f rabbitForm) string { return f.Name }
	names(r, "exchange", form.Exchanges, anyName, anyLetters, name)
	names(r, "queue", form.Queues, anyName, anyLetters, name)
	for _, e := range there(form.Exchanges) {
		r.exchange(e)
	}
	for _, q := range there(form.Queues) {
		r.queue(q)
	}
	for _, b := range there(form.Bindings) {
		r.binding(b, known(form.Exchanges, name), known(form.Queues, name))
	}
}

func (r *reader) exchange(e *placed[rabbitForm]) {
	v := e.value
	node, path := e.at("type")
	kind := v.Type
	if !strings.HasPrefix(kind, "x-") { // those of plugins
		kind = r.word(node, path, "type of exchange", kind, []string{"direct", "fanout", "headers", "topic"})
	}
	r.set.Exchanges = append(r.set.Exchanges, Exchange{
		Name: v.Name, Type: kind, Durable: v.durable(), AutoDelete: v.AutoDelete, Arguments: v.Arguments, At: e.node.String(),
	})
}

func (r *reader) queue(q *placed[rabbitForm]) {
	v := q.value
	node, path := q.at("type")
	kind := r.word(node, path, "type of queue", v.Type, []string{"classic", "quorum", "stream"})
	if _, ok := v.Arguments["x-queue-type"]; ok {
		node, path := q.at("arguments")
		r.report(node, path, "found x-queue-type: expected the type beside the name, type: "+kind)
	}
	if node, path := q.at("durable"); kind != "classic" && !v.durable() {
		r.report(node, path, "found false: a "+kind+" queue is always durable")
	}
	r.set.Queues = append(r.set.Queues, Queue{
		Name: v.Name, Type: kind, Durable: v.durable(), AutoDelete: v.AutoDelete, Arguments: v.Arguments, At: q.node.String(),
	})
}

// binding has both ends among the seeds; RabbitMQ's own exchanges are there
// without them.
func (r *reader) binding(b *placed[bindingForm], exchanges, queues []string) {
	v := b.value
	if node, path := b.at("exchange"); !strings.HasPrefix(v.Exchange, "amq.") && !slices.Contains(exchanges, v.Exchange) {
		r.report(node, path, yamlpos.Unknown("exchange", v.Exchange, exchanges)+" (exchanges of this seed)")
	}
	if node, path := b.at("queue"); !slices.Contains(queues, v.Queue) {
		r.report(node, path, yamlpos.Unknown("queue", v.Queue, queues)+" (queues of this seed)")
	}
	r.set.Bindings = append(r.set.Bindings, Binding{
		Exchange: v.Exchange, Queue: v.Queue, Key: v.Key, Arguments: v.Arguments, At: b.node.String(),
	})
}

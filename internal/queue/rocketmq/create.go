package rocketmq

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diorama-dev/diorama/internal/queue"
)

// How long, and how often, the name server is asked about a topic that the
// broker has made or deleted: clients find it there.
const (
	knownWithin = 10 * time.Second
	askEvery    = 50 * time.Millisecond
)

// usualQueues is how many queues a topic gets where the broker does not say.
const usualQueues = 8

// topicConfig is a topic as the broker has it.
func (s *Source) topicConfig(ctx context.Context, a *asker, topic string) (topicConfig, error) {
	config, err := get[topicConfig](ctx, a, s.broker, askTopicConfig, map[string]string{"topic": topic})
	if refusedWith(err, topicNotExist) {
		return topicConfig{}, &queue.NotFoundError{What: "topic", Name: topic}
	}
	return config, err
}

func noQueue(topic string, wanted int64, has int32) error {
	return fmt.Errorf("topic %q has no queue %d; it has %d, from 0 on", topic, wanted, has)
}

// Create makes a topic that is not there. Its settings are "order" (true or
// false), "perm" (2: write, 4: read, 6: both) and RocketMQ's attributes of a
// topic, such as "message.type": "FIFO".
func (s *Source) Create(ctx context.Context, r queue.CreateRequest) error {
	if r.Kind != "" && r.Kind != queue.KindTopic {
		return &queue.CannotError{What: fmt.Sprintf("RocketMQ has topics and no queue of the kind %q", r.Kind)}
	}
	var a asker
	_, err := s.topicConfig(ctx, &a, r.Name)
	missing, isMissing := errors.AsType[*queue.NotFoundError](err)
	switch {
	case err == nil:
		return fmt.Errorf("topic %q is there already; nothing was changed", r.Name)
	case !isMissing || missing.Name != r.Name:
		return err
	}
	queues := r.Partitions
	if queues <= 0 {
		if queues, err = s.defaultQueues(ctx, &a); err != nil {
			return err
		}
	}
	if _, err := a.ask(ctx, s.broker, askCreateTopic, createFields(r, queues), nil); err != nil {
		return err
	}
	return s.awaitRoute(ctx, &a, r.Name, true)
}

func (s *Source) defaultQueues(ctx context.Context, a *asker) (int32, error) {
	answer, err := a.ask(ctx, s.broker, askBrokerConfig, nil, nil)
	if err != nil {
		return 0, err
	}
	if number, ok := setting(answer.body, "defaultTopicQueueNums"); ok && number >= 1 && number <= mostQueues {
		return int32(number), nil
	}
	return usualQueues, nil
}

func createFields(r queue.CreateRequest, queues int32) map[string]string {
	number := strconv.Itoa(int(queues))
	fields := map[string]string{
		"topic": r.Name, "defaultTopic": "TBW102", "readQueueNums": number, "writeQueueNums": number,
		"perm": strconv.Itoa(mayRead | mayWrite), "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
	}
	var attributes []string
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		switch name {
		case "perm", "order":
			fields[name] = r.Settings[name]
		default:
			attributes = append(attributes, "+"+name+"="+r.Settings[name])
		}
	}
	if attributes != nil {
		fields["attributes"] = strings.Join(attributes, ",")
	}
	return fields
}

// Delete deletes a topic and its messages.
func (s *Source) Delete(ctx context.Context, name string) error {
	var a asker
	if _, err := s.topicConfig(ctx, &a, name); err != nil {
		return err
	}
	system, err := get[topicNames](ctx, &a, s.broker, askSystemTopics, nil)
	if err != nil {
		return err
	}
	if slices.Contains(system.Names, name) {
		return &queue.CannotError{What: fmt.Sprintf("topic %q is RocketMQ's own", name)}
	}
	if _, err := a.ask(ctx, s.broker, askDeleteInBroker, map[string]string{"topic": name}, nil); err != nil {
		return err
	}
	if _, err := a.ask(ctx, s.namesrv, askDeleteInNamesrv, map[string]string{"topic": name}, nil); err != nil {
		return err
	}
	return s.awaitRoute(ctx, &a, name, false)
}

// awaitRoute asks the name server until it knows the topic, or does not any more.
func (s *Source) awaitRoute(ctx context.Context, a *asker, topic string, there bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, knownWithin, fmt.Errorf("the broker is done, but the name server did not follow within %s", knownWithin))
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		_, err := a.ask(ctx, s.namesrv, askRoute, map[string]string{"topic": topic}, nil)
		unknown := refusedWith(err, topicNotExist)
		if err != nil && !unknown {
			return err
		}
		if unknown != there {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

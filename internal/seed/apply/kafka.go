package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/diorama-dev/diorama/internal/seed"
)

// brokersOwn asks for the broker's default of a number.
const brokersOwn = -1

func (a *applier) kafka(ctx context.Context) error {
	e, err := a.endpoint("broker")
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(net.JoinHostPort(e.Host, strconv.Itoa(e.Port))), kgo.ClientID("diorama-seed"), kgo.MetadataMinAge(askAgain/2))
	if err != nil {
		return fmt.Errorf("reach %s: %w", a.set.Instance, err)
	}
	defer client.Close()
	k := kafkaApplier{applier: a, admin: kadm.NewClient(client)}
	if err := a.reach(ctx, k.answers, nil); err != nil {
		return err
	}
	if err := k.topics(ctx); err != nil {
		return err
	}
	for _, group := range a.set.Groups {
		if err := k.group(ctx, group); err != nil {
			return failed(group.At, "group "+group.Name, err)
		}
	}
	return nil
}

type kafkaApplier struct {
	*applier
	admin *kadm.Client
}

func (k kafkaApplier) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answersWithin/4)
	defer cancel()
	_, err := k.admin.BrokerMetadata(ctx)
	return err
}

// topics makes those that are not there, waits until all can be used, and
// compares those that were.
func (k kafkaApplier) topics(ctx context.Context) error {
	if len(k.set.Topics) == 0 {
		return nil
	}
	names := make([]string, len(k.set.Topics))
	for i, topic := range k.set.Topics {
		names[i] = topic.Name
	}
	before, err := k.admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	var old []seed.Topic
	for _, topic := range k.set.Topics {
		if before.Has(topic.Name) {
			old = append(old, topic)
			continue
		}
		made, err := k.create(ctx, topic)
		if err != nil {
			return failed(topic.At, "topic "+topic.Name, err)
		}
		if !made {
			old = append(old, topic)
		}
	}
	if err := k.until(ctx, func(ctx context.Context) (string, error) { return k.leaderless(ctx, names) }); err != nil {
		return fmt.Errorf("await topics: %w", err)
	}
	return k.compare(ctx, old)
}

// create makes a topic; made is false where somebody else was quicker.
func (k kafkaApplier) create(ctx context.Context, topic seed.Topic) (made bool, err error) {
	partitions := topic.Partitions
	if partitions == 0 {
		partitions = brokersOwn
	}
	configs := make(map[string]*string, len(topic.Config))
	for name, value := range topic.Config {
		configs[name] = &value
	}
	answer, err := k.admin.CreateTopic(ctx, partitions, brokersOwn, configs, topic.Name)
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return false, nil
	}
	if err != nil {
		if answer.ErrMessage != "" {
			err = fmt.Errorf("%w: %s", err, answer.ErrMessage)
		}
		return false, err
	}
	k.created("topic " + topic.Name)
	return true, nil
}

// leaderless says which topic cannot be used yet, and why: a topic is there
// when each of its partitions has a leader.
func (k kafkaApplier) leaderless(ctx context.Context, names []string) (string, error) {
	topics, err := k.admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return "the broker does not list its topics: " + err.Error(), nil
	}
	for _, name := range names {
		topic, ok := topics[name]
		switch {
		case !ok:
			return "topic " + name + " is not there yet", nil
		case topic.Err != nil:
			return fmt.Sprintf("topic %s: %v", name, topic.Err), nil
		}
		for _, partition := range topic.Partitions.Sorted() {
			if partition.Leader < 0 || partition.Err != nil {
				return fmt.Sprintf("topic %s: partition %d has no leader", name, partition.Partition), nil
			}
		}
	}
	return "", nil
}

func (k kafkaApplier) compare(ctx context.Context, old []seed.Topic) error {
	if len(old) == 0 {
		return nil
	}
	names := make([]string, len(old))
	for i, topic := range old {
		names[i] = topic.Name
	}
	topics, err := k.admin.ListTopicsWithInternal(ctx, names...)
	if err != nil {
		return fmt.Errorf("describe topics: %w", err)
	}
	configs, err := k.admin.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return fmt.Errorf("describe the settings of topics: %w", err)
	}
	for _, topic := range old {
		resource, err := configs.On(topic.Name, nil)
		if err == nil {
			err = resource.Err
		}
		if err != nil {
			return failed(topic.At, "topic "+topic.Name, fmt.Errorf("describe its settings: %w", err))
		}
		var different []string
		if is := len(topics[topic.Name].Partitions); topic.Partitions > 0 && is != int(topic.Partitions) {
			different = append(different, fmt.Sprintf("has %s, the seed says %d", counted(is, "partition"), topic.Partitions))
		}
		different = append(different, differentConfigs(topic.Config, resource.Configs)...)
		k.compared("topic "+topic.Name, topic.At, different)
	}
	return nil
}

func differentConfigs(wanted map[string]string, is []kadm.Config) []string {
	var different []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		i := slices.IndexFunc(is, func(c kadm.Config) bool { return c.Key == name })
		switch {
		case i < 0:
			different = append(different, fmt.Sprintf("has no setting %s, the seed says %s", name, wanted[name]))
		case !sameSetting(is[i].MaybeValue(), wanted[name]):
			different = append(different, fmt.Sprintf("has %s=%s, the seed says %s", name, is[i].MaybeValue(), wanted[name]))
		}
	}
	return different
}

// sameSetting takes lists such as "compact,delete" as the same with spaces.
func sameSetting(a, b string) bool {
	return strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

// group gives the group an offset in each partition of its topics that it has
// none in, where nobody is a member of it.
func (k kafkaApplier) group(ctx context.Context, group seed.Group) error {
	subject := "group " + group.Name
	places, err := k.places(ctx, group)
	if err != nil {
		return err
	}
	var missing kadm.Offsets
	err = k.until(ctx, func(ctx context.Context) (string, error) {
		missing, err = k.uncommitted(ctx, group.Name, places)
		if kerr.IsRetriable(err) { // the first group of a broker waits for the topic that keeps offsets
			return "the broker does not know its groups yet: " + err.Error(), nil
		}
		return "", err
	})
	if err != nil {
		return err
	}
	if len(missing) == 0 {
		k.unchanged(subject)
		return nil
	}
	described, err := k.admin.DescribeGroups(ctx, group.Name)
	if err != nil {
		return fmt.Errorf("describe it: %w", err)
	}
	if members := len(described[group.Name].Members); members > 0 {
		k.compared(subject, group.At, []string{fmt.Sprintf("has %s and has not committed in %s: where it begins is for them to say",
			counted(members, "member"), strings.Join(slices.Sorted(maps.Keys(missing)), ", "))})
		return nil
	}
	err = k.until(ctx, func(ctx context.Context) (string, error) {
		if err := k.admin.CommitAllOffsets(ctx, group.Name, missing); err != nil {
			if kerr.IsRetriable(err) {
				return "its offsets are not taken: " + err.Error(), nil
			}
			return "", fmt.Errorf("commit its offsets: %w", err)
		}
		still, err := k.uncommitted(ctx, group.Name, places)
		switch {
		case err != nil && !kerr.IsRetriable(err):
			return "", err
		case err == nil && len(still) == 0:
			return "", nil
		case err == nil:
			missing = still
		}
		return "the offsets of " + subject + " are not there yet", nil
	})
	if err == nil {
		k.created(subject)
	}
	return err
}

// places are where the group is to begin, in all partitions of its topics.
func (k kafkaApplier) places(ctx context.Context, group seed.Group) (kadm.Offsets, error) {
	list := k.admin.ListStartOffsets
	if group.Place == seed.PlaceEnd {
		list = k.admin.ListEndOffsets
	}
	listed, err := list(ctx, group.Topics...)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list the offsets of its topics: %w", err)
	}
	return listed.Offsets(), nil
}

// uncommitted are the places in whose partitions the group has no offset.
func (k kafkaApplier) uncommitted(ctx context.Context, group string, places kadm.Offsets) (kadm.Offsets, error) {
	committed, err := k.admin.FetchOffsets(ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return nil, fmt.Errorf("fetch its offsets: %w", err)
	}
	missing := make(kadm.Offsets)
	for _, place := range places.Sorted() {
		offset, ok := committed.Lookup(place.Topic, place.Partition)
		if ok && offset.Err != nil {
			return nil, fmt.Errorf("fetch its offset in partition %d of %s: %w", place.Partition, place.Topic, offset.Err)
		}
		if !ok || offset.At < 0 {
			missing.Add(place)
		}
	}
	return missing, nil
}

// counted is "1 partition" or "3 partitions".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

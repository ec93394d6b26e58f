package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/diorama-dev/diorama/internal/queue"
)

// lookEvery is how often it is looked whether a topic has come or gone.
const lookEvery = 50 * time.Millisecond

// Create makes a topic, with as many copies as the broker makes by default, and
// returns once all its partitions have leaders. Settings are those of topics:
// https://kafka.apache.org/documentation/#topicconfigs.
func (c *Client) Create(ctx context.Context, r queue.CreateRequest) error {
	if r.Kind != "" && r.Kind != queue.KindTopic {
		return &queue.CannotError{What: fmt.Sprintf("Kafka has topics, and no %s", r.Kind)}
	}
	partitions := r.Partitions
	if partitions == 0 {
		partitions = -1
	}
	settings := make(map[string]*string, len(r.Settings))
	for name, value := range r.Settings {
		settings[name] = &value
	}
	if made, err := c.admin.CreateTopic(ctx, partitions, -1, settings, r.Name); err != nil {
		if made.ErrMessage != "" {
			err = fmt.Errorf("%w: %s", err, made.ErrMessage)
		}
		return fmt.Errorf("create topic %s: %w", r.Name, err)
	}
	if err := c.until(ctx, func() (error, error) { return c.led(ctx, r.Name) }); err != nil {
		return fmt.Errorf("create topic %s: %w", r.Name, err)
	}
	return nil
}

// Delete deletes a topic and returns once no broker tells of it.
func (c *Client) Delete(ctx context.Context, name string) error {
	_, err := c.admin.DeleteTopic(ctx, name)
	switch {
	case missing(err):
		return &queue.NotFoundError{What: "topic", Name: name}
	case err != nil:
		return fmt.Errorf("delete topic %s: %w", name, err)
	}
	if err := c.until(ctx, func() (error, error) { return c.gone(ctx, name) }); err != nil {
		return fmt.Errorf("delete topic %s: %w", name, err)
	}
	return nil
}

// until looks again and again; look says what is still to wait for, nil where
// nothing is, or an error that waiting does not mend.
func (c *Client) until(ctx context.Context, look func() (wait, err error)) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		wait, err := look()
		if err != nil || wait == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), wait)
		case <-ticker.C:
		}
	}
}

// led looks whether each partition has a leader that answers for it.
func (c *Client) led(ctx context.Context, name string) (wait, err error) {
	t, err := c.find(ctx, name)
	if _, absent := errors.AsType[*queue.NotFoundError](err); absent {
		return errors.New("it is not there yet"), nil
	}
	if kerr.IsRetriable(err) {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range t.parts {
		if err := firstError(t.parts[i].trouble, t.parts[i].silent); err != nil {
			return fmt.Errorf("partition %d is not ready: %w", i, err), nil
		}
	}
	return nil, nil
}

func (c *Client) gone(ctx context.Context, name string) (wait, err error) {
	_, err = c.find(ctx, name)
	if _, absent := errors.AsType[*queue.NotFoundError](err); absent {
		return nil, nil
	}
	if err != nil && !kerr.IsRetriable(err) {
		return nil, err
	}
	return errors.New("it is there still"), nil
}

// Describe is what would create the topic as it is: its partitions, and the
// settings that were given to it and not left to the broker. It returns a
// [queue.NotFoundError] where there is none.
func (c *Client) Describe(ctx context.Context, name string) (queue.CreateRequest, error) {
	t, err := c.find(ctx, name)
	if err != nil {
		return queue.CreateRequest{}, fmt.Errorf("describe topic %s: %w", name, err)
	}
	configs, err := c.admin.DescribeTopicConfigs(ctx, name)
	if err != nil {
		return queue.CreateRequest{}, fmt.Errorf("describe topic %s: %w", name, err)
	}
	spec := queue.CreateRequest{Name: name, Kind: queue.KindTopic, Partitions: int32(len(t.parts))}
	for _, resource := range configs {
		if resource.Err != nil {
			return queue.CreateRequest{}, fmt.Errorf("describe topic %s: %w", name, resource.Err)
		}
		for _, config := range resource.Configs {
			if config.Source == kmsg.ConfigSourceDynamicTopicConfig {
				if spec.Settings == nil {
					spec.Settings = make(map[string]string)
				}
				spec.Settings[config.Key] = config.MaybeValue()
			}
		}
	}
	return spec, nil
}

// CommitStart makes a group that is at the beginning of topics, and has no
// members: it commits the first offset of each partition. Partitions that the
// group has committed for already stay as they are.
func (c *Client) CommitStart(ctx context.Context, group string, topics []string) error {
	starts, err := c.admin.ListStartOffsets(ctx, topics...)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return fmt.Errorf("make group %s: %w", group, err)
	}
	there, err := c.admin.FetchOffsets(ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return fmt.Errorf("make group %s: %w", group, err)
	}
	commits := make(kadm.Offsets)
	starts.Each(func(o kadm.ListedOffset) {
		if _, ok := there.Lookup(o.Topic, o.Partition); !ok {
			commits.AddOffset(o.Topic, o.Partition, o.Offset, -1)
		}
	})
	if len(commits) == 0 {
		return nil
	}
	if err := c.admin.CommitAllOffsets(ctx, group, commits); err != nil {
		return fmt.Errorf("make group %s: %w", group, err)
	}
	return nil
}

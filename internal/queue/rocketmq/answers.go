package rocketmq

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// The bodies of answers, as far as they are used (remoting/protocol/body and
// admin of RocketMQ).
type (
	topicConfigs struct {
		Version json.RawMessage        `json:"dataVersion"`
		Topics  map[string]topicConfig `json:"topicConfigTable"`
	}
	topicConfig struct {
		Name        string            `json:"topicName"`
		ReadQueues  int32             `json:"readQueueNums"`
		WriteQueues int32             `json:"writeQueueNums"`
		Permissions int               `json:"perm"`
		Attributes  map[string]string `json:"attributes"`
	}
	groupConfigs struct {
		Version json.RawMessage        `json:"dataVersion"`
		Groups  map[string]groupConfig `json:"subscriptionGroupTable"`
	}
	groupConfig struct {
		Consumes bool `json:"consumeEnable"`
	}
	// consumerOffsets are the offsets of all groups, by topic@group and queue.
	consumerOffsets struct {
		Table map[string]map[int32]int64 `json:"offsetTable"`
	}
	topicNames struct {
		Names []string `json:"topicList"`
	}
	runtimeInfo struct {
		Table map[string]string `json:"table"`
	}
	clusterInfo struct {
		Brokers map[string]brokerData `json:"brokerAddrTable"`
	}
	brokerData struct {
		Addresses map[string]string `json:"brokerAddrs"`
	}
	topicStats struct {
		Table map[messageQueue]queueOffsets `json:"offsetTable"`
	}
	queueOffsets struct {
		Min int64 `json:"minOffset"`
		Max int64 `json:"maxOffset"`
	}
	connections struct {
		Members       []connectedMember          `json:"connectionSet"`
		Model         string                     `json:"messageModel"`
		Subscriptions map[string]json.RawMessage `json:"subscriptionTable"`
	}
	connectedMember struct {
		ID       string `json:"clientId"`
		Address  string `json:"clientAddr"`
		Language string `json:"language"`
	}
)

// messageQueue is a queue of a topic, which is the key of a table where
// RocketMQ writes it as an object.
type messageQueue struct {
	Topic  string
	Broker string
	ID     int32
}

// UnmarshalText reads the object that the key is.
func (q *messageQueue) UnmarshalText(text []byte) error {
	var key struct {
		Topic  string `json:"topic"`
		Broker string `json:"brokerName"`
		ID     int32  `json:"queueId"`
	}
	if err := json.Unmarshal(text, &key); err != nil {
		return fmt.Errorf("read the queue %q: %w", text, err)
	}
	*q = messageQueue(key)
	return nil
}

// get asks for a body and reads it.
func get[T any](ctx context.Context, a *asker, c *client, code int, fields map[string]string) (T, error) {
	var body T
	answer, err := a.ask(ctx, c, code, fields, nil)
	if err != nil {
		return body, err
	}
	if err := decode(answer.body, &body); err != nil {
		return body, fmt.Errorf("read what the %s answers to request %d: %w", c.what, code, err)
	}
	return body, nil
}

// unchanged reports whether a table of the broker's still has the version. It
// asks for what comes after the table's end, which is nothing; a broker that
// does not know to send a part sends all, with the version all the same.
func unchanged(ctx context.Context, a *asker, c *client, code int, version json.RawMessage) (bool, error) {
	if len(version) == 0 {
		return false, nil
	}
	const end = "2147483647"
	answer, err := get[struct {
		Version json.RawMessage `json:"dataVersion"`
	}](ctx, a, c, code, map[string]string{
		"dataVersion": string(version), "topicSeq": end, "groupSeq": end, "maxTopicNum": "1", "maxGroupNum": "1",
	})
	return bytes.Equal(answer.Version, version), err
}

package rocketmq

import (
	"context"
	"encoding/json"
	"fmt"
)

// newGroup is a group that is to be made, as the broker's own tool makes one
// (SubscriptionGroupConfig of RocketMQ 5): members may join, and each message is
// tried sixteen times.
type newGroup struct {
	Name           string `json:"groupName"`
	Consume        bool   `json:"consumeEnable"`
	FromMin        bool   `json:"consumeFromMinEnable"`
	Broadcast      bool   `json:"consumeBroadcastEnable"`
	RetryQueues    int    `json:"retryQueueNums"`
	RetryTimes     int    `json:"retryMaxTimes"`
	SlowBroker     int    `json:"whichBrokerWhenConsumeSlowly"`
	NotifyOnChange bool   `json:"notifyConsumerIdsChangedEnable"`
}

// CreateGroup makes a group that has no members yet. One that is there is left
// as it is made: the caller looks first.
func (s *Source) CreateGroup(ctx context.Context, name string) error {
	body, err := json.Marshal(newGroup{
		Name: name, Consume: true, FromMin: true, Broadcast: true,
		RetryQueues: 1, RetryTimes: 16, SlowBroker: 1, NotifyOnChange: true,
	})
	if err != nil {
		return fmt.Errorf("describe the group %s: %w", name, err)
	}
	var a asker
	_, err = a.ask(ctx, s.broker, askCreateGroup, nil, body)
	return err
}

package rocketmq

import (
	"errors"
	"fmt"
)

// The requests that are made (RequestCode of RocketMQ).
const (
	askPull            = 11
	askConsumerOffset  = 14
	askUpdateOffset    = 15
	askCreateTopic     = 17
	askTopicConfigs    = 21
	askBrokerConfig    = 26
	askRuntime         = 28
	askOffsetAt        = 29
	askConsumerOffsets = 43
	askRoute           = 105
	askClusters        = 106
	askCreateGroup     = 200
	askGroupConfigs    = 201
	askTopicStats      = 202
	askConnections     = 203
	askDeleteInBroker  = 215
	askDeleteInNamesrv = 216
	askSystemTopics    = 305
	askSend            = 310
	askTopicConfig     = 351
)

// The answers that are told apart (ResponseCode of RocketMQ).
const (
	success           = 0
	systemError       = 1
	topicNotExist     = 17
	pullNotFound      = 19
	pullRetry         = 20
	pullOffsetMoved   = 21
	queryNotFound     = 22
	consumerNotOnline = 206
)

// broadcasting is the model of a group of which each member gets every message.
const broadcasting = "BROADCASTING"

// refusal is an answer that is not the one that was asked for.
type refusal struct {
	what   string // who refused
	code   int
	remark string
}

func (e *refusal) Error() string {
	return fmt.Sprintf("the %s refuses: %s (code %d)", e.what, e.remark, e.code)
}

// refusedWith reports whether the error is a refusal with one of the codes.
func refusedWith(err error, codes ...int) bool {
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		return false
	}
	for _, code := range codes {
		if refused.code == code {
			return true
		}
	}
	return false
}

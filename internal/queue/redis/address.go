package redis

import (
	"strings"

	"github.com/diorama-dev/diorama/internal/queue"
)

const (
	channelPrefix = "channel:"
	keyPrefix     = "key:"
)

// address is a key, or a channel. Both may have any bytes in their names.
type address struct {
	name    string
	channel bool
}

func (a address) String() string {
	switch {
	case a.channel:
		return channelPrefix + a.name
	case strings.HasPrefix(a.name, channelPrefix), strings.HasPrefix(a.name, keyPrefix):
		return keyPrefix + a.name
	default:
		return a.name
	}
}

// parseAddress reads the text of an address. Any text is one.
func parseAddress(text string) address {
	if name, ok := strings.CutPrefix(text, channelPrefix); ok {
		return address{name: name, channel: true}
	}
	name, _ := strings.CutPrefix(text, keyPrefix)
	return address{name: name}
}

// kindOf is the kind of a type of key; empty: it is no queue.
func kindOf(keyType string) queue.Kind {
	switch keyType {
	case "stream":
		return queue.KindStream
	case "list":
		return queue.KindList
	default:
		return ""
	}
}

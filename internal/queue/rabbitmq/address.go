package rabbitmq

import (
	"net/url"
	"strings"
)

const (
	defaultHost    = "/"
	exchangePrefix = "exchange:"
)

// address is a queue or an exchange of a virtual host. As text, the virtual
// host "/" is left out where that is clear; "/", ":" and "%" in a virtual
// host's name are percent-encoded, as "/" is in an AMQP URL. So "a/b" is always
// queue "b" of virtual host "a", and a queue "a/b" of "/" is "%2F/a/b".
type address struct {
	vhost, name string
	exchange    bool
}

func (a address) String() string {
	text := a.name
	if a.vhost != defaultHost || strings.Contains(a.name, "/") || strings.HasPrefix(a.name, exchangePrefix) {
		text = strings.NewReplacer("%", "%25", "/", "%2F", ":", "%3A").Replace(a.vhost) + "/" + a.name
	}
	if a.exchange {
		return exchangePrefix + text
	}
	return text
}

// parseAddress reads the text of an address. Any text is one.
func parseAddress(text string) address {
	a := address{vhost: defaultHost}
	text, a.exchange = strings.CutPrefix(text, exchangePrefix)
	host, name, ok := strings.Cut(text, "/")
	if !ok {
		a.name = text
		return a
	}
	a.vhost, a.name = host, name
	if decoded, err := url.PathUnescape(host); err == nil {
		a.vhost = decoded
	}
	return a
}

// path is that of the address in the API.
func (a address) path() string {
	kind := "/api/queues/"
	if a.exchange {
		kind = "/api/exchanges/"
	}
	return kind + url.PathEscape(a.vhost) + "/" + url.PathEscape(a.name)
}

func (a address) what() string {
	if a.exchange {
		return "exchange"
	}
	return "queue"
}

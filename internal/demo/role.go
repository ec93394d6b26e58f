// Package demo owns the demo: a small application that tells the platform's
// typical story, so that its queues, caches, databases and logs have life. It
// reads the configuration and puts the parts of each role together.
package demo

import (
	"errors"
	"fmt"
	"strings"
)

// Role is what one process of the demo does, and the name of its service.
type Role string

// The roles. Every other role is a consumer with a group of its own.
const (
	Gateway     Role = "gateway"
	Load        Role = "load"
	Log         Role = "log"
	UserProfile Role = "user-profile"
	Billing     Role = "billing"
	Fraud       Role = "fraud"
	Recommender Role = "recommender"
)

// Port is where the role's HTTP side listens when nothing else is said. They
// differ, so that all roles can run on one machine.
func (r Role) Port() int {
	switch r {
	case Gateway:
		return 8080
	case Load:
		return 8081
	case Log:
		return 8082
	case UserProfile:
		return 8083
	case Billing:
		return 8084
	case Recommender:
		return 8086
	default:
		return 8085
	}
}

// usage is what a person who started the binary by hand needs.
const usage = `usage: demo gateway | load | log | user-profile | billing | recommender | consumer --group NAME
Everything else is set by environment variables: KAFKA_BOOTSTRAP_SERVERS, REDIS_URL, POSTGRES_URL, DEMO_…`

// ErrUsage is in the chain of an error about the command's arguments.
var ErrUsage = errors.New(usage)

// ParseRole reads the command's arguments.
func ParseRole(args []string) (Role, error) {
	switch {
	case len(args) == 0:
		return "", fmt.Errorf("no role given\n%w", ErrUsage)
	case args[0] == "consumer":
		return parseGroup(args[1:])
	case len(args) > 1:
		return "", fmt.Errorf("unexpected argument %q\n%w", args[1], ErrUsage)
	}
	switch r := Role(args[0]); r {
	case Gateway, Load, Log, UserProfile, Billing, Recommender:
		return r, nil
	default:
		return "", fmt.Errorf("unknown role %q\n%w", args[0], ErrUsage)
	}
}

func parseGroup(args []string) (Role, error) {
	var group string
	switch {
	case len(args) == 2 && args[0] == "--group":
		group = args[1]
	case len(args) == 1 && strings.HasPrefix(args[0], "--group="):
		group = strings.TrimPrefix(args[0], "--group=")
	default:
		return "", fmt.Errorf("consumer needs --group NAME\n%w", ErrUsage)
	}
	if r := Role(group); r == Gateway || r == Load || r == Recommender {
		return "", fmt.Errorf("%q is not a consumer: choose another group\n%w", group, ErrUsage)
	}
	if group == "" || len(group) > 63 || strings.Trim(group, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", fmt.Errorf("group %q: use up to 63 lower-case letters, digits and dashes\n%w", group, ErrUsage)
	}
	return Role(group), nil
}

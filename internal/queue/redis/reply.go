package redis

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/queue"
)

// fields are a reply of names and values, as XINFO gives them. The replies are
// read here and not by the client, which does not tell "0" from "not known".
type fields map[string]any

// fieldsOf reads a reply of names and values, in whichever form the protocol
// gives it. What is none has no fields.
func fieldsOf(reply any) fields {
	f := make(fields)
	switch list := reply.(type) {
	case []any:
		for i := 0; i+1 < len(list); i += 2 {
			if name, ok := list[i].(string); ok {
				f[name] = list[i+1]
			}
		}
	case map[any]any:
		for name, value := range list {
			if name, ok := name.(string); ok {
				f[name] = value
			}
		}
	}
	return f
}

// count is a field that is a number; anything else is unknown.
func (f fields) count(name string) queue.Count {
	if value, ok := f[name].(int64); ok {
		return queue.Known(value)
	}
	return queue.Count{}
}

func (f fields) text(name string) string {
	value, _ := f[name].(string)
	return value
}

// entryID is the ID of a field that is an entry of a stream: the ID, and the
// list of its fields.
func (f fields) entryID(name string) string {
	if entry, ok := f[name].([]any); ok && len(entry) > 0 {
		id, _ := entry[0].(string)
		return id
	}
	return ""
}

// entryBytes is how much the first and the last entry of a stream have.
func (f fields) entryBytes() int {
	n := 0
	for _, name := range []string{"first-entry", "last-entry"} {
		entry, _ := f[name].([]any)
		if len(entry) < 2 {
			continue
		}
		values, _ := entry[1].([]any)
		for _, value := range values {
			text, _ := value.(string)
			n += len(text)
		}
	}
	return n
}

// fieldLists reads a list of such replies.
func fieldLists(reply any) []fields {
	list, _ := reply.([]any)
	all := make([]fields, 0, len(list))
	for _, item := range list {
		all = append(all, fieldsOf(item))
	}
	return all
}

// idTime is when an entry was added, by the server's clock, where it chose the
// ID itself: "1526919030474-55". Others have the time that their writer gave.
func idTime(id string) (time.Time, bool) {
	milliseconds, _, _ := strings.Cut(id, "-")
	n, err := strconv.ParseInt(milliseconds, 10, 64)
	// Before 2001 or after 2286 it is a number of the writer's own.
	if err != nil || n < 1e12 || n >= 1e13 {
		return time.Time{}, false
	}
	return time.UnixMilli(n).UTC(), true
}

// compareIDs compares the IDs of two entries. What is no number counts as 0.
func compareIDs(a, b string) int {
	a1, a2, _ := strings.Cut(a, "-")
	b1, b2, _ := strings.Cut(b, "-")
	number := func(text string) uint64 {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return cmp.Or(cmp.Compare(number(a1), number(b1)), cmp.Compare(number(a2), number(b2)))
}

// info is what INFO says: https://redis.io/docs/latest/commands/info/.
type info map[string]string

// parseInfo reads lines of "name:value". Lines of another form are left out.
func parseInfo(text string) info {
	all := make(info)
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if ok && !strings.HasPrefix(name, "#") {
			all[name] = value
		}
	}
	return all
}

func (i info) number(name string) (int64, bool) {
	n, err := strconv.ParseInt(i[name], 10, 64)
	return n, err == nil
}

// version is that of the server; Valkey also names a Redis that it equals.
func (i info) version() string {
	if version := i["valkey_version"]; version != "" {
		return version
	}
	return i["redis_version"]
}

// isAnswer reports whether an error is one that the server gave to one command
// of several, and not one of the connection.
func isAnswer(err error) bool {
	var answer goredis.Error
	return errors.As(err, &answer)
}

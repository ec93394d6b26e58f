package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/seed"
)

// MarkerPrefix begins the key that says that a file was run; its value is the
// hash of the file.
const MarkerPrefix = "diorama:seed:"

func (a *applier) redis(ctx context.Context) error {
	name := a.set.Stack
	e, err := a.endpoint(name)
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{
		Addr: net.JoinHostPort(e.Host, strconv.Itoa(e.Port)), Username: e.User, Password: e.Password,
		ClientName: "diorama-seed", MaxRetries: -1, DisableIdentity: true, ContextTimeoutEnabled: true,
	})
	defer client.Close()
	err = a.reach(ctx, func(ctx context.Context) error { return client.Ping(ctx).Err() }, func(err error) bool {
		answer, ok := errors.AsType[redis.Error](err)
		return ok && !strings.HasPrefix(answer.Error(), "LOADING")
	})
	if err != nil {
		return err
	}
	for _, script := range a.set.Commands {
		if err := a.commands(ctx, client, script); err != nil {
			return err
		}
	}
	return nil
}

// commands runs a file whose marker is absent, in one transaction with the
// marker: it is run as a whole or not at all.
func (a *applier) commands(ctx context.Context, client *redis.Client, script seed.Script) error {
	subject, marker := "file "+script.Name, MarkerPrefix+script.Name
	list, err := seed.Commands(script.Text)
	if err != nil {
		return failed(script.At, subject, err)
	}
	conn := client.Conn()
	defer conn.Close()
	if err := conn.Do(ctx, "WATCH", marker).Err(); err != nil {
		return failed(script.At, subject, err)
	}
	hash, err := conn.Get(ctx, marker).Result()
	switch {
	case err == nil && hash == script.Hash:
		a.unchanged(subject)
		return nil
	case err == nil:
		a.compared(subject, script.At, []string{fmt.Sprintf("has changed since it was run; it is not run again unless the key %s is deleted", marker)})
		return nil
	case !errors.Is(err, redis.Nil):
		return failed(script.At, subject, fmt.Errorf("look for its marker %s: %w", marker, err))
	}
	a.report("running " + script.Name)
	err = transact(ctx, conn, script, list)
	if errors.Is(err, redis.Nil) { // somebody else has just run it
		return a.commands(ctx, client, script)
	}
	if err == nil {
		a.created(subject)
	}
	return err
}

// transact runs the commands of a file. The error is [redis.Nil] where the
// marker has come to be meanwhile.
func transact(ctx context.Context, conn *redis.Conn, script seed.Script, list []seed.Command) error {
	queued := conn.Pipeline()
	queued.Do(ctx, "MULTI")
	for _, command := range list {
		arguments := make([]any, len(command.Arguments))
		for i, argument := range command.Arguments {
			arguments[i] = argument
		}
		queued.Do(ctx, arguments...)
	}
	// At last: the file may empty the database.
	queued.Do(ctx, "SET", MarkerPrefix+script.Name, script.Hash)
	answers, err := queued.Exec(ctx)
	if err != nil {
		for i, answer := range answers[min(1, len(answers)):] {
			if refused, ok := errors.AsType[redis.Error](answer.Err()); ok && i < len(list) {
				return errors.Join(refusedAt(script, list[i], refused, "no command of the file took effect"), conn.Do(ctx, "DISCARD").Err())
			}
		}
		return failed(script.At, "file "+script.Name, err)
	}
	results, err := conn.Do(ctx, "EXEC").Slice()
	if err != nil {
		if errors.Is(err, redis.Nil) {
			return err
		}
		return failed(script.At, "file "+script.Name, err)
	}
	for i, result := range results {
		if refused, ok := result.(error); ok && i < len(list) {
			// Redis does not undo the others. Without the marker the mended file
			// is run again.
			err := refusedAt(script, list[i], refused, "the other commands of the file took effect, and do so again once it is mended")
			return errors.Join(err, conn.Del(ctx, MarkerPrefix+script.Name).Err())
		}
	}
	return nil
}

// refusedAt says which command the server did not take.
func refusedAt(script seed.Script, command seed.Command, refused error, effect string) error {
	return fmt.Errorf("%s:%d: %s: %w; %s", script.Name, command.Line, strings.ToUpper(command.Arguments[0]), refused, effect)
}

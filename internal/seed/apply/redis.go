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
	defer client.Close() //nolint:errcheck // nothing is under way
	err = a.until(ctx, func(ctx context.Context) (string, error) {
		err := client.Ping(ctx).Err()
		if answer, ok := errors.AsType[redis.Error](err); ok && !strings.HasPrefix(answer.Error(), "LOADING") {
			return "", err
		}
		if err != nil {
			return "the server does not answer: " + err.Error(), nil
		}
		return "", nil
	})
	if err != nil {
		return fmt.Errorf("reach %s: %w", a.set.Instance, err)
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
	var run []redis.Cmder
	err = client.Watch(ctx, func(tx *redis.Tx) error {
		hash, err := tx.Get(ctx, marker).Result()
		switch {
		case err == nil && hash == script.Hash:
			a.unchanged(subject)
			return nil
		case err == nil:
			a.compared(subject, script.At, []string{fmt.Sprintf("has changed since it was run; it is not run again unless the key %s is deleted", marker)})
			return nil
		case !errors.Is(err, redis.Nil):
			return fmt.Errorf("look for its marker %s: %w", marker, err)
		}
		run, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, marker, script.Hash, 0)
			for _, command := range list {
				arguments := make([]any, len(command.Arguments))
				for i, argument := range command.Arguments {
					arguments[i] = argument
				}
				p.Do(ctx, arguments...)
			}
			return nil
		})
		if err == nil {
			a.created(subject)
		}
		return err
	}, marker)
	if errors.Is(err, redis.TxFailedErr) { // somebody else has just run it
		return a.commands(ctx, client, script)
	}
	if err == nil {
		return nil
	}
	return a.refused(ctx, client, script, list, run, err)
}

// refused says which command the server did not take. Redis does not undo the
// others; without the marker the mended file is run again.
func (a *applier) refused(ctx context.Context, client *redis.Client, script seed.Script, list []seed.Command, run []redis.Cmder, err error) error {
	if _, answered := errors.AsType[redis.Error](err); !answered {
		return failed(script.At, "file "+script.Name, err)
	}
	effect := "; the other commands of the file took effect, and do so again once it is mended"
	if strings.HasPrefix(err.Error(), "EXECABORT") {
		effect = "; no command of the file took effect"
	}
	for i, command := range run {
		refused := command.Err()
		if i == 0 || refused == nil || i > len(list) || strings.HasPrefix(refused.Error(), "EXECABORT") {
			continue
		}
		err = fmt.Errorf("%s:%d: %s: %w%s", script.Name, list[i-1].Line, strings.ToUpper(list[i-1].Arguments[0]), refused, effect)
		break
	}
	if gone := client.Del(ctx, MarkerPrefix+script.Name).Err(); gone != nil {
		err = errors.Join(err, fmt.Errorf("take its marker away: %w", gone))
	}
	return err
}

// Package cache owns the demo's side of Redis: the feature cache and the
// profiles of users.
package cache

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Cache is a connection to Redis. It is safe for concurrent use.
type Cache struct {
	client *redis.Client
	ttl    time.Duration
	now    func() time.Time
}

// New returns a cache at the URL (redis://…) whose features live for ttl. It
// does not connect yet.
func New(url string, ttl time.Duration) (*Cache, error) {
	opts, err := redis.ParseURL(url)
	if err != nil {
		// The reason may quote the URL, and with it the password.
		return nil, fmt.Errorf("the Redis URL is not valid: give redis://[:PASSWORD@]HOST:PORT/DB")
	}
	// Without its cache the gateway is slower, not down: fail soon.
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = time.Second, 500*time.Millisecond, 500*time.Millisecond
	opts.DialerRetries, opts.DialerRetryTimeout = 1, time.Millisecond
	opts.MaxRetries, opts.PoolSize, opts.ContextTimeoutEnabled = 1, 16, true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &Cache{client: redis.NewClient(opts), ttl: ttl, now: time.Now}, nil
}

// Ping reports whether Redis answers.
func (c *Cache) Ping(ctx context.Context) error {
	if err := c.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping Redis: %w", err)
	}
	return nil
}

// Close disconnects.
func (c *Cache) Close() error { return c.client.Close() }

func featureKey(k story.Key) string { return "features:" + string(k.Kind) + ":" + k.Name }

// Lookup returns those of the features that the cache has.
func (c *Cache) Lookup(ctx context.Context, keys []story.Key) (map[story.Key]story.Features, error) {
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		names = append(names, featureKey(k))
	}
	values, err := c.client.MGet(ctx, names...).Result()
	if err != nil {
		return nil, fmt.Errorf("look features up in Redis: %w", err)
	}
	found := make(map[story.Key]story.Features, len(keys))
	for i, v := range values {
		text, ok := v.(string)
		var f story.Features
		if ok && json.Unmarshal([]byte(text), &f) == nil {
			found[keys[i]] = f // what cannot be read is a miss, and is written anew
		}
	}
	return found, nil
}

// Fill puts features into the cache.
func (c *Cache) Fill(ctx context.Context, features map[story.Key]story.Features) error {
	pipe := c.client.Pipeline()
	for k, f := range features {
		b, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("encode features of %s %s: %w", k.Kind, k.Name, err)
		}
		pipe.Set(ctx, featureKey(k), b, c.ttl)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("put features into Redis: %w", err)
	}
	return nil
}

// LogTo sends what the Redis client itself has to say, which it keeps for the
// whole process, to the log at level debug: whoever asked Redis tells the rest.
func LogTo(log *slog.Logger) { redis.SetLogger(clientLog{log}) }

type clientLog struct{ log *slog.Logger }

// Printf is what the client calls.
func (l clientLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "redis client: "+fmt.Sprintf(format, v...))
}

package cache

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// Remembered is how many of a user's latest events are known again when they
// are delivered once more. It bounds Redis's memory by users, not by traffic.
const Remembered = 64

// rememberedFor is longer than the topic keeps events.
const rememberedFor = 24 * time.Hour

// updateProfile counts an event for a user unless it is among the remembered
// ones, all in one step, so that a crash cannot leave half of it.
//
// KEYS: the remembered events, the profile, the leaderboard of items.
// ARGV: event, its time in ms, item, model, score, time as text, how many to remember, for how many seconds.
const updateProfile = `
if redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[7] - 1)
redis.call('EXPIRE', KEYS[1], ARGV[8])
redis.call('HINCRBY', KEYS[2], 'inferences', 1)
redis.call('HINCRBYFLOAT', KEYS[2], 'score_sum', ARGV[5])
redis.call('HSET', KEYS[2], 'last_item', ARGV[3], 'last_model', ARGV[4], 'last_seen', ARGV[6])
redis.call('ZINCRBY', KEYS[3], 1, ARGV[3])
return 1`

// The keys of profiles; each name of a user follows the first two.
const (
	profilePrefix = "profile:"
	eventsPrefix  = "profile-events:"
	popularItems  = "items:popular"
)

// UpdateProfile counts the event in its user's profile (a hash) and in the
// leaderboard of items (a sorted set). It reports false for an event that had
// been counted before.
func (c *Cache) UpdateProfile(ctx context.Context, e story.Completed) (bool, error) {
	script := redis.NewScript(updateProfile)
	fresh, err := script.Run(ctx, c.client,
		[]string{eventsPrefix + e.User, profilePrefix + e.User, popularItems},
		e.ID, e.Time.UnixMilli(), e.Item, e.Model,
		strconv.FormatFloat(e.Score, 'f', -1, 64), e.Time.UTC().Format(time.RFC3339Nano), Remembered, int(rememberedFor.Seconds()),
	).Int()
	if err != nil {
		return false, fmt.Errorf("update the profile of %s in Redis: %w", e.User, err)
	}
	return fresh == 1, nil
}

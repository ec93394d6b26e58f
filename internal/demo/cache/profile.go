package cache

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/diorama-dev/diorama/internal/demo/story"
)

// An event that comes again is known as one within this time of its first
// arrival, and as long as it is among so many of its user's latest arrivals.
// Both bound Redis's memory: 200 events a second take some 6 MB.
//
// By arrival, not by the events' own time: an event that was published late is
// older than all others of its user, and would be forgotten first.
const (
	rememberedFor = 5 * time.Minute
	remembered    = 1000
)

// updateProfile counts an event for a user unless it is remembered, all in one
// step, so that a crash cannot leave half of it.
//
// KEYS: the remembered events, the profile, the leaderboard of items.
// ARGV: event, now in ms, item, model, score, the event's time as text, how
// many ms to remember it, how many events to remember.
const updateProfile = `
if redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[7])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[8] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[7])
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
		e.ID, c.now().UnixMilli(), e.Item, e.Model,
		strconv.FormatFloat(e.Score, 'f', -1, 64), e.Time.UTC().Format(time.RFC3339Nano), rememberedFor.Milliseconds(), remembered,
	).Int()
	if err != nil {
		return false, fmt.Errorf("update the profile of %s in Redis: %w", e.User, err)
	}
	return fresh == 1, nil
}

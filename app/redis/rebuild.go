package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// beginScript starts an empty feed, marked as being built by this token. What the
// feed held was committed before, so the database will tell it again.
var beginScript = goredis.NewScript(`
redis.call('DEL', KEYS[1])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`)

// finishScript adds what the build found and sets the floor, if this build is
// still the one under way: the feed may have been lost since, or begun anew. The
// members go through a set and a union, which packs the feed once: one by one
// into a packed list each would read all of it.
//
// KEYS[1] feed, KEYS[2] scratch; ARGV[1] building sentinel, ARGV[2] complete
// sentinel, ARGV[3] cap+1, ARGV[4] life, ARGV[5...] members
var finishScript = goredis.NewScript(`
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('SADD', KEYS[2], ARGV[2], unpack(ARGV, 5))
redis.call('ZUNIONSTORE', KEYS[1], 2, KEYS[1], KEYS[2], 'WEIGHTS', 0, 0)
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[1], ARGV[1])
local cap = tonumber(ARGV[3])
if redis.call('ZCARD', KEYS[1]) > cap then
  redis.call('ZREMRANGEBYRANK', KEYS[1], cap - 1, -1)
  local oldest, floor = redis.call('ZRANGE', KEYS[1], -1, -1)[1], string.sub(ARGV[2], 11)
  if oldest < floor then floor = oldest end
  redis.call('ZADD', KEYS[1], 0, string.sub(ARGV[2], 1, 10) .. floor)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1`)

// Build is a feed that is being rebuilt.
type Build struct {
	cache    *Cache
	user     app.ID
	sentinel string
}

// rebuildLife bounds how long one rebuild keeps others from starting.
const rebuildLife = 20 * time.Second

// ClaimRebuild says whether the caller shall have the user's feed rebuilt: one
// at a time.
func (c *Cache) ClaimRebuild(ctx context.Context, user app.ID) (bool, error) {
	return c.client().SetNX(ctx, rebuildKey(user), 1, rebuildLife).Result()
}

// ReleaseRebuild lets the next rebuild start.
func (c *Cache) ReleaseRebuild(ctx context.Context, user app.ID) error {
	return c.client().Del(ctx, rebuildKey(user)).Err()
}

// Begin makes the feed exist before the database is asked, so that fan-out that
// runs meanwhile lands in it.
func (c *Cache) Begin(ctx context.Context, user app.ID) (*Build, error) {
	token := make([]byte, 16)
	rand.Read(token) // never fails (crypto/rand)
	b := &Build{cache: c, user: user, sentinel: string([]byte{sentinelMark, stateBuilding}) + string(token)}
	err := beginScript.Run(ctx, c.client(), []string{feedKey(user)}, b.sentinel, int64(feedLife/time.Second)).Err()
	if err != nil {
		return nil, fmt.Errorf("begin a rebuild: %w", err)
	}
	return b, nil
}

// ErrOvertaken says that the feed was lost or another rebuild began since Begin.
var ErrOvertaken = errors.New("the rebuild was overtaken")

// Finish adds what the database holds; the feed is then complete from floor on.
func (b *Build) Finish(ctx context.Context, epoch int64, floor app.ID, ids []app.ID) error {
	args := make([]any, 0, len(ids)+4)
	args = append(args, b.sentinel, completeSentinel(epoch, floor), capArg, int64(feedLife/time.Second))
	for _, id := range ids {
		args = append(args, member(id))
	}
	done, err := finishScript.Run(ctx, b.cache.client(), []string{feedKey(b.user), scratchKey(b.user)}, args...).Int()
	if err != nil {
		return fmt.Errorf("finish a rebuild: %w", err)
	}
	if done == 0 {
		return ErrOvertaken
	}
	return nil
}

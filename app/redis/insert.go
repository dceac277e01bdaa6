package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// insertScript adds members to a feed that exists. To a feed that doesn't it
// adds nothing: that would leave a part that looks like the whole. Above the
// slack it cuts back to the cap, and the floor rises to the oldest kept; it never
// falls: what a backfill brought from below it is not all there is. A feed that is
// being built is left alone until it is absurdly long: its builder died.
//
// KEYS[1] feed; ARGV[1] cap + 1 (the sentinel), ARGV[2] the same with slack, ARGV[3...] members
var insertScript = goredis.NewScript(`
local n = redis.call('ZCARD', KEYS[1])
if n == 0 then return 0 end
for i = 3, #ARGV do n = n + redis.call('ZADD', KEYS[1], 0, ARGV[i]) end
if n > tonumber(ARGV[2]) then
  local cap = tonumber(ARGV[1])
  local last = redis.call('ZRANGE', KEYS[1], -1, -1)[1]
  if string.sub(last, 2, 2) == 'c' then
    redis.call('ZREMRANGEBYRANK', KEYS[1], cap - 1, -1)
    local oldest, floor = redis.call('ZRANGE', KEYS[1], -1, -1)[1], string.sub(last, 11)
    if oldest < floor then floor = oldest end
    redis.call('ZADD', KEYS[1], 0, string.sub(last, 1, 10) .. floor)
  elseif n > 4 * cap then
    redis.call('ZREMRANGEBYRANK', KEYS[1], cap - 1, -2)
  end
end
return 1`)

// slack spares most inserts into a full feed the cut. Cap, slack and sentinel
// stay within zset-max-listpack-entries (512), above which a feed takes six
// times the memory.
const slack = 10

var (
	capArg   = strconv.Itoa(app.FeedCap + 1)
	slackArg = strconv.Itoa(app.FeedCap + 1 + slack)
)

// insertsPerTrip is how many feeds one round trip adds to.
const insertsPerTrip = 500

// Insert adds a story to the feeds of users that are cached. Adding it again
// changes nothing.
func (c *Cache) Insert(ctx context.Context, story app.ID, users []app.ID) error {
	m := member(story)
	for part := range slices.Chunk(users, insertsPerTrip) {
		err := c.pipelineScript(ctx, insertScript, func(p goredis.Pipeliner) {
			for _, user := range part {
				p.EvalSha(ctx, insertScript.Hash(), []string{feedKey(user)}, capArg, slackArg, m)
			}
		})
		if err != nil {
			return fmt.Errorf("insert into feeds: %w", err)
		}
	}
	return nil
}

// InsertMany adds stories to the feed of one user, if it is cached.
func (c *Cache) InsertMany(ctx context.Context, user app.ID, stories []app.ID) error {
	if len(stories) == 0 {
		return nil
	}
	args := []any{capArg, slackArg}
	for _, id := range stories {
		args = append(args, member(id))
	}
	return c.pipelineScript(ctx, insertScript, func(p goredis.Pipeliner) {
		p.EvalSha(ctx, insertScript.Hash(), []string{feedKey(user)}, args...)
	})
}

// RemoveMany takes stories out of a user's feed.
func (c *Cache) RemoveMany(ctx context.Context, user app.ID, stories []app.ID) error {
	if len(stories) == 0 {
		return nil
	}
	members := make([]any, len(stories))
	for i, id := range stories {
		members[i] = member(id)
	}
	return c.client().ZRem(ctx, feedKey(user), members...).Err()
}

// pipelineScript runs fill's EVALSHA commands in one round trip. A node that
// doesn't know the script yet is given it, then they run again.
func (c *Cache) pipelineScript(ctx context.Context, script *goredis.Script, fill func(goredis.Pipeliner)) error {
	run := func() error {
		p := c.client().Pipeline()
		fill(p)
		_, err := p.Exec(ctx)
		return err
	}
	err := run()
	if !goredis.HasErrorPrefix(err, "NOSCRIPT") {
		return err
	}
	if err := c.load(ctx, script); err != nil {
		return err
	}
	return run()
}

func (c *Cache) load(ctx context.Context, script *goredis.Script) error {
	return c.client().ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error {
		return script.Load(ctx, node).Err()
	})
}

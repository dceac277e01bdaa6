package redis

import (
	"context"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// rx<epoch>:{story} is a hash: 16-byte user -> that user's reaction, "#kind" -> count,
// "#c" -> comments, and "" -> all counts as JSON, ready to be sent. A hash with
// only the field "!" says: somebody just wrote, don't fill from what you read.
const (
	countsField   = ""
	commentsField = "#c"
	guardField    = "!"
	countsLife    = 24 * time.Hour
	guardLife     = 5 * time.Second
)

// render is the part of the scripts that writes the JSON anew.
var render = `
local function render(key)
  local kinds = {'` + strings.Join(app.Reactions, "','") + `'}
  local out = {}
  for _, k in ipairs(kinds) do
    local n = tonumber(redis.call('HGET', key, '#' .. k) or '0')
    if n > 0 then out[#out + 1] = '"' .. k .. '":' .. n end
  end
  local c = math.max(tonumber(redis.call('HGET', key, '#c') or '0'), 0)
  redis.call('HSET', key, '', ',"reactions":{' .. table.concat(out, ',') .. '},"comments":' .. c)
end
`

// fillScript fills an absent hash; one that is there is newer than what was read.
//
// ARGV[1] life, ARGV[2...] field, value, ...
var fillScript = goredis.NewScript(render + `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
render(KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1`)

// changeScript applies what one write changed, when the hash is filled; else it
// keeps readers of an older state from filling it for five seconds.
//
// ARGV[1] user or "", ARGV[2] reaction or "", ARGV[3] added comments
var changeScript = goredis.NewScript(render + `
if redis.call('HEXISTS', KEYS[1], '') == 0 then
  redis.call('HSET', KEYS[1], '` + guardField + `', '1')
  redis.call('EXPIRE', KEYS[1], 5)
  return 0
end
if ARGV[1] ~= '' then
  local old = redis.call('HGET', KEYS[1], ARGV[1])
  if old then redis.call('HINCRBY', KEYS[1], '#' .. old, -1) end
  if ARGV[2] == '' then
    redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    redis.call('HINCRBY', KEYS[1], '#' .. ARGV[2], 1)
  end
end
if ARGV[3] ~= '0' then redis.call('HINCRBY', KEYS[1], '#c', ARGV[3]) end
render(KEYS[1])
return 1`)

// Figures are all reactions and the number of comments of one story.
type Figures struct {
	Reactions map[app.ID]string // user -> kind
	Comments  int64
}

// Counts sums the figures up.
func (f Figures) Counts() (counts app.Counts) {
	for _, kind := range f.Reactions {
		for i, k := range app.Reactions {
			if k == kind {
				counts.Reactions[i]++
			}
		}
	}
	counts.Comments = f.Comments
	return counts
}

// FillCounts caches figures as the database has them.
func (c *Cache) FillCounts(ctx context.Context, figures map[app.ID]Figures, from Source) error {
	return c.pipelineScript(ctx, fillScript, func(p goredis.Pipeliner) {
		for story, f := range figures {
			args := []any{int64(from.life(countsLife) / time.Second), commentsField, f.Comments}
			counts := f.Counts()
			for i, n := range counts.Reactions {
				if n > 0 {
					args = append(args, "#"+app.Reactions[i], n)
				}
			}
			for user, kind := range f.Reactions {
				args = append(args, string(user[:]), kind)
			}
			p.EvalSha(ctx, fillScript.Hash(), []string{c.countsKey(story)}, args...)
		}
	})
}

// React notes a user's reaction; kind "" takes it back.
func (c *Cache) React(ctx context.Context, story, user app.ID, kind string) error {
	return c.change(ctx, story, string(user[:]), kind, 0)
}

// Commented notes n more comments.
func (c *Cache) Commented(ctx context.Context, story app.ID, n int) error {
	return c.change(ctx, story, "", "", n)
}

func (c *Cache) change(ctx context.Context, story app.ID, user, kind string, comments int) error {
	return c.pipelineScript(ctx, changeScript, func(p goredis.Pipeliner) {
		p.EvalSha(ctx, changeScript.Hash(), []string{c.countsKey(story)}, user, kind, strconv.Itoa(comments))
	})
}

// ForgetCounts drops the cached figures of a story, and keeps who read an older
// state from filling them again.
func (c *Cache) ForgetCounts(ctx context.Context, story app.ID) error {
	key := c.countsKey(story)
	p := c.client().TxPipeline()
	p.Del(ctx, key)
	p.HSet(ctx, key, guardField, 1)
	p.Expire(ctx, key, guardLife)
	_, err := p.Exec(ctx)
	return err
}

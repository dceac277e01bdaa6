package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// sessionLife bounds how long the cache is believed about a session.
const sessionLife = 15 * time.Minute

// Session returns the name of the session's user, empty when it isn't cached,
// and how often it has used class in the current minute.
func (c *Cache) Session(ctx context.Context, user app.ID, hash [32]byte, class string) (name string, uses int64, err error) {
	rate := sessionRateKey(user, hash, class)
	p := c.client().Pipeline()
	get := p.Get(ctx, sessionKey(user, hash))
	p.SetNX(ctx, rate, 0, time.Minute)
	incr := p.Incr(ctx, rate)
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return "", 0, err
	}
	return get.Val(), incr.Val(), nil
}

// Ended is the name under which the cache knows a session that was ended. It is
// too short for a user's name.
const Ended = "-"

// KeepSession caches a session that the database confirmed, unless it was ended
// meanwhile.
func (c *Cache) KeepSession(ctx context.Context, user app.User, hash [32]byte) error {
	return c.client().SetNX(ctx, sessionKey(user.ID, hash), user.Name, sessionLife).Err()
}

// EndSession refuses a session from now on.
func (c *Cache) EndSession(ctx context.Context, user app.ID, hash [32]byte) error {
	return c.client().Set(ctx, sessionKey(user, hash), Ended, sessionLife).Err()
}

// Uses counts one more use of class by key in the current minute.
func (c *Cache) Uses(ctx context.Context, class, key string) (int64, error) {
	rate := rateKey(class, key)
	p := c.client().Pipeline()
	p.SetNX(ctx, rate, 0, time.Minute)
	incr := p.Incr(ctx, rate)
	_, err := p.Exec(ctx)
	return incr.Val(), err
}

// freshFor is how long a user who wrote reads from the writer.
const freshFor = 5 * time.Second

// Wrote notes that the user just wrote.
func (c *Cache) Wrote(ctx context.Context, users ...app.ID) error {
	p := c.client().Pipeline()
	for _, user := range users {
		p.Set(ctx, wroteKey(user), 1, freshFor)
	}
	_, err := p.Exec(ctx)
	return err
}

// JustWrote says whether the user wrote in the last five seconds.
func (c *Cache) JustWrote(ctx context.Context, user app.ID) (bool, error) {
	n, err := c.client().Exists(ctx, wroteKey(user)).Result()
	return n > 0, err
}

// goneLife is how long unfriended authors are filtered out of the feed: longer
// than any fan-out that still counted them as friends.
const goneLife = 24 * time.Hour

// Gone hides author's stories from user's feed, at once.
func (c *Cache) Gone(ctx context.Context, user, author app.ID) error {
	p := c.client().Pipeline()
	p.SAdd(ctx, goneKey(user), string(author[:]))
	p.Expire(ctx, goneKey(user), goneLife)
	_, err := p.Exec(ctx)
	return err
}

// GoneSet returns the authors that are hidden from user's feed.
func (c *Cache) GoneSet(ctx context.Context, user app.ID) (map[app.ID]bool, error) {
	members, err := c.client().SMembers(ctx, goneKey(user)).Result()
	gone := make(map[app.ID]bool, len(members))
	for _, m := range members {
		if id, err := app.IDFromBytes([]byte(m)); err == nil {
			gone[id] = true
		}
	}
	return gone, err
}

// Back ends Gone: they are friends again.
func (c *Cache) Back(ctx context.Context, user, author app.ID) error {
	return c.client().SRem(ctx, goneKey(user), string(author[:])).Err()
}

package redis

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// A feed is a sorted set with all scores 0, so its members sort by their bytes:
// the bitwise NOT of story IDs, newest first, and one sentinel that sorts last.
//
//	0xFF 'c' epoch(8) NOT floor(16)   complete for every ID >= floor
//	0xFF 'b' token(16)                being built: whatever arrives is kept, but don't read it
//
// No ID's NOT begins with 0xFF: its first byte would be zero, which is 1970-2004.
const (
	sentinelMark  = 0xff
	stateComplete = 'c'
	stateBuilding = 'b'
)

const feedLife = 14 * 24 * time.Hour

func not(id app.ID) app.ID {
	for i := range id {
		id[i] = ^id[i]
	}
	return id
}

func member(id app.ID) string {
	id = not(id)
	return string(id[:])
}

func completeSentinel(epoch int64, floor app.ID) string {
	b := make([]byte, 0, 26)
	b = append(b, sentinelMark, stateComplete)
	for shift := 56; shift >= 0; shift -= 8 {
		b = append(b, byte(epoch>>shift))
	}
	floor = not(floor)
	return string(append(b, floor[:]...))
}

// Slice is a part of a cached feed.
type Slice struct {
	// Complete says that the feed is usable: built, and under Epoch.
	Complete bool
	Epoch    int64  // of the lease under which it was built
	Floor    app.ID // complete for every ID >= Floor
	IDs      []app.ID
}

func parseSentinel(s string) (slice Slice, ok bool) {
	if len(s) != 26 || s[0] != sentinelMark || s[1] != stateComplete {
		return Slice{}, false
	}
	for i := range 8 {
		slice.Epoch = slice.Epoch<<8 | int64(s[2+i])
	}
	slice.Floor = not(app.ID([]byte(s[10:])))
	slice.Complete = true
	return slice, true
}

// parseFeed turns the replies to a range and to the sentinel into a Slice.
func parseFeed(members, last []string) Slice {
	if len(last) != 1 {
		return Slice{}
	}
	slice, ok := parseSentinel(last[0])
	if !ok {
		return Slice{}
	}
	slice.IDs = make([]app.ID, 0, len(members))
	for _, m := range members {
		if len(m) != 16 {
			continue // the sentinel
		}
		if id := not(app.ID([]byte(m))); id.Compare(slice.Floor) >= 0 {
			slice.IDs = append(slice.IDs, id)
		}
	}
	return slice
}

// Opening is what one round trip learns about a user before a page is put
// together.
type Opening struct {
	Name  string // of the session's user; empty: the cache doesn't know the session
	Reads int64  // requests in the current minute, this one included
	Feed  Slice  // from the cursor on, at most limit IDs
	Gone  map[app.ID]bool
}

// Open reads all that a page needs and that sits with the user, in one round trip.
func (c *Cache) Open(ctx context.Context, user app.ID, hash [32]byte, below app.ID, limit int) (Opening, error) {
	rate := sessionRateKey(user, hash, "r")
	bounds := &goredis.ZRangeBy{Min: "-", Max: "+", Count: int64(limit)}
	if below != app.Last {
		bounds.Min = "(" + member(below)
	}
	p := c.client().Pipeline()
	name := p.Get(ctx, sessionKey(user, hash))
	p.SetNX(ctx, rate, 0, time.Minute)
	reads := p.Incr(ctx, rate)
	ids := p.ZRangeByLex(ctx, feedKey(user), bounds)
	last := p.ZRange(ctx, feedKey(user), -1, -1)
	if below == app.Last {
		p.Expire(ctx, feedKey(user), feedLife) // who reads is active
	}
	gone := p.SMembers(ctx, goneKey(user))
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return Opening{}, err
	}
	o := Opening{Name: name.Val(), Reads: reads.Val(), Feed: parseFeed(ids.Val(), last.Val())}
	for _, m := range gone.Val() {
		if id, err := app.IDFromBytes([]byte(m)); err == nil {
			if o.Gone == nil {
				o.Gone = map[app.ID]bool{}
			}
			o.Gone[id] = true
		}
	}
	return o, nil
}

// Range reads a part of a user's feed: at most limit IDs below a bound.
func (c *Cache) Range(ctx context.Context, user, below app.ID, limit int) (Slice, error) {
	bounds := &goredis.ZRangeBy{Min: "-", Max: "+", Count: int64(limit)}
	if below != app.Last {
		bounds.Min = "(" + member(below)
	}
	p := c.client().Pipeline()
	ids := p.ZRangeByLex(ctx, feedKey(user), bounds)
	last := p.ZRange(ctx, feedKey(user), -1, -1)
	if _, err := p.Exec(ctx); err != nil {
		return Slice{}, err
	}
	return parseFeed(ids.Val(), last.Val()), nil
}

// At is Range for one story: its ID, if the feed has it.
func (c *Cache) At(ctx context.Context, user, story app.ID) (Slice, error) {
	p := c.client().Pipeline()
	ids := p.ZRangeByLex(ctx, feedKey(user), &goredis.ZRangeBy{Min: "[" + member(story), Max: "[" + member(story)})
	last := p.ZRange(ctx, feedKey(user), -1, -1)
	if _, err := p.Exec(ctx); err != nil {
		return Slice{}, err
	}
	return parseFeed(ids.Val(), last.Val()), nil
}

// Drop forgets the user's feed.
func (c *Cache) Drop(ctx context.Context, user app.ID) error {
	return c.client().Del(ctx, feedKey(user)).Err()
}

// DropAll forgets every feed, a few at a time, and returns how many those were.
func (c *Cache) DropAll(ctx context.Context) (n int64, err error) {
	var dropped atomic.Int64
	err = c.client().ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error {
		var cursor uint64
		for {
			keys, next, err := node.Scan(ctx, cursor, "f:*", 1000).Result()
			if err != nil {
				return err
			}
			p := node.Pipeline()
			for _, key := range keys {
				p.Unlink(ctx, key)
			}
			if len(keys) > 0 {
				if _, err := p.Exec(ctx); err != nil {
					return err
				}
			}
			dropped.Add(int64(len(keys)))
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	})
	return dropped.Load(), err
}

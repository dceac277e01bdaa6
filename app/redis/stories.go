package redis

import (
	"context"
	"errors"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"newsfeed/app"
)

// Story keys hold the story's JSON without its closing brace, or a tombstone.
const tombstone = "-"

const storyLife = 3 * 24 * time.Hour

// Card is what the cache knows of a story, for one reader.
type Card struct {
	JSON    string // without the closing brace; empty: unknown
	Deleted bool
	Counts  string // JSON members; empty: unknown
	Mine    string // the reader's own reaction
}

// Cards reads stories, their counts and the reader's own reactions in one round
// trip, in the order of ids.
func (c *Cache) Cards(ctx context.Context, ids []app.ID, reader app.ID) ([]Card, error) {
	p := c.client().Pipeline()
	stories := make([]*goredis.StringCmd, len(ids))
	counts := make([]*goredis.SliceCmd, len(ids))
	mine := string(reader[:])
	for i, id := range ids {
		stories[i] = p.Get(ctx, c.storyKey(id))
		counts[i] = p.HMGet(ctx, c.countsKey(id), countsField, mine)
	}
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return nil, err
	}
	cards := make([]Card, len(ids))
	for i := range cards {
		card := &cards[i]
		if card.JSON = stories[i].Val(); card.JSON == tombstone {
			card.JSON, card.Deleted = "", true
		}
		if v := counts[i].Val(); len(v) == 2 {
			card.Counts, _ = v[0].(string)
			card.Mine, _ = v[1].(string)
		}
	}
	return cards, nil
}

// FillStories caches stories as the database has them, unless the cache knows
// better already: a tombstone is never overwritten.
func (c *Cache) FillStories(ctx context.Context, stories []*app.Story, from Source) error {
	p := c.client().Pipeline()
	for _, s := range stories {
		value := any(tombstone)
		if !s.Deleted {
			value = s.AppendJSON(nil)
		}
		p.SetNX(ctx, c.storyKey(s.ID), value, from.life(storyLife))
	}
	_, err := p.Exec(ctx)
	return err
}

// Bury puts a tombstone: no page shows the story from now on.
func (c *Cache) Bury(ctx context.Context, story app.ID) error {
	return c.client().Set(ctx, c.storyKey(story), tombstone, storyLife).Err()
}

// Unbury takes back a tombstone of a story that lives on after all.
func (c *Cache) Unbury(ctx context.Context, story app.ID) error {
	return c.client().Del(ctx, c.storyKey(story)).Err()
}

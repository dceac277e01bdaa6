package feed

import (
	"context"
	"encoding/json"

	"newsfeed/app"
	"newsfeed/app/mysql"
	"newsfeed/app/redis"
)

// stories returns the JSON of those of ids that the reader shall see, in the
// order of ids. What the cache misses costs one SQL statement each for stories
// and for figures, and is cached.
func (s *Service) stories(ctx context.Context, reader app.ID, ids []app.ID, gone map[app.ID]bool) ([]json.RawMessage, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	cards := make([]redis.Card, len(ids))
	if s.told() {
		if cached, err := s.Cache.Cards(ctx, ids, reader); err == nil {
			cards = cached
		}
	}
	if err := s.complete(ctx, reader, ids, cards); err != nil {
		return nil, err
	}
	return show(cards, gone), nil
}

// show returns the JSON of the cards that are shown to a reader from whom the
// stories of gone authors are hidden.
func show(cards []redis.Card, gone map[app.ID]bool) []json.RawMessage {
	size := 0
	for i := range cards {
		size += len(cards[i].JSON) + len(cards[i].Counts) + 40
	}
	buffer := make([]byte, 0, size) // one for the page, not one per story
	out := make([]json.RawMessage, 0, len(cards))
	for i := range cards {
		c := &cards[i]
		if c.Deleted || c.JSON == "" || (len(gone) > 0 && gone[authorOf(c.JSON)]) {
			continue
		}
		from := len(buffer)
		buffer = append(buffer, c.JSON...)
		buffer = append(buffer, c.Counts...)
		buffer = app.AppendMine(buffer, c.Mine)
		out = append(out, buffer[from:len(buffer):len(buffer)])
	}
	return out
}

// authorOf finds the author in a story's JSON, where AppendJSON always puts it.
func authorOf(json string) app.ID {
	const at = len(`{"id":"`) + 36 + len(`","author":{"id":"`)
	if len(json) < at+36 {
		return app.Zero
	}
	id, _ := app.ParseID(json[at : at+36])
	return id
}

// complete fills in from the database what the cache didn't know.
func (s *Service) complete(ctx context.Context, reader app.ID, ids []app.ID, cards []redis.Card) error {
	var noStory, noCounts []app.ID
	for i, c := range cards {
		if c.Deleted {
			continue
		}
		if c.JSON == "" {
			noStory = append(noStory, ids[i])
		}
		if c.Counts == "" {
			noCounts = append(noCounts, ids[i])
		}
	}
	if len(noStory) == 0 && len(noCounts) == 0 {
		return nil
	}
	ctx = s.fresh(ctx, reader) // who just reacted sees it
	at := make(map[app.ID]*redis.Card, len(ids))
	for i := range cards {
		at[ids[i]] = &cards[i]
	}
	if len(noStory) > 0 {
		if err := s.completeStories(ctx, noStory, at); err != nil {
			return err
		}
	}
	if len(noCounts) > 0 {
		return s.completeCounts(ctx, reader, noCounts, at)
	}
	return nil
}

func (s *Service) completeStories(ctx context.Context, missing []app.ID, at map[app.ID]*redis.Card) error {
	found, err := s.DB.Stories(ctx, missing)
	if err != nil {
		return err
	}
	if len(found) < len(missing) && s.DB.Replicated() { // too new for the replica
		if newest, err := s.DB.Stories(mysql.FromWriter(ctx), missing); err == nil {
			found, ctx = newest, mysql.FromWriter(ctx)
		}
	}
	for _, story := range found {
		if card := at[story.ID]; story.Deleted {
			card.Deleted = true
		} else {
			card.JSON = string(story.AppendJSON(nil))
		}
	}
	if s.told() {
		cacheFailed("fill stories", s.Cache.FillStories(ctx, found, s.source(ctx)))
	}
	return nil
}

func (s *Service) completeCounts(ctx context.Context, reader app.ID, missing []app.ID, at map[app.ID]*redis.Card) error {
	figures, err := s.figures(ctx, missing)
	if err != nil {
		return err
	}
	for story, f := range figures {
		counts := f.Counts()
		at[story].Counts = string(counts.AppendJSON(nil))
		at[story].Mine = f.Reactions[reader]
	}
	if s.told() {
		cacheFailed("fill counts", s.Cache.FillCounts(ctx, figures, s.source(ctx)))
	}
	return nil
}

// source is where reads with ctx go.
func (s *Service) source(ctx context.Context) redis.Source {
	if s.DB.ReadsWriter(ctx) {
		return redis.Writer
	}
	return redis.Replica
}

func (s *Service) figures(ctx context.Context, ids []app.ID) (map[app.ID]redis.Figures, error) {
	reactions, err := s.DB.Reactions(ctx, ids)
	if err != nil {
		return nil, err
	}
	comments, err := s.DB.CommentCounts(ctx, ids)
	if err != nil {
		return nil, err
	}
	figures := make(map[app.ID]redis.Figures, len(ids))
	for _, id := range ids {
		figures[id] = redis.Figures{Reactions: reactions[id], Comments: comments[id]}
	}
	return figures, nil
}

package feed

import (
	"context"
	"encoding/json"
	"errors"

	"newsfeed/app"
	"newsfeed/app/metrics"
	"newsfeed/app/mysql"
)

// Post publishes a story. With an idempotency key a repeated request returns the
// first one's story: replayed is true.
func (s *Service) Post(ctx context.Context, user app.User, draft app.Draft, key string) (story json.RawMessage, replayed bool, err error) {
	if len(key) > app.MaxIdempotency {
		return nil, false, app.Invalid("Idempotency-Key", "has %d bytes: at most %d are allowed", len(key), app.MaxIdempotency)
	}
	if err := draft.Check(); err != nil {
		return nil, false, err
	}
	if err := s.Gate.Writable(); err != nil {
		return nil, false, err
	}
	st := &app.Story{ID: s.IDs.New(), Author: user, Kind: draft.Kind, Body: draft.Body, Link: draft.Link}
	if st.Media, err = s.uploaded(ctx, user.ID, draft); err != nil {
		return nil, false, err
	}
	out := s.outgoing(message{Kind: kindFanout, Story: &st.ID, User: &user.ID})
	earlier, err := s.DB.Post(ctx, st, mysql.Idempotency{Key: key, Digest: draft.Digest()}, out)
	if err != nil {
		return nil, false, err
	}
	if !earlier.IsZero() {
		story, err = s.Story(mysql.FromWriter(ctx), user, earlier)
		return story, true, err
	}
	s.Metrics.Add(metrics.StoriesPosted, 1)
	s.active.note(user.ID)
	s.committed(ctx, user.ID, out)
	return app.AppendMine((&app.Counts{}).AppendJSON(st.AppendJSON(nil)), ""), false, nil
}

// Story returns one story as JSON, if it is the user's own or a friend's.
func (s *Service) Story(ctx context.Context, user app.User, id app.ID) (json.RawMessage, error) {
	ctx = s.fresh(ctx, user.ID)
	if _, err := s.visible(ctx, user, id); err != nil {
		if errors.Is(err, app.ErrDependency) {
			return s.cached(ctx, user.ID, id, err)
		}
		return nil, err
	}
	found, err := s.stories(ctx, user.ID, []app.ID{id}, nil)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, app.NotFound("story")
	}
	return found[0], nil
}

// cached returns a story without the database, which is absent: the cache must
// have it whole, and show that the user may see it.
func (s *Service) cached(ctx context.Context, user, id app.ID, absent error) (json.RawMessage, error) {
	if !s.told() {
		return nil, absent
	}
	gone, err := s.Cache.GoneSet(ctx, user)
	if err != nil {
		return nil, absent
	}
	cards, err := s.Cache.Cards(ctx, []app.ID{id}, user)
	if err != nil || !cards[0].Deleted && (cards[0].JSON == "" || cards[0].Counts == "") {
		return nil, absent
	}
	if authorOf(cards[0].JSON) != user && !s.inFeed(ctx, user, id) {
		return nil, absent
	}
	if found := show(cards, gone); len(found) == 1 {
		return found[0], nil
	}
	return nil, app.NotFound("story")
}

// inFeed says whether the user's cached feed has the story: it is a friend's.
func (s *Service) inFeed(ctx context.Context, user, id app.ID) bool {
	epoch, _ := s.Gate.Fed()
	slice, err := s.Cache.At(ctx, user, id)
	return err == nil && slice.Complete && slice.Epoch == epoch && len(slice.IDs) == 1
}

// visible returns the story when the user may see it.
func (s *Service) visible(ctx context.Context, user app.User, id app.ID) (*app.Story, error) {
	found, err := s.DB.Stories(ctx, []app.ID{id})
	if err == nil && len(found) == 0 && s.DB.Replicated() {
		found, err = s.DB.Stories(mysql.FromWriter(ctx), []app.ID{id})
	}
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].Deleted {
		return nil, app.NotFound("story")
	}
	if found[0].Author.ID == user.ID {
		return found[0], nil
	}
	friends, err := s.DB.AreFriends(ctx, user.ID, found[0].Author.ID)
	if err == nil && !friends {
		err = app.NotFound("story")
	}
	return found[0], err
}

// Delete removes the user's own story from every feed. The tombstone comes
// first: no reader fills the cache with what is about to go.
func (s *Service) Delete(ctx context.Context, user app.User, id app.ID) error {
	if err := s.Gate.Writable(); err != nil {
		return err
	}
	found, err := s.DB.Stories(mysql.FromWriter(ctx), []app.ID{id})
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Author.ID != user.ID || found[0].Deleted {
		return app.NotFound("story")
	}
	cacheFailed("bury", s.Cache.Bury(ctx, id))
	out := s.outgoing(message{Kind: kindDeleted, Story: &id})
	if err := s.DB.DeleteStory(ctx, id, user.ID, s.Now(), out); err != nil {
		cacheFailed("unbury", s.Cache.Unbury(context.WithoutCancel(ctx), id))
		return err
	}
	s.committed(ctx, user.ID, out)
	return nil
}

// warm caches a story before it is in anybody's feed, so that its first readers
// don't all ask the database. ctx reads from the writer. The fan-out may be late,
// or run again: the figures need not be zero.
func (s *Service) warm(ctx context.Context, story *app.Story) error {
	figures, err := s.figures(ctx, []app.ID{story.ID})
	if err != nil {
		return err
	}
	return errors.Join(s.Cache.FillStories(ctx, []*app.Story{story}, s.source(ctx)), s.Cache.FillCounts(ctx, figures, s.source(ctx)))
}

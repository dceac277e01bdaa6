package feed

import (
	"context"
	"fmt"
	"time"

	"newsfeed/app"
	"newsfeed/app/mysql"
)

// wantRebuild has a worker build the user's feed, unless one is at it.
func (s *Service) wantRebuild(ctx context.Context, user app.ID) {
	claimed, err := s.Cache.ClaimRebuild(ctx, user)
	if err != nil || !claimed {
		cacheFailed("claim rebuild", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := s.Queue.Send(ctx, 0, message{Kind: kindRebuild, User: &user}.encode()); err != nil {
		cacheFailed("release rebuild", s.Cache.ReleaseRebuild(ctx, user))
	}
}

// Rebuild builds the user's cached feed from the database, without losing what
// fan-out adds meanwhile: first the feed exists, marked as being built, then
// the database is asked, then what it holds is added and the floor set.
func (s *Service) Rebuild(ctx context.Context, user app.ID) error {
	epoch, fed := s.Gate.Fed()
	if !fed {
		return nil // nobody would add new stories to it
	}
	build, err := s.Cache.Begin(ctx, user)
	if err != nil {
		return err
	}
	if ctx = s.fresh(ctx, user); s.DB.Lagging() {
		ctx = mysql.FromWriter(ctx)
	}
	ids, floor, err := s.top(ctx, user)
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	if err := build.Finish(ctx, epoch, floor, ids); err != nil {
		return err
	}
	return s.Cache.ReleaseRebuild(ctx, user)
}

// top returns the newest stories in the user's feed, as many as the cache holds,
// and the floor above which they are all. It asks for one more: without that,
// there is none further back and the floor is the beginning of time.
func (s *Service) top(ctx context.Context, user app.ID) (ids []app.ID, floor app.ID, err error) {
	friends, err := s.DB.FriendCount(mysql.FromWriter(ctx), user)
	if err != nil || friends == 0 {
		return nil, app.Zero, err
	}
	if ids, floor, err = s.back(ctx, s.ofFriends(user), friends, app.Last, app.FeedCap+1); err != nil {
		return nil, app.Zero, err
	}
	if len(ids) > app.FeedCap {
		ids = ids[:app.FeedCap]
		return ids, ids[len(ids)-1], nil
	}
	return ids, floor, nil
}

package feed

import (
	"context"
	"time"

	"newsfeed/app"
	"newsfeed/app/mysql"
)

// React sets the user's reaction to a story; kind "" takes it back.
func (s *Service) React(ctx context.Context, user app.User, story app.ID, kind string) error {
	if err := s.Gate.Writable(); err != nil {
		return err
	}
	if _, err := s.visible(s.fresh(ctx, user.ID), user, story); err != nil {
		return err
	}
	if _, err := s.DB.React(ctx, story, user.ID, kind); err != nil {
		return err
	}
	s.figuresChanged(ctx, story, s.reacted(ctx, story, user.ID, kind))
	s.wrote(ctx, user.ID)
	return nil
}

// reacted tells the cache. Of two requests at once by the same user the cache may
// have heard in the other order than the database: whoever then finds another
// reaction in the database than its own has the cache forget the story's figures.
func (s *Service) reacted(ctx context.Context, story, user app.ID, kind string) error {
	if err := s.Cache.React(ctx, story, user, kind); err != nil {
		return err
	}
	if now, err := s.DB.Reaction(mysql.FromWriter(ctx), story, user); err != nil || now != kind {
		return s.Cache.ForgetCounts(ctx, story)
	}
	return nil
}

// Comment adds a comment to a story.
func (s *Service) Comment(ctx context.Context, user app.User, story app.ID, body string) (app.Comment, error) {
	if err := app.CheckComment(body); err != nil {
		return app.Comment{}, err
	}
	if err := s.Gate.Writable(); err != nil {
		return app.Comment{}, err
	}
	if _, err := s.visible(s.fresh(ctx, user.ID), user, story); err != nil {
		return app.Comment{}, err
	}
	c := app.Comment{ID: s.IDs.New(), Author: user, Body: body}
	if err := s.DB.AddComment(ctx, story, c); err != nil {
		return app.Comment{}, err
	}
	s.figuresChanged(ctx, story, s.Cache.Commented(ctx, story, 1))
	s.wrote(ctx, user.ID)
	return c, nil
}

// figuresChanged follows up when the cache could not be told of a change: it may
// come back with old figures, so a worker drops them then.
func (s *Service) figuresChanged(ctx context.Context, story app.ID, err error) {
	if err == nil {
		return
	}
	cacheFailed("figures", err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	cacheFailed("figures", s.Queue.Send(ctx, 0, message{Kind: kindFigures, Story: &story}.encode()))
}

// Comments lists comments with IDs above after, oldest first.
func (s *Service) Comments(ctx context.Context, user app.User, story, after app.ID, limit int) ([]app.Comment, error) {
	ctx = s.fresh(ctx, user.ID)
	if _, err := s.visible(ctx, user, story); err != nil {
		return nil, err
	}
	return s.DB.Comments(ctx, story, after, limit)
}

package feed

import (
	"context"

	"newsfeed/app"
	"newsfeed/app/mysql"
)

// RequestFriend asks another user to be friends. If that user has asked already,
// they are friends at once, and accepted is true.
func (s *Service) RequestFriend(ctx context.Context, user app.User, other app.User) (to app.User, accepted bool, err error) {
	if err := s.Gate.Writable(); err != nil {
		return to, false, err
	}
	if other.ID.IsZero() {
		to, _, err = s.DB.UserByName(mysql.FromWriter(ctx), other.Name)
	} else {
		to, err = s.DB.User(mysql.FromWriter(ctx), other.ID)
	}
	if err != nil {
		return to, false, err
	}
	if to.ID == user.ID {
		return to, false, app.Invalid("name", "is your own")
	}
	out := s.backfills(user.ID, to.ID)
	if accepted, err = s.DB.RequestFriend(ctx, user.ID, to.ID, out...); err != nil {
		return to, false, err
	}
	if !accepted {
		out = nil
	}
	s.befriended(ctx, accepted, user.ID, to.ID)
	s.committed(ctx, user.ID, out...)
	return to, accepted, nil
}

// AcceptFriend makes friends with who asked.
func (s *Service) AcceptFriend(ctx context.Context, user app.User, from app.ID) error {
	if err := s.Gate.Writable(); err != nil {
		return err
	}
	out := s.backfills(user.ID, from)
	if err := s.DB.AcceptFriend(ctx, user.ID, from, out...); err != nil {
		return err
	}
	s.befriended(ctx, true, user.ID, from)
	s.committed(ctx, user.ID, out...)
	return nil
}

// backfills are the messages that bring each one's stories into the other's feed.
func (s *Service) backfills(a, b app.ID) []mysql.Outgoing {
	return []mysql.Outgoing{
		s.outgoing(message{Kind: kindBackfill, User: &a, Other: &b}),
		s.outgoing(message{Kind: kindBackfill, User: &b, Other: &a}),
	}
}

func (s *Service) befriended(ctx context.Context, accepted bool, a, b app.ID) {
	if accepted {
		cacheFailed("back", s.Cache.Back(ctx, a, b))
		cacheFailed("back", s.Cache.Back(ctx, b, a))
		s.wrote(ctx, a, b)
	}
}

// Unfriend ends a friendship, or withdraws or declines a request. Each one's
// stories disappear from the other's feed at once.
func (s *Service) Unfriend(ctx context.Context, user app.User, other app.ID) error {
	if err := s.Gate.Writable(); err != nil {
		return err
	}
	a, b := user.ID, other
	out := []mysql.Outgoing{
		s.outgoing(message{Kind: kindUnfriend, User: &a, Other: &b}),
		s.outgoing(message{Kind: kindUnfriend, User: &b, Other: &a}),
	}
	if err := s.DB.Unfriend(ctx, a, b, out...); err != nil {
		return err
	}
	cacheFailed("gone", s.Cache.Gone(ctx, a, b))
	cacheFailed("gone", s.Cache.Gone(ctx, b, a))
	s.wrote(ctx, b)
	s.committed(ctx, a, out...)
	return nil
}

// Friends lists friends with IDs above after, in order.
func (s *Service) Friends(ctx context.Context, user app.User, after app.ID, limit int) ([]app.User, error) {
	return s.DB.Friends(s.fresh(ctx, user.ID), user.ID, after, limit)
}

// FriendRequests lists who waits for the user's answer, with IDs above after.
func (s *Service) FriendRequests(ctx context.Context, user app.User, after app.ID, limit int) ([]app.User, error) {
	return s.DB.FriendRequests(s.fresh(ctx, user.ID), user.ID, after, limit)
}

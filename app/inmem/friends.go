package inmem

import (
	"context"
	"slices"

	"newsfeed/app"
)

// RequestFriend asks another user to be friends, or accepts that user's request.
func (s *Store) RequestFriend(_ context.Context, me, other app.User) (app.User, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := s.users[other.ID]
	if other.ID.IsZero() {
		to = s.names[app.NameKey(other.Name)]
	}
	switch {
	case to == nil:
		return app.User{}, false, app.NotFound("user")
	case to.ID == me.ID:
		return app.User{}, false, app.Invalid("name", "is your own")
	case to.friends[me.ID]:
		return app.User{}, false, app.Conflict("you are friends already")
	case s.users[me.ID].asked[to.ID]:
		return to.User, true, s.befriend(s.users[me.ID], to)
	case len(to.asked) >= app.MaxRequests && !to.asked[me.ID]:
		return app.User{}, false, &app.Error{Code: app.CodeLimit, Detail: "too many requests wait for that user: try again another day"}
	}
	to.asked[me.ID] = true
	return to.User, false, nil
}

// AcceptFriend makes friends with who asked.
func (s *Store) AcceptFriend(_ context.Context, me app.User, from app.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[me.ID]
	if !u.asked[from] {
		if u.friends[from] {
			return nil
		}
		return app.NotFound("friend request")
	}
	return s.befriend(u, s.users[from])
}

func (s *Store) befriend(a, b *user) error {
	if len(a.friends) >= app.MaxFriends || len(b.friends) >= app.MaxFriends {
		return &app.Error{Code: app.CodeLimit, Detail: "one of you has 5,000 friends already: that is the most"}
	}
	a.friends[b.ID], b.friends[a.ID] = true, true
	delete(a.asked, b.ID)
	delete(b.asked, a.ID)
	return nil
}

// Unfriend ends a friendship, or withdraws or declines a request.
func (s *Store) Unfriend(_ context.Context, me app.User, other app.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.users[me.ID], s.users[other]
	if b == nil || !a.friends[other] && !a.asked[other] && !b.asked[me.ID] {
		return app.NotFound("friend or request")
	}
	for _, set := range []map[app.ID]bool{a.friends, a.asked} {
		delete(set, other)
	}
	for _, set := range []map[app.ID]bool{b.friends, b.asked} {
		delete(set, me.ID)
	}
	return nil
}

// Friends lists friends with IDs above after, in order.
func (s *Store) Friends(_ context.Context, me app.User, after app.ID, limit int) ([]app.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list(s.users[me.ID].friends, after, limit), nil
}

// FriendRequests lists who waits for the user's answer, with IDs above after.
func (s *Store) FriendRequests(_ context.Context, me app.User, after app.ID, limit int) ([]app.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list(s.users[me.ID].asked, after, limit), nil
}

func (s *Store) list(set map[app.ID]bool, after app.ID, limit int) (users []app.User) {
	for id := range set {
		if id.Compare(after) > 0 {
			users = append(users, s.users[id].User)
		}
	}
	slices.SortFunc(users, func(a, b app.User) int { return a.ID.Compare(b.ID) })
	return users[:min(limit, len(users))]
}

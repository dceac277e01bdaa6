package http

import (
	"net/http"

	"newsfeed/app"
)

func (s *Server) requestFriend(w http.ResponseWriter, r *http.Request, user app.User) error {
	var in struct {
		Name string  `json:"name"`
		ID   *app.ID `json:"user_id"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	other := app.User{Name: in.Name}
	switch {
	case in.ID != nil && in.Name != "":
		return app.Invalid("name", "and user_id are both given: give one")
	case in.ID != nil:
		other.ID = *in.ID
	default:
		if err := app.CheckName(in.Name); err != nil {
			return err
		}
	}
	to, accepted, err := s.backend.RequestFriend(r.Context(), user, other)
	if err != nil {
		return err
	}
	status := "pending"
	if accepted {
		status = "accepted"
	}
	return reply(w, http.StatusCreated, map[string]any{"user": to, "status": status})
}

type userList struct {
	Users []app.User `json:"users"`
	Next  *string    `json:"next_cursor"`
}

func (s *Server) friendRequests(w http.ResponseWriter, r *http.Request, user app.User) error {
	return s.list(w, r, func(after app.ID, limit int) ([]app.User, error) {
		return s.backend.FriendRequests(r.Context(), user, after, limit)
	})
}

func (s *Server) friends(w http.ResponseWriter, r *http.Request, user app.User) error {
	return s.list(w, r, func(after app.ID, limit int) ([]app.User, error) {
		return s.backend.Friends(r.Context(), user, after, limit)
	})
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, get func(after app.ID, limit int) ([]app.User, error)) error {
	n, err := limit(r, 100, app.MaxFriendsPage)
	if err != nil {
		return err
	}
	from, err := after(r)
	if err != nil {
		return err
	}
	users, err := get(from, n+1)
	if err != nil {
		return err
	}
	list := userList{Users: users[:min(n, len(users))]}
	if len(users) == 0 {
		list.Users = []app.User{}
	}
	if len(users) > n {
		list.Next = next(users[n-1].ID)
	}
	return reply(w, http.StatusOK, list)
}

func (s *Server) acceptFriend(w http.ResponseWriter, r *http.Request, user app.User) error {
	from, err := pathID(r, "user", "friend request")
	if err != nil {
		return err
	}
	if err := s.backend.AcceptFriend(r.Context(), user, from); err != nil {
		return err
	}
	return noContent(w)
}

func (s *Server) unfriend(w http.ResponseWriter, r *http.Request, user app.User) error {
	other, err := pathID(r, "user", "friend")
	if err != nil {
		return err
	}
	if err := s.backend.Unfriend(r.Context(), user, other); err != nil {
		return err
	}
	return noContent(w)
}

package http

import (
	"net/http"

	"newsfeed/app"
)

func (s *Server) react(w http.ResponseWriter, r *http.Request, user app.User) error {
	id, err := pathID(r, "story", "story")
	if err != nil {
		return err
	}
	var in struct {
		Kind string `json:"kind"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := app.CheckReaction(in.Kind); err != nil {
		return err
	}
	if err := s.backend.React(r.Context(), user, id, in.Kind); err != nil {
		return err
	}
	return noContent(w)
}

func (s *Server) unreact(w http.ResponseWriter, r *http.Request, user app.User) error {
	id, err := pathID(r, "story", "story")
	if err != nil {
		return err
	}
	if err := s.backend.React(r.Context(), user, id, ""); err != nil {
		return err
	}
	return noContent(w)
}

func (s *Server) comment(w http.ResponseWriter, r *http.Request, user app.User) error {
	id, err := pathID(r, "story", "story")
	if err != nil {
		return err
	}
	var in struct {
		Body string `json:"body"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	comment, err := s.backend.Comment(r.Context(), user, id, in.Body)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, comment)
}

func (s *Server) comments(w http.ResponseWriter, r *http.Request, user app.User) error {
	id, err := pathID(r, "story", "story")
	if err != nil {
		return err
	}
	n, err := limit(r, app.DefaultPage, app.MaxPage)
	if err != nil {
		return err
	}
	from, err := after(r)
	if err != nil {
		return err
	}
	found, err := s.backend.Comments(r.Context(), user, id, from, n+1)
	if err != nil {
		return err
	}
	var cursor *string
	if len(found) > n {
		found = found[:n]
		cursor = next(found[n-1].ID)
	}
	if found == nil {
		found = []app.Comment{}
	}
	return reply(w, http.StatusOK, map[string]any{"comments": found, "next_cursor": cursor})
}

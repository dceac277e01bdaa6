package http

import (
	"net/http"
	"strconv"

	"newsfeed/app"
)

func (s *Server) upload(w http.ResponseWriter, r *http.Request, user app.User) error {
	var file app.File
	if err := decode(w, r, &file); err != nil {
		return err
	}
	ticket, err := s.backend.Upload(r.Context(), user, file)
	if err != nil {
		return err
	}
	return reply(w, http.StatusCreated, ticket)
}

// media sends the client on to the file, which only who may see the story gets.
func (s *Server) media(w http.ResponseWriter, r *http.Request, user app.User) error {
	id, err := pathID(r, "story", "story")
	if err != nil {
		return err
	}
	idx, err := strconv.Atoi(r.PathValue("idx"))
	if err != nil {
		return app.NotFound("media file")
	}
	url, err := s.backend.Media(r.Context(), user, id, idx)
	if err != nil {
		return err
	}
	w.Header().Set("Location", url)
	w.Header().Set("Cache-Control", "private, max-age=300") // shorter than the address is good for
	w.WriteHeader(http.StatusFound)
	return nil
}

func (s *Server) marker(w http.ResponseWriter, r *http.Request, user app.User) error {
	var since app.ID
	if v := r.URL.Query().Get("since"); v != "" {
		if err := since.UnmarshalText([]byte(v)); err != nil {
			return app.Invalid("since", "is not the identifier of a story")
		}
	}
	marker, newer, err := s.backend.Marker(r.Context(), user, since)
	if err != nil {
		return err
	}
	out := struct {
		Story *app.ID `json:"story_id"`
		New   int     `json:"new"`
	}{New: newer}
	if !marker.IsZero() {
		out.Story = &marker
	}
	return reply(w, http.StatusOK, out)
}

func (s *Server) setMarker(w http.ResponseWriter, r *http.Request, user app.User) error {
	var in struct {
		Story *app.ID `json:"story_id"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Story == nil || in.Story.IsZero() {
		return app.Invalid("story_id", "is missing")
	}
	if err := s.backend.SetMarker(r.Context(), user, *in.Story); err != nil {
		return err
	}
	return noContent(w)
}

package http

import (
	"errors"
	"net/http"

	"newsfeed/app"
)

func (s *Server) post(w http.ResponseWriter, r *http.Request, user app.User) error {
	var draft app.Draft
	if err := decode(w, r, &draft); err != nil {
		return err
	}
	story, replayed, err := s.backend.Post(r.Context(), user, draft, r.Header.Get("Idempotency-Key"))
	if err != nil {
		return err
	}
	if replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	return reply(w, http.StatusCreated, story)
}

func (s *Server) story(w http.ResponseWriter, r *http.Request, user app.User) error {
	id, err := pathID(r, "story", "story")
	if err != nil {
		return err
	}
	story, err := s.backend.Story(r.Context(), user, id)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, story)
}

func (s *Server) deleteStory(w http.ResponseWriter, r *http.Request, user app.User) error {
	id, err := pathID(r, "story", "story")
	if err != nil {
		return err
	}
	if err := s.backend.Delete(r.Context(), user, id); err != nil {
		return err
	}
	return noContent(w)
}

func (s *Server) feed(w http.ResponseWriter, r *http.Request) error {
	token, err := tokenOf(r)
	if err != nil {
		return err
	}
	q, err := query(r)
	if err != nil {
		return err
	}
	page, err := s.backend.Feed(r.Context(), token, q)
	if !errors.Is(err, app.ErrUnauthenticated) {
		isFrom(r, token.User())
	}
	if err != nil {
		return err
	}
	return replyPage(w, page)
}

func (s *Server) mine(w http.ResponseWriter, r *http.Request, user app.User) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	page, err := s.backend.Mine(r.Context(), user, q)
	if err != nil {
		return err
	}
	return replyPage(w, page)
}

// query reads which page of stories is asked for.
func query(r *http.Request) (q app.Query, err error) {
	if q.Limit, err = limit(r, app.DefaultPage, app.MaxPage); err != nil {
		return q, err
	}
	q.Cursor, err = app.ParseCursor(r.URL.Query().Get("cursor"))
	return q, err
}

// replyPage splices the stories, which are JSON already, into the answer.
func replyPage(w http.ResponseWriter, page app.Page) error {
	size := 64
	for _, s := range page.Stories {
		size += len(s) + 1
	}
	b := make([]byte, 0, size)
	b = append(b, `{"stories":[`...)
	for i, s := range page.Stories {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, s...)
	}
	b = append(b, `],"next_cursor":`...)
	if page.Next.At.IsZero() {
		b = append(b, "null}"...)
	} else {
		b = append(b, '"')
		b = append(b, page.Next.String()...)
		b = append(b, `"}`...)
	}
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Cache-Control"] = noStore
	w.Write(b)
	return nil
}

var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
)

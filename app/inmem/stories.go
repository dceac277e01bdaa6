package inmem

import (
	"context"
	"encoding/json"
	"slices"

	"newsfeed/app"
)

// Post publishes a story.
func (s *Store) Post(_ context.Context, me app.User, draft app.Draft, key string) (json.RawMessage, bool, error) {
	if len(key) > app.MaxIdempotency {
		return nil, false, app.Invalid("Idempotency-Key", "has %d bytes: at most %d are allowed", len(key), app.MaxIdempotency)
	}
	if err := draft.Check(); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.keys[idempotency{me.ID, key}]; ok && key != "" {
		if before.digest != draft.Digest() {
			return nil, false, app.Conflict("this Idempotency-Key was used with another story: use a new key")
		}
		raw, err := s.story(me, before.story)
		return raw, true, err
	}
	st := &story{Story: app.Story{Author: me, Kind: draft.Kind, Body: draft.Body, Link: draft.Link}, reactions: map[app.ID]string{}}
	var err error
	if st.Media, err = s.uploaded(me.ID, draft); err != nil {
		return nil, false, err
	}
	st.ID = s.NewID()
	at, _ := slices.BinarySearchFunc(s.stories, st.ID, func(x *story, id app.ID) int { return x.ID.Compare(id) })
	s.stories = slices.Insert(s.stories, at, st)
	s.byID[st.ID] = st
	if key != "" {
		s.keys[idempotency{me.ID, key}] = earlier{draft.Digest(), st.ID}
	}
	return st.render(me.ID), false, nil
}

func (st *story) render(reader app.ID) json.RawMessage {
	counts := app.Counts{Comments: int64(len(st.comments))}
	for _, kind := range st.reactions {
		counts.Reactions[slices.Index(app.Reactions, kind)]++
	}
	return app.AppendMine(counts.AppendJSON(st.AppendJSON(nil)), st.reactions[reader])
}

// visible returns the story if me may see it.
func (s *Store) visible(me app.User, id app.ID) (*story, error) {
	st := s.byID[id]
	if st == nil || st.Deleted || (st.Author.ID != me.ID && !s.users[me.ID].friends[st.Author.ID]) {
		return nil, app.NotFound("story")
	}
	return st, nil
}

func (s *Store) story(me app.User, id app.ID) (json.RawMessage, error) {
	st, err := s.visible(me, id)
	if err != nil {
		return nil, err
	}
	return st.render(me.ID), nil
}

// Story returns one story, if it is the user's own or a friend's.
func (s *Store) Story(_ context.Context, me app.User, id app.ID) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.story(me, id)
}

// Delete removes the user's own story.
func (s *Store) Delete(_ context.Context, me app.User, id app.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.byID[id]
	if st == nil || st.Deleted || st.Author.ID != me.ID {
		return app.NotFound("story")
	}
	st.Deleted = true
	return nil
}

// Feed returns one page of the feed of the token's user.
func (s *Store) Feed(_ context.Context, token app.Token, q app.Query) (app.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.authenticate(token, "r")
	if err != nil {
		return app.Page{}, err
	}
	return s.page(u, u.friends, q), nil
}

// Mine returns one page of the user's own stories.
func (s *Store) Mine(_ context.Context, me app.User, q app.Query) (app.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page(s.users[me.ID], map[app.ID]bool{me.ID: true}, q), nil
}

func (s *Store) page(reader *user, authors map[app.ID]bool, q app.Query) app.Page {
	page := app.Page{Stories: []json.RawMessage{}}
	var last app.ID
	for st := range s.below(authors, q.Cursor.Below()) {
		if len(page.Stories) == q.Limit {
			page.Next.At = last
			break
		}
		page.Stories = append(page.Stories, st.render(reader.ID))
		last = st.ID
	}
	return page
}

// below yields the authors' stories under a bound, newest first.
func (s *Store) below(authors map[app.ID]bool, bound app.ID) func(func(*story) bool) {
	return func(yield func(*story) bool) {
		for _, st := range slices.Backward(s.stories) {
			if !st.Deleted && authors[st.Author.ID] && st.ID.Compare(bound) < 0 && !yield(st) {
				return
			}
		}
	}
}

// Marker returns the newest story that the user has seen, and how many are newer
// than since (Zero: than the marker).
func (s *Store) Marker(_ context.Context, me app.User, since app.ID) (marker app.ID, newer int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[me.ID]
	if since.IsZero() {
		since = u.marker
	}
	for st := range s.below(u.friends, app.Last) {
		if st.ID.Compare(since) <= 0 || newer == app.MaxNew {
			break
		}
		newer++
	}
	return u.marker, newer, nil
}

// SetMarker moves the user's marker forward.
func (s *Store) SetMarker(_ context.Context, me app.User, id app.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[me.ID]; id.Compare(u.marker) > 0 {
		u.marker = id
	}
	return nil
}

// React sets the user's reaction to a story; kind "" takes it back.
func (s *Store) React(_ context.Context, me app.User, id app.ID, kind string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.visible(me, id)
	if err != nil {
		return err
	}
	if kind == "" {
		delete(st.reactions, me.ID)
		return nil
	}
	if err := app.CheckReaction(kind); err != nil {
		return err
	}
	st.reactions[me.ID] = kind
	return nil
}

// Comment adds a comment to a story.
func (s *Store) Comment(_ context.Context, me app.User, id app.ID, body string) (app.Comment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.visible(me, id)
	if err != nil {
		return app.Comment{}, err
	}
	if err := app.CheckComment(body); err != nil {
		return app.Comment{}, err
	}
	c := app.Comment{ID: s.NewID(), Author: me, Body: body}
	st.comments = append(st.comments, c)
	return c, nil
}

// Comments lists comments with IDs above after, oldest first.
func (s *Store) Comments(_ context.Context, me app.User, id, after app.ID, limit int) (out []app.Comment, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.visible(me, id)
	if err != nil {
		return nil, err
	}
	for _, c := range st.comments {
		if c.ID.Compare(after) > 0 && len(out) < limit {
			out = append(out, c)
		}
	}
	return out, nil
}

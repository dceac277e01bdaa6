package feed

import (
	"context"
	"encoding/json"

	"newsfeed/app"
)

// Mine returns one page of the user's own stories, newest first. They are in no
// cached feed: the index by author answers.
func (s *Service) Mine(ctx context.Context, user app.User, q app.Query) (page app.Page, err error) {
	ctx = s.fresh(ctx, user.ID)
	ids, exhausted, err := s.search(ctx, s.by(user.ID), 1, q.Cursor.Below(), q.Limit+1)
	if err != nil {
		return page, err
	}
	if len(ids) > q.Limit {
		ids, exhausted = ids[:q.Limit], false
	}
	if !exhausted && len(ids) > 0 {
		page.Next.At = ids[len(ids)-1]
	}
	page.Stories, err = s.stories(ctx, user.ID, ids, nil)
	if page.Stories == nil {
		page.Stories = []json.RawMessage{}
	}
	return page, err
}

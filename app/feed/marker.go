package feed

import (
	"context"

	"newsfeed/app"
)

// Marker returns the newest story that the user has seen, and how many are newer
// than since (Zero: than the marker), up to app.MaxNew.
func (s *Service) Marker(ctx context.Context, user app.User, since app.ID) (marker app.ID, newer int, err error) {
	if marker, err = s.DB.Marker(s.fresh(ctx, user.ID), user.ID); err != nil {
		return marker, 0, err
	}
	if since.IsZero() {
		since = marker
	}
	epoch, fed := s.Gate.Fed()
	slice, err := s.Cache.Range(ctx, user.ID, app.Last, app.MaxNew)
	p := &pager{service: s, user: user.ID, limit: app.MaxNew}
	defer p.release()
	ids := slice.IDs
	if err != nil || !fed || !slice.Complete || slice.Epoch != epoch {
		if ids, _, err = p.older(ctx, app.Last, app.MaxNew); err != nil {
			return marker, 0, err
		}
	}
	return marker, s.countNewer(ctx, user.ID, ids, since), nil
}

// countNewer counts the stories above since that the user would be shown.
func (s *Service) countNewer(ctx context.Context, user app.ID, ids []app.ID, since app.ID) int {
	n := 0
	for n < len(ids) && ids[n].Compare(since) > 0 {
		n++
	}
	if n == 0 || n > app.DefaultPage {
		return n // far behind, the exact number tells nobody anything
	}
	gone, err := s.Cache.GoneSet(ctx, user)
	if err != nil {
		return n
	}
	shown, err := s.stories(ctx, user, ids[:n], gone)
	if err != nil {
		return n
	}
	return len(shown)
}

// SetMarker moves the user's marker forward.
func (s *Service) SetMarker(ctx context.Context, user app.User, story app.ID) error {
	if err := s.Gate.Writable(); err != nil {
		return err
	}
	if err := s.DB.SetMarker(ctx, user.ID, story); err != nil {
		return err
	}
	s.wrote(ctx, user.ID)
	return nil
}

package feed

import (
	"context"
	"log/slog"
	"time"

	"newsfeed/app"
	"newsfeed/app/mysql"
)

// source finds the newest stories of some set of authors between two bounds.
type source func(ctx context.Context, from, below app.ID, n int) ([]app.ID, error)

func (s *Service) ofFriends(user app.ID) source {
	return func(ctx context.Context, from, below app.ID, n int) ([]app.ID, error) {
		return s.DB.RecentOfFriends(ctx, user, from, below, n)
	}
}

func (s *Service) by(author app.ID) source {
	return func(ctx context.Context, from, below app.ID, n int) ([]app.ID, error) {
		return s.DB.RecentBy(ctx, author, from, below, n)
	}
}

const day = 24 * time.Hour

// farthest is the last step of a search before it looks at everything.
const farthest = 90 * day

// windows are how far back a search goes, step by step. The first would hold n
// stories and an eighth more if each author posted once a day; each step looks
// only at the partitions of its own time.
func windows(authors, n int) (steps []time.Duration) {
	first := day * time.Duration(n+n/8) / time.Duration(max(authors, 1))
	for w := max(first, time.Hour); w < farthest; w *= 4 {
		steps = append(steps, w)
	}
	return append(steps, farthest)
}

// clockSkew is how far ahead the clock of another instance may be. Searches
// begin there, and so not in the partitions that are made ahead.
const clockSkew = 2 * time.Hour

// search returns the n newest stories below a bound; exhausted says that there
// are no more than these, back to the very first.
func (s *Service) search(ctx context.Context, in source, authors int, below app.ID, n int) (ids []app.ID, exhausted bool, err error) {
	if authors == 0 {
		return nil, true, nil
	}
	ids, floor, err := s.back(ctx, in, authors, below, n)
	return ids, floor.IsZero() && len(ids) < n, err
}

// back is search that tells how far it went: ids are all there are from floor to
// below, or n of them.
func (s *Service) back(ctx context.Context, in source, authors int, below app.ID, n int) (ids []app.ID, floor app.ID, err error) {
	start := s.Now()
	if at := below.Time(); at.Before(start) {
		start = at
	} else if top := app.FirstID(start.Add(clockSkew)); below.Compare(top) > 0 {
		below = top
	}
	steps := windows(authors, n)
	for i := 0; i <= len(steps) && len(ids) < n; i++ {
		floor = app.Zero
		if i < len(steps) {
			floor = app.FirstID(start.Add(-steps[i]))
		}
		found, err := s.recent(ctx, in, floor, below, n-len(ids))
		if err != nil {
			return nil, app.Zero, err
		}
		ids, below = append(ids, found...), floor
	}
	return ids, floor, nil
}

// replicaTail is how much of the newest time is always asked of the writer.
const replicaTail = time.Minute

// recent asks the writer for the last minute and a reader for what is older, so
// that a replica that lags leaves no hole.
func (s *Service) recent(ctx context.Context, in source, from, below app.ID, n int) ([]app.ID, error) {
	tail := app.FirstID(s.Now().Add(-replicaTail))
	if !s.DB.Replicated() || below.Compare(tail) <= 0 {
		return in(ctx, from, below, n)
	}
	if from.Compare(tail) > 0 {
		tail = from
	}
	newest, err := in(mysql.FromWriter(ctx), tail, below, n)
	if err != nil { // the writer is away: what the replica has is the newest there is
		slog.Warn("feed: newest stories from the replica", "error", err)
		return in(ctx, from, below, n)
	}
	if len(newest) == n || from == tail {
		return newest, nil
	}
	older, err := in(ctx, from, tail, n-len(newest))
	return append(newest, older...), err
}

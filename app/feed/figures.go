package feed

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
)

// active collects who was active, until the cache is told.
type active struct {
	mu    sync.Mutex
	users map[app.ID]bool
}

func (a *active) note(user app.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.users == nil {
		a.users = map[app.ID]bool{}
	}
	a.users[user] = true
}

func (a *active) take() []app.ID {
	a.mu.Lock()
	defer a.mu.Unlock()
	users := slices.Collect(maps.Keys(a.users))
	a.users = nil
	return users
}

const figuresEvery = 10 * time.Second

// Report tells the cache who was active, and measures the pools, until ctx ends.
func (s *Service) Report(ctx context.Context) {
	every(ctx, figuresEvery, func() {
		if users := s.active.take(); len(users) > 0 {
			cacheFailed("active", s.Cache.Active(ctx, s.Now(), users))
		}
		inUse, waited := s.DB.Pools()
		s.Metrics.Observe(metrics.ConnectionsInUse, float64(inUse))
		s.Metrics.Observe(metrics.PoolWait, float64(max(waited-s.waited, 0).Milliseconds()))
		s.waited = waited
	})
}

// Count reports what only one process should: the active users and what waits in
// the outbox. Workers do.
func (s *Service) Count(ctx context.Context) {
	every(ctx, time.Minute, func() {
		if !s.told() {
			return
		}
		if day, month, err := s.Cache.ActiveUsers(ctx, s.Now()); err == nil {
			s.Metrics.Observe(metrics.DailyActiveUsers, float64(day))
			s.Metrics.Observe(metrics.MonthlyActiveUsers, float64(month))
		}
		if n, err := s.DB.Backlog(ctx, 10_000); err == nil {
			s.Metrics.Observe(metrics.OutboxBacklog, float64(n))
		}
	})
}

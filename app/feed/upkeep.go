package feed

import (
	"context"
	"log/slog"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
)

const (
	upkeepEvery = time.Hour
	purgeBatch  = 1000
)

// Upkeep makes partitions ahead and deletes what has expired, each hour until
// ctx ends. Only the region that writes does it; several workers may at once.
func (s *Service) Upkeep(ctx context.Context) {
	every(ctx, upkeepEvery, func() {
		if _, fed := s.Gate.Fed(); !fed {
			pause(ctx, time.Second) // the lease may just not be known yet
			if _, fed = s.Gate.Fed(); !fed {
				return
			}
		}
		if err := s.UpkeepOnce(ctx); err != nil && ctx.Err() == nil {
			slog.Error("upkeep: it will run again in an hour", "error", err)
		}
	})
}

// UpkeepOnce does it once.
func (s *Service) UpkeepOnce(ctx context.Context) error {
	late, err := s.DB.PartitionAhead(ctx, s.Now())
	if err != nil {
		return err
	}
	if late {
		s.Metrics.Add(metrics.LatePartitions, 1)
		slog.Error("partitions: the last one held stories: it was split, but look why none was made ahead")
	}
	now := s.Now()
	for _, purge := range []func() (int64, error){
		func() (int64, error) { return s.DB.PurgeSessions(ctx, now, purgeBatch) },
		func() (int64, error) {
			return s.DB.PurgeIdempotency(ctx, app.FirstID(now.Add(-app.IdempotencyLife)), purgeBatch)
		},
	} {
		for {
			n, err := purge()
			if err != nil {
				return err
			}
			if n < purgeBatch {
				break
			}
		}
	}
	return nil
}

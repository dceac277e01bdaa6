package feed

import (
	"context"
	"log/slog"
	"time"

	"newsfeed/app"
	"newsfeed/app/metrics"
	"newsfeed/app/mysql"
)

const (
	sweepEvery = time.Second
	sweepAge   = 5 * time.Second
	sweepBatch = 100
	beatEvery  = time.Second
)

// Sweep sends what requests left in the outbox, again and again until ctx ends.
// Only the region that writes sweeps: in others the outbox is a replica.
func (s *Service) Sweep(ctx context.Context) {
	every(ctx, sweepEvery, func() {
		if _, fed := s.Gate.Fed(); !fed {
			return
		}
		for ctx.Err() == nil {
			n, err := s.SweepOnce(ctx, sweepAge)
			if err != nil {
				slog.Warn("outbox", "error", err)
			}
			if err != nil || n < sweepBatch {
				return
			}
		}
	})
}

// SweepOnce sends up to one batch of messages older than age.
func (s *Service) SweepOnce(ctx context.Context, age time.Duration) (int, error) {
	before := app.FirstID(s.Now().Add(-age))
	return s.DB.Sweep(ctx, before, sweepBatch, func(batch []mysql.Outgoing) error {
		return sendAll(ctx, s.Queue, batch)
	})
}

// Beat writes the heartbeat by which replicas' lag is measured, until ctx ends.
func (s *Service) Beat(ctx context.Context) {
	every(ctx, beatEvery, func() {
		if _, fed := s.Gate.Fed(); !fed {
			return
		}
		if err := s.DB.Beat(ctx, s.Now().UnixMilli()); err != nil && ctx.Err() == nil {
			slog.Warn("heartbeat", "error", err)
		}
	})
}

// lagLimit is the lag above which reads leave a replica for the writer.
const lagLimit = 5 * time.Second

// WatchLag measures each second, until ctx ends, how far readers are behind the
// writer or, where another region writes, how far this one is behind that.
func (s *Service) WatchLag(ctx context.Context) {
	every(ctx, beatEvery, func() {
		once, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		_, fed := s.Gate.Fed()
		if fed && !s.DB.Replicated() {
			return // nothing can be behind
		}
		lag, err := s.DB.Lag(once, lagLimit.Milliseconds())
		if err == nil && !fed {
			var behind int64
			behind, err = s.DB.Behind(once, s.Now())
			lag += behind
		}
		if err == nil {
			s.Metrics.Observe(metrics.ReplicaLag, float64(lag))
		} else if ctx.Err() == nil {
			slog.Warn("lag", "error", err)
		}
	})
}

// every calls f now and then each d, until ctx ends.
func every(ctx context.Context, d time.Duration, f func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

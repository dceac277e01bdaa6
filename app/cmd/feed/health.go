package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"newsfeed/app/boot"
	"newsfeed/app/redis"
	"newsfeed/app/region"
)

// needs are what must have answered once before the process takes traffic.
func (s *system) needs() []boot.Need {
	needs := []boot.Need{{Name: "database", Ready: s.db.Ready}, {Name: "schema", Ready: s.schema}, {Name: "lease", Ready: s.watcher.Known}}
	if s.databaseSecret != nil {
		needs = append(needs, boot.Need{Name: "database secret", Ready: s.databaseSecret.Ready})
	}
	if s.cacheSecret != nil {
		needs = append(needs, boot.Need{Name: "cache secret", Ready: s.cacheSecret.Ready})
	}
	if s.cacheSecret != nil || len(s.config.Cache.Addrs) > 0 {
		needs = append(needs, boot.Need{Name: "cache", Ready: s.cacheReady})
	}
	if s.config.QueueURL != "" {
		needs = append(needs, boot.Need{Name: "queue", Ready: s.queue.Ready})
	}
	return needs
}

// schema brings the schema up to date, where that is this region's to do, and
// then warms the pools: the first requests shall not wait for connections.
func (s *system) schema(ctx context.Context) error {
	if err := s.db.Prepare(ctx, s.config.Region); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	warm, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := s.db.Warm(warm); err != nil {
		slog.Warn("pools: not warmed", "error", err)
	}
	return nil
}

// cacheReady is nil too where the secret says that there is no cache.
func (s *system) cacheReady(ctx context.Context) error {
	if s.cacheSecret != nil && s.cacheSecret.Ready(ctx) != nil {
		return errors.New("cache: its secret, which says where it is, has not been read yet")
	}
	if err := s.cache.Ready(ctx); !errors.Is(err, redis.ErrAbsent) {
		return err
	}
	return nil
}

// health is how this process is.
type health struct {
	*system
	live     func() error // why its loop stands still, or nil
	draining atomic.Bool
}

func (h *health) Live() error { return h.live() }

func (h *health) Boot() boot.State { return h.boot.State() }

func (h *health) Ready() error {
	switch {
	case h.draining.Load():
		return errors.New("draining")
	case !h.boot.State().Done:
		return errors.New("starting: /healthz/boot says what for")
	}
	return h.live()
}

func (h *health) Region() region.Health { return h.watcher.Health() }

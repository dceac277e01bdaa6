package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"newsfeed/app"
	"newsfeed/app/feed"
	"newsfeed/app/metrics"
	"newsfeed/app/mysql"
	"newsfeed/app/password"
	"newsfeed/app/redis"
	"newsfeed/app/region"
	"newsfeed/app/s3"
	"newsfeed/app/sqs"
)

// system is everything that a process of the configured app is made of.
type system struct {
	config  config
	db      *mysql.DB
	cache   *redis.Cache
	queue   *sqs.Queue
	watcher *region.Watcher
	files   *s3.Store
	service *feed.Service
}

// openSystem wires the parts up. It waits for secrets only: stores that don't
// answer yet make the process unready, not fail.
func openSystem(ctx context.Context, c config) (*system, error) {
	sdk, err := loadAWS(ctx, c.Region)
	if err != nil {
		return nil, fmt.Errorf("AWS settings: %w", err)
	}
	if err := readSecrets(ctx, sdk, &c); err != nil {
		return nil, err
	}
	s := &system{config: c, queue: sqs.Open(sdk, c.QueueURL), files: s3.Open(sdk, c.MediaBucket)}
	if s.db, err = mysql.Open(c.Database); err != nil {
		return nil, err
	}
	if len(c.Cache.Addrs) == 0 {
		s.cache = redis.None()
	} else {
		s.cache = redis.Open(c.Cache)
	}
	s.watcher = &region.Watcher{
		Region: c.Region, Forward: c.Forward, Leases: s.db, PeerURL: c.PeerHealth, Now: time.Now,
		Client:  peerClient(c.DNS),
		OnLease: func(l app.Lease) { s.cache.SetEpoch(l.Epoch) },
	}
	s.service = feed.NewService(feed.Service{
		DB: s.db, Cache: s.cache, Queue: s.queue, Gate: s.watcher, Files: s.files,
		IDs: app.NewIDs(time.Now), Hasher: password.New(false), Now: time.Now, Metrics: metrics.NewSet(),
	})
	return s, nil
}

// background runs what both kinds of process need beside their work, until ctx
// ends.
func (s *system) background(ctx context.Context, group string) {
	var wg sync.WaitGroup
	report := func(ctx context.Context) { s.service.Metrics.Run(ctx, os.Stdout, s.config.Region, group) }
	for _, run := range []func(context.Context){s.watcher.Run, s.service.Run, s.service.WatchLag, s.service.Report, report} {
		wg.Go(func() { run(ctx) })
	}
	wg.Wait()
}

func (s *system) close() error { return errors.Join(s.db.Close(), s.cache.Close()) }

// health is the instance's readiness. The cache must have answered once: an
// instance that cannot reach it at all is useless. Later the cache may go away:
// all instances share it, and without it they still serve from the database.
type health struct {
	*system
	cacheSeen atomic.Bool
	draining  atomic.Bool
}

func (h *health) Ready(ctx context.Context) error {
	if h.draining.Load() {
		return errors.New("draining")
	}
	if err := h.db.Ready(ctx); err != nil {
		return err
	}
	if len(h.config.Cache.Addrs) == 0 || h.cacheSeen.Load() {
		return nil
	}
	if err := h.cache.Ready(ctx); err != nil {
		return err
	}
	h.cacheSeen.Store(true)
	return nil
}

func (h *health) Region() region.Health { return h.watcher.Health() }

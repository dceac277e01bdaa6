package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"newsfeed/app"
	"newsfeed/app/boot"
	"newsfeed/app/feed"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/metrics"
	"newsfeed/app/password"
	"newsfeed/app/region"
	"newsfeed/app/s3"
	"newsfeed/app/sqs"
)

// system is everything that a process of the configured app is made of.
type system struct {
	*stores
	queue   *sqs.Queue
	watcher *region.Watcher
	forward *feedhttp.Forwarder // nil: there is no other region
	files   *s3.Store
	service *feed.Service
	boot    *boot.Boot
}

// openSystem wires the parts up. It waits for nothing: what doesn't answer yet
// makes the process unready, not fail. figures are told even when they are 0.
func openSystem(ctx context.Context, c config, figures ...metrics.Metric) (*system, error) {
	sdk, err := loadAWS(ctx, c.Region)
	if err != nil {
		return nil, fmt.Errorf("AWS settings: %w", err)
	}
	s := &system{queue: sqs.Open(sdk, c.QueueURL), files: s3.Open(sdk, c.MediaBucket)}
	if s.stores, err = openStores(sdk, c); err != nil {
		return nil, err
	}
	transport := peerTransport(c.DNS)
	s.watcher = &region.Watcher{
		Region: c.Region, Leases: s.db, PeerURL: c.Peer, Now: time.Now, Client: peerClient(transport),
		OnLease: func(l app.Lease) { s.cache.SetEpoch(l.Epoch) },
	}
	if c.Peer != "" {
		if s.forward, err = feedhttp.NewForwarder(c.Peer, transport, s.watcher.Elsewhere); err != nil {
			return nil, err
		}
	}
	s.service = feed.NewService(feed.Service{
		DB: s.db, Cache: s.cache, Queue: s.queue, Gate: s.watcher, Files: s.files, Elsewhere: s.forward,
		IDs: app.NewIDs(time.Now), Hasher: password.New(false), Now: time.Now, Metrics: metrics.NewSet(figures...),
	})
	s.boot = boot.New(s.needs()...)
	return s, nil
}

// background runs what both kinds of process need beside their work, until ctx
// ends.
func (s *system) background(ctx context.Context) {
	var wg sync.WaitGroup
	report := func(ctx context.Context) { s.service.Metrics.Run(ctx, os.Stdout, s.config.Region, s.config.Group) }
	for _, run := range []func(context.Context){s.follow, s.watcher.Run, s.service.Run, s.service.WatchLag, s.service.Report, report} {
		wg.Go(func() { run(ctx) })
	}
	wg.Wait()
}

func (s *system) close() error { return errors.Join(s.db.Close(), s.cache.Close()) }

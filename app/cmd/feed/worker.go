package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"newsfeed/app/feed"
	feedhttp "newsfeed/app/http"
	"newsfeed/app/metrics"
)

type workerCommand struct{}

// Run works the queue until SIGTERM, then finishes what is at hand. It serves
// the health endpoints too.
func (workerCommand) Run(ctx context.Context) error {
	c, err := readConfig("worker")
	if c.QueueURL == "" {
		err = errors.Join(err, errors.New("NEWSFEED_QUEUE_URL: is missing: the URL of the fan-out queue"))
	}
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return fmt.Errorf("%w: stop what listens there, or set NEWSFEED_ADDRESS and NEWSFEED_PORT", err)
	}
	s, err := openSystem(ctx, c, metrics.Jobs, metrics.JobFaults)
	if err != nil {
		return err
	}
	defer s.close()
	worker := &feed.Worker{Service: s.service, Queue: s.queue}
	h := &health{system: s, live: worker.Live}
	context.AfterFunc(ctx, func() { h.draining.Store(true) })
	server := &http.Server{Handler: feedhttp.NewHealthServer(h), ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	defer server.Close()
	slog.Info("working", "region", c.Region, "queue", c.QueueURL)

	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { s.background(background) })
	s.boot.Run(ctx)
	var cycles sync.WaitGroup
	for _, run := range []func(context.Context){worker.Run, s.service.Sweep, s.service.Beat, s.service.Upkeep, s.service.Count} {
		cycles.Go(func() { run(ctx) })
	}
	cycles.Wait()
	stop()
	wg.Wait()
	return nil
}

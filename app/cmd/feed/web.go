package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof" // on NEWSFEED_PROFILE_ADDRESS only
	"os"
	"sync"
	"time"

	feedhttp "newsfeed/app/http"
	"newsfeed/app/metrics"
)

type webCommand struct{}

// Run serves until SIGTERM, then drains.
func (webCommand) Run(ctx context.Context) error {
	if embedded() {
		return runEmbedded(ctx)
	}
	c, err := readConfig("web")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Address)
	if err != nil {
		return fmt.Errorf("%w: stop what listens there, or set NEWSFEED_ADDRESS and NEWSFEED_PORT", err)
	}
	s, err := openSystem(ctx, c, metrics.Served, metrics.Faults, metrics.FaultyUsers)
	if err != nil {
		return err
	}
	defer s.close()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { s.background(background) })
	wg.Go(func() { s.boot.Run(background) })
	if addr := os.Getenv("NEWSFEED_PROFILE_ADDRESS"); addr != "" {
		go http.ListenAndServe(addr, http.DefaultServeMux) // net/http/pprof; for measuring only
	}
	h := &health{system: s, live: func() error { return nil }} // to answer is its loop
	server := feedhttp.NewServer(s.service, h)
	server.Forward, server.PeerMedia, server.Metrics = s.forward, s.watcher.PeerMedia, s.service.Metrics
	if c.MediaBucket != "" {
		if server.MediaOrigin, err = s.files.Origin(ctx); err != nil {
			return err
		}
	}
	slog.Info("serving", "address", listener.Addr().String(), "region", c.Region)
	return serve(ctx, listener, server, func() { h.draining.Store(true) }, c.Drain)
}

// serve serves until ctx ends. Then it is unready at once, goes on serving while
// the load balancer takes note, and ends within drain.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, unready func(), drain time.Duration) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 20 * time.Second,
		// Longer than the load balancer's, so that it never sends into a closing connection.
		IdleTimeout: 75 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	unready()
	slog.Info("draining", "seconds", drain.Seconds())
	// Half the time for the load balancer to notice, half for what is under way.
	notice := time.NewTimer(drain / 2)
	defer notice.Stop()
	select {
	case err := <-failed:
		return err
	case <-notice.C:
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(drain/2, time.Second))
	defer cancel()
	server.SetKeepAlivesEnabled(false)
	if err := server.Shutdown(last); err != nil {
		return fmt.Errorf("requests were still under way after %v: %w", drain, errors.Join(err, server.Close()))
	}
	return nil
}

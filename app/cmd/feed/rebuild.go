package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"newsfeed/app"
	"newsfeed/app/boot"
)

type rebuildCommand struct {
	User *app.ID `help:"Build this user's feed now." xor:"who" required:""`
	All  bool    `help:"Drop every cached feed: each is built anew when its user next reads." xor:"who" required:""`
}

// Run builds cached feeds anew from the database.
func (r rebuildCommand) Run(ctx context.Context) error {
	c, err := readConfig("rebuild")
	if err != nil {
		return err
	}
	s, err := openSystem(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	background, stop := context.WithCancel(ctx)
	defer stop()
	go s.follow(background)
	if r.All {
		return r.all(ctx, s)
	}
	go s.watcher.Run(background)
	for range 50 {
		if _, fed := s.watcher.Fed(); fed {
			if _, err := s.db.User(ctx, *r.User); err != nil {
				return fmt.Errorf("user %s: %w", r.User, err)
			}
			return s.service.Rebuild(ctx, *r.User)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("this region doesn't write now, so its feeds are not kept: run it in the region that does (see /healthz/region)")
}

// all drops every cached feed, once it is known where the cache is.
func (r rebuildCommand) all(ctx context.Context, s *system) error {
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	need := boot.Need{Name: "cache", Ready: s.cacheReady}
	boot.New(need).Run(wait)
	if err := s.cacheReady(ctx); err != nil {
		return err
	}
	n, err := s.cache.DropAll(ctx)
	slog.Info("feeds dropped", "feeds", n)
	return err
}

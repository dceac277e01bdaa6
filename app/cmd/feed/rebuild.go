package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"newsfeed/app"
)

type rebuildCommand struct {
	User *app.ID `help:"Build this user's feed now." xor:"who" required:""`
	All  bool    `help:"Drop every cached feed: each is built anew when its user next reads." xor:"who" required:""`
}

// Run builds cached feeds anew from the database.
func (r rebuildCommand) Run(ctx context.Context) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	s, err := openSystem(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	if r.All {
		n, err := s.cache.DropAll(ctx)
		slog.Info("feeds dropped", "feeds", n)
		return err
	}
	background, stop := context.WithCancel(ctx)
	defer stop()
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

package main

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

type migrateCommand struct {
	Wait time.Duration `help:"How long to wait for the database." default:"60s"`
}

// Run brings the schema up to date and makes this region the first writer. Web
// and worker processes do the same when they start.
func (m migrateCommand) Run(ctx context.Context) error {
	c, err := readConfig("migrate")
	if err != nil {
		return err
	}
	sdk, err := loadAWS(ctx, c.Region)
	if err != nil {
		return err
	}
	s, err := openStores(sdk, c)
	if err != nil {
		return err
	}
	defer s.db.Close()
	following, stop := context.WithCancel(ctx)
	defer stop()
	go s.follow(following)
	if err := s.db.Migrate(ctx, m.Wait); err != nil {
		if s.databaseSecret != nil {
			err = errors.Join(err, s.databaseSecret.Ready(ctx))
		}
		return err
	}
	if err := s.db.InitLease(ctx, c.Region); err != nil {
		return err
	}
	slog.Info("the schema is current")
	return nil
}

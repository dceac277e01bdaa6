package main

import (
	"context"
	"log/slog"
	"time"

	"newsfeed/app/mysql"
)

type migrateCommand struct {
	Wait time.Duration `help:"How long to wait for the database." default:"60s"`
}

// Run brings the schema up to date and makes this region the first writer.
func (m migrateCommand) Run(ctx context.Context) error {
	c, err := readConfig()
	if err != nil {
		return err
	}
	sdk, err := loadAWS(ctx, c.Region)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, m.Wait)
	defer cancel()
	if err := readSecrets(wait, sdk, &c); err != nil {
		return err
	}
	db, err := mysql.Open(c.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx, m.Wait); err != nil {
		return err
	}
	if err := db.InitLease(ctx, c.Region); err != nil {
		return err
	}
	slog.Info("the schema is current")
	return nil
}

package mysql

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to date, waiting up to patience for the database
// to answer. One process at a time migrates; others wait for it.
func (db *DB) Migrate(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience+5*time.Minute)
	defer cancel()
	conn, err := db.await(ctx, patience)
	if err != nil {
		return err
	}
	defer conn.Close() // ends the lock too
	var got sql.NullInt64
	const lock = "CONCAT('newsfeed-migrate-', DATABASE())"
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+lock+", 300)").Scan(&got); err != nil {
		return fmt.Errorf("lock for migrations: %w", err)
	}
	if got.Int64 != 1 {
		return fmt.Errorf("lock for migrations: another process held it for 5 minutes")
	}
	defer conn.ExecContext(ctx, "SELECT RELEASE_LOCK("+lock+")")
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectMySQL, db.writer(), files)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	// The first stories shall not land in the last partition.
	_, err = db.PartitionAhead(ctx, time.Now())
	return err
}

// await connects to the writer, trying again for as long as patience lasts.
func (db *DB) await(ctx context.Context, patience time.Duration) (*sql.Conn, error) {
	deadline := time.Now().Add(patience)
	for {
		conn, err := db.writer().Conn(ctx)
		if err == nil {
			return conn, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the database did not answer for %v: %w", patience, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

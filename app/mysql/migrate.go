package mysql

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrateTime bounds all migrations together: one may rewrite a large table.
const migrateTime = 30 * time.Minute

// Migrate brings the schema up to date, waiting up to patience for the database
// to answer. One process at a time migrates; others wait for it.
func (db *DB) Migrate(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience+migrateTime)
	defer cancel()
	pool, err := db.await(ctx, patience)
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return answer(err)
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
	provider, err := goose.NewProvider(goose.DialectMySQL, pool, files)
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

// await returns a pool for migrations once the database answers, trying again for
// as long as patience lasts.
func (db *DB) await(ctx context.Context, patience time.Duration) (*sql.DB, error) {
	deadline := time.Now().Add(patience)
	for {
		pool, err := db.patient(ctx)
		if err == nil {
			return pool, nil
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

// patient returns a pool whose statements may take long.
func (db *DB) patient(ctx context.Context) (*sql.DB, error) {
	db.mu.Lock()
	endpoint := db.place.Endpoint
	db.mu.Unlock()
	if endpoint == "" {
		return nil, errUnknown
	}
	pool, err := db.openFor(endpoint, 4, migrateTime)
	if err != nil {
		return nil, err
	}
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}

package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"newsfeed/app"
)

// Lease reads who writes, from the region's own database.
func (db *DB) Lease(ctx context.Context) (l app.Lease, err error) {
	err = db.own().QueryRowContext(ctx, "SELECT epoch, writer FROM region_lease WHERE one = 1").Scan(&l.Epoch, &l.Writer)
	if errors.Is(err, sql.ErrNoRows) {
		return l, fmt.Errorf("region_lease is empty: run 'feed migrate' in the primary region")
	}
	return l, err
}

// InitLease makes region the first writer, unless there is a lease already.
func (db *DB) InitLease(ctx context.Context, region string) error {
	_, err := db.exec(ctx, "INSERT IGNORE INTO region_lease (one, epoch, writer) VALUES (1, 1, ?)", region)
	return err
}

// Ready says why the region's own database cannot serve, or nil: it answers and
// has the schema.
func (db *DB) Ready(ctx context.Context) error {
	var n int
	err := db.own().QueryRowContext(ctx, "SELECT COUNT(*) FROM region_lease WHERE one = 1").Scan(&n)
	if isNumber(err, errNoTable) {
		return errors.New("the database has no schema yet: run 'feed migrate'")
	}
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// Beat writes the heartbeat.
func (db *DB) Beat(ctx context.Context, ms int64) error {
	_, err := db.exec(ctx, "INSERT INTO heartbeat (one, at) VALUES (1, ?) ON DUPLICATE KEY UPDATE at = GREATEST(at, VALUES(at))", ms)
	return err
}

// Lag measures how far each reader is behind the writer, in milliseconds, by
// their heartbeat rows, and sends reads to the writer while all are more than
// limit behind. With the writer out of reach, readers serve whatever they have.
func (db *DB) Lag(ctx context.Context, limit int64) (worst int64, err error) {
	if len(db.readers) == 0 {
		return 0, nil
	}
	const query = "SELECT at FROM heartbeat WHERE one = 1"
	var written int64
	if err := db.writer.QueryRowContext(ctx, query).Scan(&written); err != nil {
		for _, r := range db.readers {
			r.lagging.Store(false)
		}
		return 0, fmt.Errorf("heartbeat of the writer: %w", err)
	}
	var errs []error
	for _, r := range db.readers {
		var at int64
		if e := r.pool.QueryRowContext(ctx, query).Scan(&at); e != nil {
			errs = append(errs, fmt.Errorf("heartbeat of a reader: %w", e))
			r.lagging.Store(true)
			continue
		}
		lag := max(written-at, 0)
		r.lagging.Store(lag > limit)
		worst = max(worst, lag)
	}
	return worst, errors.Join(errs...)
}

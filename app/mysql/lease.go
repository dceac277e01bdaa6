package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"newsfeed/app"
)

// Lease reads who writes, from the region's own database: of the endpoint, else of
// a reader that still answers.
func (db *DB) Lease(ctx context.Context) (l app.Lease, err error) {
	p := db.pools.Load()
	l, err = readLease(ctx, p.watch)
	db.away.Store(err != nil)
	for i := 0; err != nil && i < len(p.readers); i++ {
		if found, failed := readLease(ctx, p.readers[i].pool); failed == nil {
			return found, nil
		}
	}
	return l, err
}

func readLease(ctx context.Context, pool *sql.DB) (l app.Lease, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	err = pool.QueryRowContext(ctx, "SELECT epoch, writer FROM region_lease WHERE one = 1").Scan(&l.Epoch, &l.Writer)
	if errors.Is(err, sql.ErrNoRows) {
		return l, errNoLease
	}
	return l, err
}

// lookTime bounds one look at the database that nobody's request waits for.
const lookTime = time.Second

var errNoLease = errors.New("region_lease is empty: an instance of the primary region fills it when it starts, and so does 'feed migrate'")

// InitLease makes region the first writer, unless there is a lease already.
func (db *DB) InitLease(ctx context.Context, region string) error {
	_, err := db.exec(ctx, "INSERT IGNORE INTO region_lease (one, epoch, writer) VALUES (1, 1, ?)", region)
	return err
}

// Ready says why the region's own database does not answer, or nil.
func (db *DB) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return answer(db.pools.Load().watch.PingContext(ctx))
}

// Beat writes the heartbeat.
func (db *DB) Beat(ctx context.Context, ms int64) error {
	_, err := db.exec(ctx, "INSERT INTO heartbeat (one, at) VALUES (1, ?) ON DUPLICATE KEY UPDATE at = GREATEST(at, VALUES(at))", ms)
	return err
}

const heartbeat = "SELECT at FROM heartbeat WHERE one = 1"

// Lag measures how far each reader is behind the writer, in milliseconds, by
// their heartbeat rows, and sends reads to the writer while all are more than
// limit behind. With the writer out of reach, readers serve whatever they have.
func (db *DB) Lag(ctx context.Context, limit int64) (worst int64, err error) {
	p := db.pools.Load()
	if len(p.readers) == 0 {
		return 0, nil
	}
	var written int64
	if err := p.writer.QueryRowContext(ctx, heartbeat).Scan(&written); err != nil {
		for _, r := range p.readers {
			r.lagging.Store(false)
		}
		return 0, fmt.Errorf("heartbeat of the writer: %w", err)
	}
	var errs []error
	for _, r := range p.readers {
		var at int64
		if e := r.pool.QueryRowContext(ctx, heartbeat).Scan(&at); e != nil {
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

// Behind is how old the heartbeat is, in milliseconds: where another region
// writes, how far this one's database is behind it.
func (db *DB) Behind(ctx context.Context, now time.Time) (int64, error) {
	var at int64
	if err := db.pools.Load().watch.QueryRowContext(ctx, heartbeat).Scan(&at); err != nil {
		return 0, fmt.Errorf("heartbeat: %w", err)
	}
	return max(now.UnixMilli()-at, 0), nil
}

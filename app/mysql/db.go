package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"newsfeed/app"
)

// DB is the database: one pool that writes and one per reader. Its methods are
// safe for concurrent use.
type DB struct {
	writer  *sql.DB
	readers []*reader
	// spill bounds how many reads at once leave lagging readers for the writer.
	spill chan struct{}

	// Trace, when set before first use, is called with every statement.
	Trace func(query string, args []any)
	// PartitionStories is how many stories a partition shall hold; default 10 million.
	PartitionStories int64
}

type reader struct {
	pool    *sql.DB
	lagging atomic.Bool
}

// Open prepares the pools; it doesn't connect yet.
func Open(c Config) (*DB, error) {
	writer, err := c.open(c.Writer, c.WriterConnections)
	if err != nil {
		return nil, err
	}
	db := &DB{writer: writer, spill: make(chan struct{}, max(c.WriterConnections/2, 4))}
	for _, addr := range c.Readers {
		if addr == c.Writer && len(c.Readers) == 1 {
			break // one endpoint for both: nothing can lag
		}
		pool, err := c.open(addr, c.ReaderConnections)
		if err != nil {
			db.Close()
			return nil, err
		}
		db.readers = append(db.readers, &reader{pool: pool})
	}
	return db, nil
}

// Close closes every connection.
func (db *DB) Close() error {
	errs := []error{db.writer.Close()}
	for _, r := range db.readers {
		errs = append(errs, r.pool.Close())
	}
	return errors.Join(errs...)
}

type fromWriter struct{}

// FromWriter returns a context whose reads see every write committed so far.
func FromWriter(ctx context.Context) context.Context {
	return context.WithValue(ctx, fromWriter{}, true)
}

// ReadsWriter says whether reads with ctx see every write committed so far.
func (db *DB) ReadsWriter(ctx context.Context) bool {
	return len(db.readers) == 0 || ctx.Value(fromWriter{}) != nil
}

// pick returns the pool that a read with ctx goes to, and what to call after.
func (db *DB) pick(ctx context.Context) (*sql.DB, func()) {
	none := func() {}
	if db.ReadsWriter(ctx) {
		return db.writer, none
	}
	from := rand.IntN(len(db.readers))
	for i := range db.readers {
		if r := db.readers[(from+i)%len(db.readers)]; !r.lagging.Load() {
			return r.pool, none
		}
	}
	select {
	case db.spill <- struct{}{}:
		return db.writer, func() { <-db.spill }
	default: // the writer must not drown: an old answer is better
		return db.readers[from].pool, none
	}
}

// own is the region's own database: a reader when there is one.
func (db *DB) own() *sql.DB {
	if len(db.readers) > 0 {
		return db.readers[0].pool
	}
	return db.writer
}

func (db *DB) trace(query string, args []any) {
	if db.Trace != nil {
		db.Trace(query, args)
	}
}

// query runs a read and calls scan for every row.
func (db *DB) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	db.trace(query, args)
	pool, done := db.pick(ctx)
	defer done()
	rows, err := pool.QueryContext(ctx, query, args...)
	if err != nil {
		return failure(err)
	}
	return scanAll(rows, scan)
}

func scanAll(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return failure(rows.Err())
}

// row runs a read of at most one row; found says whether there was one.
func (db *DB) row(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	err = db.query(ctx, func(r *sql.Rows) error {
		found = true
		return r.Scan(dest...)
	}, query, args...)
	return found, err
}

// exec runs one statement that writes, on its own.
func (db *DB) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	db.trace(query, args)
	result, err := db.writer.ExecContext(ctx, query, args...)
	return result, failure(err)
}

// Server error numbers that the package reacts to.
const (
	errAccessDenied = 1045
	errDuplicate    = 1062
	errLockTimeout  = 1205
	errDeadlock     = 1213
	errNoTable      = 1146
)

func isNumber(err error, numbers ...uint16) bool {
	var e *driver.MySQLError
	if !errors.As(err, &e) {
		return false
	}
	for _, n := range numbers {
		if e.Number == n {
			return true
		}
	}
	return false
}

// failure turns what the driver reports into the domain's errors: what isn't
// the caller's doing means that the database doesn't answer as it should.
func failure(err error) error {
	var known *app.Error
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case isNumber(err, errDuplicate, errDeadlock, errLockTimeout):
		return err
	}
	return app.Unavailable(fmt.Errorf("database: %w", err))
}

// in returns "(?,?,...)" for ids and appends them to args.
func in(args []any, ids []app.ID) (string, []any) {
	for i := range ids {
		args = append(args, ids[i][:])
	}
	return "(" + strings.Repeat("?,", len(ids)-1) + "?)", args
}

// Replicated says whether reads go elsewhere than writes.
func (db *DB) Replicated() bool { return len(db.readers) > 0 }

// Lagging says whether no reader is up to date.
func (db *DB) Lagging() bool {
	for _, r := range db.readers {
		if !r.lagging.Load() {
			return false
		}
	}
	return len(db.readers) > 0
}

// Pools tells how many connections are in use, and how long requests have waited
// for one since the process began.
func (db *DB) Pools() (inUse int, waited time.Duration) {
	pools := []*sql.DB{db.writer}
	for _, r := range db.readers {
		pools = append(pools, r.pool)
	}
	for _, p := range pools {
		stats := p.Stats()
		inUse, waited = inUse+stats.InUse, waited+stats.WaitDuration
	}
	return inUse, waited
}

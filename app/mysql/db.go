package mysql

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"newsfeed/app"
)

// DB is the region's own database: one pool that writes and one per reader. Its
// methods are safe for concurrent use.
type DB struct {
	config  Config
	account atomic.Pointer[Account]
	pools   atomic.Pointer[pools]
	away    atomic.Bool // the last look at the lease failed
	// spill bounds how many reads at once leave lagging readers for the writer.
	spill chan struct{}

	mu      sync.Mutex // held while pools are replaced
	place   Access     // of pools
	retired []*pools

	// Trace, when set before first use, is called with every statement.
	Trace func(query string, args []any)
	// PartitionStories is how many stories a partition shall hold; default 10 million.
	PartitionStories int64
}

// Open prepares the pools; it doesn't connect yet.
func Open(c Config) (*DB, error) {
	db := &DB{config: c, spill: make(chan struct{}, max(c.WriterConnections/2, 4)),
		place: Access{Endpoint: c.Writer, Readers: strings.Join(c.Readers, ",")}}
	db.account.Store(&Account{c.User, c.Password})
	pools, err := db.openPools(c.Writer, c.Readers)
	if err != nil {
		return nil, err
	}
	db.pools.Store(pools)
	return db, nil
}

// Close closes every connection.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	err := db.pools.Load().close()
	for _, old := range db.retired {
		err = errors.Join(err, old.close())
	}
	return err
}

func (db *DB) writer() *sql.DB    { return db.pools.Load().writer }
func (db *DB) readers() []*reader { return db.pools.Load().readers }

type fromWriter struct{}

// FromWriter returns a context whose reads see every write committed so far.
func FromWriter(ctx context.Context) context.Context {
	return context.WithValue(ctx, fromWriter{}, true)
}

// ReadsWriter says whether reads with ctx see every write committed so far.
func (db *DB) ReadsWriter(ctx context.Context) bool {
	return len(db.readers()) == 0 || ctx.Value(fromWriter{}) != nil
}

// pick returns the pool that a read with ctx goes to, and what to call after.
func (db *DB) pick(ctx context.Context) (*sql.DB, func()) {
	none := func() {}
	p := db.pools.Load()
	if len(p.readers) == 0 || ctx.Value(fromWriter{}) != nil {
		return p.writer, none
	}
	from := rand.IntN(len(p.readers))
	for i := range p.readers {
		if r := p.readers[(from+i)%len(p.readers)]; !r.lagging.Load() {
			return r.pool, none
		}
	}
	select {
	case db.spill <- struct{}{}:
		return p.writer, func() { <-db.spill }
	default: // the writer must not drown: an old answer is better
		return p.readers[from].pool, none
	}
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
		return db.failure(err)
	}
	return db.scanAll(rows, scan)
}

func (db *DB) scanAll(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return db.failure(rows.Err())
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
	result, err := db.writer().ExecContext(ctx, query, args...)
	return result, db.failure(err)
}

// in returns "(?,?,...)" for ids and appends them to args.
func in(args []any, ids []app.ID) (string, []any) {
	for i := range ids {
		args = append(args, ids[i][:])
	}
	return "(" + strings.Repeat("?,", len(ids)-1) + "?)", args
}

// Replicated says whether reads go elsewhere than writes.
func (db *DB) Replicated() bool { return len(db.readers()) > 0 }

// Lagging says whether no reader is up to date.
func (db *DB) Lagging() bool {
	readers := db.readers()
	for _, r := range readers {
		if !r.lagging.Load() {
			return false
		}
	}
	return len(readers) > 0
}

// Pools tells how many connections are in use, and how long requests have waited
// for one since the process began, or since the database's place changed.
func (db *DB) Pools() (inUse int, waited time.Duration) {
	for _, pool := range db.pools.Load().all() {
		stats := pool.Stats()
		inUse, waited = inUse+stats.InUse, waited+stats.WaitDuration
	}
	return inUse, waited
}

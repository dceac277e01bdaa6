package mysql

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// pools are the connections to one place of the database.
type pools struct {
	writer  *sql.DB
	readers []*reader
	// watch is for what must be known while the others are busy: who writes, and
	// whether the database answers at all.
	watch *sql.DB
}

type reader struct {
	pool    *sql.DB
	lagging atomic.Bool
}

// watchConnections are taken beside those that Config allows.
const watchConnections = 1

func (db *DB) openPools(writer string, readers []string) (*pools, error) {
	p := &pools{}
	if writer == "" {
		p.writer, p.watch = sql.OpenDB(unknown{}), sql.OpenDB(unknown{})
		return p, nil
	}
	var err error
	if p.writer, err = db.open(writer, db.config.WriterConnections); err != nil {
		return nil, err
	}
	if p.watch, err = db.open(writer, watchConnections); err != nil {
		return nil, errors.Join(err, p.close())
	}
	for _, addr := range readers {
		if addr == writer && len(readers) == 1 {
			break // one endpoint for both: nothing can lag
		}
		pool, err := db.open(addr, db.config.ReaderConnections)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.readers = append(p.readers, &reader{pool: pool})
	}
	return p, nil
}

// all are the pools, the watching one excepted.
func (p *pools) all() []*sql.DB {
	all := []*sql.DB{p.writer}
	for _, r := range p.readers {
		all = append(all, r.pool)
	}
	return all
}

func (p *pools) close() (err error) {
	for _, pool := range append(p.all(), p.watch) {
		if pool != nil {
			err = errors.Join(err, pool.Close())
		}
	}
	return err
}

// unknown is the connector while nobody has told where the database is.
type unknown struct{}

var errUnknown = errors.New("its secret, which says where it is, has not been read yet")

func (unknown) Connect(context.Context) (sqldriver.Conn, error) { return nil, errUnknown }
func (unknown) Driver() sqldriver.Driver                        { return nil }

// Access is the JSON object in the database's secret.
type Access struct {
	Account
	Endpoint string `json:"endpoint"` // host:port of the region's own database
	Readers  string `json:"readers"`  // host:port each, separated by commas; empty: the endpoint
}

// retireAfter is longer than any request that still uses the pools of before.
const retireAfter = 30 * time.Second

// Follow takes up where the database is now, and who the app is there: pools to
// another place replace those of before, which finish what is under way.
func (db *DB) Follow(a Access) error {
	var readers []string
	if a.Readers != "" {
		readers = strings.Split(a.Readers, ",")
	}
	for _, addr := range append(slices.Clone(readers), a.Endpoint) {
		if host, port, err := net.SplitHostPort(addr); err != nil || host == "" || port == "" {
			return fmt.Errorf("database address %q is not host:port", addr)
		}
	}
	if a.User == "" {
		return errors.New("the database's user has no name")
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.account.Store(&a.Account)
	if db.place.Endpoint == a.Endpoint && db.place.Readers == a.Readers {
		return nil
	}
	fresh, err := db.openPools(a.Endpoint, readers)
	if err != nil {
		return err
	}
	old := db.pools.Swap(fresh)
	db.place = a
	db.retired = append(db.retired, old)
	time.AfterFunc(retireAfter, func() { old.close() })
	return nil
}

// warmConnections are opened to each server before the first request.
const warmConnections = 4

// Warm opens connections, so that the first requests need not wait for them.
func (db *DB) Warm(ctx context.Context) error {
	for _, pool := range db.pools.Load().all() {
		var open []*sql.Conn
		for range min(warmConnections, pool.Stats().MaxOpenConnections) {
			conn, err := pool.Conn(ctx)
			if err != nil {
				return closeAll(open, err)
			}
			open = append(open, conn)
		}
		if err := closeAll(open, nil); err != nil {
			return err
		}
	}
	return nil
}

// closeAll gives connections back to their pool.
func closeAll(conns []*sql.Conn, err error) error {
	for _, conn := range conns {
		err = errors.Join(err, conn.Close())
	}
	return err
}

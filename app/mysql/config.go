package mysql

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// Config says how to reach the database.
type Config struct {
	Writer   string   // host:port that takes writes; empty: Follow will tell
	Readers  []string // host:port each; empty: reads go to the writer
	Name     string
	User     string
	Password string
	TLS      bool // verified against the system's trust store and RDS's own roots
	// Renew, when set, is asked for the account after the server refused one: the
	// password may have been rotated.
	Renew func(ctx context.Context, refused Account) (Account, error)

	WriterConnections int // most open connections; default 16
	ReaderConnections int // per reader; default 16

	statementTime time.Duration // bounds one statement; default 15 s
}

// maxConnectionAge lets pools follow an endpoint that moves to another host.
const maxConnectionAge = 5 * time.Minute

// open prepares a pool of connections to addr, under the account of the moment.
func (db *DB) open(addr string, connections int) (*sql.DB, error) {
	return db.openFor(addr, connections, cmp.Or(db.config.statementTime, 15*time.Second))
}

// openFor is open for statements that take up to longest.
func (db *DB) openFor(addr string, connections int, longest time.Duration) (*sql.DB, error) {
	if connections <= 0 {
		connections = 16
	}
	dsn := driver.NewConfig()
	dsn.DBName, dsn.Net, dsn.Addr = db.config.Name, "tcp", addr
	dsn.Timeout, dsn.ReadTimeout, dsn.WriteTimeout = 2*time.Second, longest, longest
	// One round trip per statement rather than three; the driver escapes.
	dsn.InterpolateParams = true
	// A demoted primary answers "read only": drop the connection, not the pool.
	dsn.RejectReadOnly = true
	dsn.MultiStatements = true
	dsn.Logger = &driver.NopLogger{} // errors come back to the caller, who logs
	if db.config.TLS {
		dsn.TLS = &tls.Config{RootCAs: roots(), MinVersion: tls.VersionTLS12}
	}
	if err := dsn.Apply(driver.Charset("utf8mb4", "")); err != nil {
		return nil, err
	}
	connector, err := newConnector(dsn, &db.account, db.config.Renew)
	if err != nil {
		return nil, fmt.Errorf("database address %q: %w", addr, err)
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(maxConnectionAge)
	return pool, nil
}

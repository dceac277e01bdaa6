package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"strings"
	"time"
)

// tx is a transaction that traces its statements.
type tx struct {
	*sql.Tx
	db *DB
}

func (t tx) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	t.db.trace(query, args)
	result, err := t.ExecContext(ctx, query, args...)
	return result, t.db.failure(err)
}

// row reads at most one row.
func (t tx) row(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	err = t.query(ctx, func(r *sql.Rows) error {
		found = true
		return r.Scan(dest...)
	}, query, args...)
	return found, err
}

func (t tx) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	t.db.trace(query, args)
	rows, err := t.QueryContext(ctx, query, args...)
	if err != nil {
		return t.db.failure(err)
	}
	return t.db.scanAll(rows, scan)
}

// deadlockTries bounds how often a transaction that lost a deadlock runs again.
const deadlockTries = 8

// write runs f in a transaction on the writer. When the server breaks a deadlock
// by ending it, f runs again from the start.
func (db *DB) write(ctx context.Context, f func(tx) error) error {
	return retry(ctx, func() error { return db.writeOnce(ctx, f) })
}

// retry runs a transaction again while it loses deadlocks, or its connection
// turns out to be to a server that takes no writes any more: then nothing was
// written, and the next connection may be to the one that does.
func retry(ctx context.Context, transaction func() error) error {
	for try := 1; ; try++ {
		err := transaction()
		if try == deadlockTries || !isNumber(err, errDeadlock, errLockTimeout) && !errors.Is(err, driver.ErrBadConn) {
			return err
		}
		wait := time.Duration(rand.Int64N(int64(try) * int64(5*time.Millisecond)))
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

func (db *DB) writeOnce(ctx context.Context, f func(tx) error) error {
	t, err := db.writer().BeginTx(ctx, nil)
	if err != nil {
		return db.failure(err)
	}
	defer t.Rollback() // after a commit it does nothing
	if err := f(tx{t, db}); err != nil {
		return err
	}
	return db.failure(t.Commit())
}

// batch is a transaction whose statements don't depend on each other's results.
type batch struct {
	statements []string
	args       []any
	each       [][]any // args by statement, for Trace
}

func (b *batch) add(statement string, args ...any) {
	b.statements = append(b.statements, statement)
	b.args = append(b.args, args...)
	b.each = append(b.each, args)
}

// writeBatch runs all statements in one transaction and one round trip.
func (db *DB) writeBatch(ctx context.Context, b batch) error {
	for i, s := range b.statements {
		db.trace(s, b.each[i])
	}
	query := "START TRANSACTION; " + strings.Join(b.statements, "; ") + "; COMMIT"
	return retry(ctx, func() error {
		conn, err := db.writer().Conn(ctx)
		if err != nil {
			return db.failure(err)
		}
		defer conn.Close()
		if _, err = conn.ExecContext(ctx, query, b.args...); err == nil {
			return nil
		}
		// The transaction is still open unless the connection is gone.
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if _, undone := conn.ExecContext(undo, "ROLLBACK"); undone != nil {
			conn.Raw(func(any) error { return driver.ErrBadConn }) // never back into the pool
		}
		return db.failure(err)
	})
}

package mysql

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// breaker refuses connections to a server that could not be reached, but for one
// each moment that tries whether it is back: requests that need it shall be told
// so, not wait for it one after another.
type breaker struct{ failed atomic.Pointer[outage] }

type outage struct {
	err   error
	until time.Time // of the next try
}

const breakFor = 250 * time.Millisecond

func (b *breaker) open() error {
	known := b.failed.Load()
	if known == nil {
		return nil
	}
	now := time.Now()
	if now.After(known.until) && b.failed.CompareAndSwap(known, &outage{known.err, now.Add(breakFor)}) {
		return nil
	}
	return known.err
}

// note remembers that the server was out of reach; a server that answers, be it
// with an error, is not, and that the caller gave up says nothing.
func (b *breaker) note(ctx context.Context, err error) error {
	var answer *driver.MySQLError
	switch {
	case err == nil, errors.As(err, &answer):
		b.failed.Store(nil)
	case ctx.Err() == nil:
		b.failed.Store(&outage{err, time.Now().Add(breakFor)})
	}
	return err
}

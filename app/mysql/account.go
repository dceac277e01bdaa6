package mysql

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"sync/atomic"
	"time"

	driver "github.com/go-sql-driver/mysql"
)

// Account is who the app is to the database, as its secret has it.
type Account struct {
	User     string `json:"username"`
	Password string `json:"password"`
}

// connector opens connections under the account of the moment. That the password
// was rotated shows by the server refusing it: then the account is renewed and
// the connection tried again. Connections that are open stay good.
type connector struct {
	sqldriver.Connector
	breaker breaker
	account *atomic.Pointer[Account]
	renew   func(ctx context.Context, refused Account) (Account, error) // may be nil
}

// The password and its secret change one after the other: a connection waits this
// long for the second.
const (
	renewals  = 10
	renewWait = 500 * time.Millisecond
)

func newConnector(dsn *driver.Config, account *atomic.Pointer[Account],
	renew func(context.Context, Account) (Account, error)) (*connector, error) {
	err := dsn.Apply(driver.BeforeConnect(func(_ context.Context, dsn *driver.Config) error {
		account := account.Load()
		dsn.User, dsn.Passwd = account.User, account.Password
		return nil
	}))
	if err != nil {
		return nil, err
	}
	own := &connector{account: account, renew: renew}
	own.Connector, err = driver.NewConnector(dsn)
	return own, err
}

// Connect opens one connection.
func (c *connector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	if err := c.breaker.open(); err != nil {
		return nil, err
	}
	conn, err := c.connect(ctx)
	return conn, c.breaker.note(ctx, err)
}

func (c *connector) connect(ctx context.Context) (sqldriver.Conn, error) {
	for try := 1; ; try++ {
		used := c.account.Load()
		conn, err := c.Connector.Connect(ctx)
		if c.renew == nil || try == renewals || !isNumber(err, errAccessDenied) {
			return conn, err
		}
		renewed, failed := c.renew(ctx, *used)
		if failed != nil {
			return nil, errors.Join(err, failed)
		}
		if renewed != *used {
			c.account.CompareAndSwap(used, &renewed)
			continue
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(renewWait):
		}
	}
}

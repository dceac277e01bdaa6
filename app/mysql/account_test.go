package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

func TestARotatedPasswordIsRenewed(t *testing.T) {
	t.Parallel()
	config := apptest.NewDatabase(t)
	admin := apptest.Current.Database.Admin()
	_, err := admin.Exec("CREATE OR REPLACE USER rotated IDENTIFIED BY 'first'; GRANT ALL ON " + config.Name + ".* TO rotated")
	must(t, err)
	var secret atomic.Pointer[mysql.Account]
	secret.Store(&mysql.Account{User: "rotated", Password: "first"})
	var asked atomic.Int64
	config.User, config.Password, config.WriterConnections = "rotated", "first", 8
	config.Renew = func(context.Context, mysql.Account) (mysql.Account, error) {
		asked.Add(1)
		return *secret.Load(), nil
	}
	db, err := mysql.Open(config)
	must(t, err)
	defer db.Close()
	read := func() error { _, err := db.FriendCount(t.Context(), app.Last); return err }
	must(t, read())
	if asked.Load() != 0 {
		t.Error("the secret was read again without need")
	}
	_, err = admin.Exec("ALTER USER rotated IDENTIFIED BY 'second'")
	must(t, err)
	must(t, read()) // the open connection stays good
	var wg sync.WaitGroup
	for range 8 { // more than that one can serve
		wg.Go(func() {
			for range 50 {
				if err := read(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	apptest.Eventually(t, "a connection was refused", func() error {
		if asked.Load() == 0 {
			return errors.New("none")
		}
		return nil
	})
	secret.Store(&mysql.Account{User: "rotated", Password: "second"}) // the secret follows the password
	wg.Wait()
	_, err = admin.Exec("DROP USER rotated; KILL USER rotated")
	must(t, err)
	if err := read(); !errors.Is(err, app.ErrDependency) {
		t.Errorf("refused for good: %v", err)
	}
}

// endpoint forwards connections to one server or another, as a DNS name that
// moves does for new connections.
type endpoint struct {
	net.Listener
	to atomic.Value
}

func newEndpoint(t *testing.T, to string) *endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	e := &endpoint{Listener: listener}
	e.to.Store(to)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", e.to.Load().(string))
			if err != nil {
				client.Close()
				continue
			}
			wg.Go(func() { pipe(client, server) })
			wg.Go(func() { pipe(server, client) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		wg.Wait()
	})
	return e
}

func pipe(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestAPrimaryThatTurnsReadOnlyIsLeftForTheNewOneAtOnce(t *testing.T) {
	t.Parallel()
	config := apptest.NewDatabase(t)
	old, oldAddr, err := apptest.Current.StartDatabase(t.Context(), apptest.Current.Address(), nil)
	must(t, err)
	config.Name = apptest.DatabaseName
	fresh := config.Writer
	config.Writer = oldAddr
	apptest.Migrate(t, config)
	onNew := config
	onNew.Writer = fresh
	apptest.Migrate(t, onNew)
	e := newEndpoint(t, oldAddr)
	config.Writer, config.WriterConnections = e.Addr().String(), 6
	db, err := mysql.Open(config)
	must(t, err)
	defer db.Close()
	ids := app.NewIDs(time.Now)
	var n atomic.Int64
	write := func() error {
		_, err := db.Post(t.Context(), &app.Story{ID: ids.New(), Author: app.User{ID: app.Last}, Kind: app.Text, Body: "x"}, mysql.Idempotency{})
		if err == nil {
			err = db.CreateUser(t.Context(), app.User{ID: ids.New(), Name: fmt.Sprint("user", n.Add(1))}, "")
		}
		return err
	}
	together := func() {
		t.Helper()
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := write(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	for range 5 { // fills the pool
		together()
	}
	_, err = old.Admin().Exec("SET GLOBAL read_only = 1")
	must(t, err)
	if err := write(); !errors.Is(err, app.ErrDependency) {
		t.Errorf("with no primary at all: %v", err)
	}
	e.to.Store(fresh)
	begun := time.Now()
	for range 5 {
		together()
	}
	t.Logf("30 posts and sign-ups took %v", time.Since(begun).Round(time.Millisecond))
	db.Close() // before the endpoint waits for its connections to end
}

func TestReadsLeaveLaggingReadersForTheWriterUpToACap(t *testing.T) {
	t.Parallel()
	db, err := mysql.Open(mysql.Config{Writer: "127.0.0.1:1", Readers: []string{"127.0.0.1:2", "127.0.0.1:3"}, WriterConnections: 20})
	must(t, err)
	defer db.Close()
	reads := func(ctx context.Context, n int) (readers int, release func()) {
		var all []func()
		for range n {
			reader, done := db.Reader(ctx)
			if all = append(all, done); reader {
				readers++
			}
		}
		return readers, func() {
			for _, done := range all {
				done()
			}
		}
	}
	check := func(when string, ctx context.Context, n, want int) (release func()) {
		t.Helper()
		got, release := reads(ctx, n)
		if got != want {
			t.Errorf("%s: %d of %d reads go to a reader, want %d", when, got, n, want)
		}
		return release
	}
	check("readers in step", t.Context(), 30, 30)()
	check("after a write", mysql.FromWriter(t.Context()), 30, 0)()
	db.SetLagging(true)
	release := check("readers lagging: half the writer's connections serve reads", t.Context(), 30, 20)
	check("while those are under way", t.Context(), 5, 5)()
	release()
	check("once they are over", t.Context(), 5, 0)()
	db.SetLagging(false)
	check("readers in step again", t.Context(), 30, 30)()
}

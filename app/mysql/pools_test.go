package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

var now = time.Now

func TestTheDatabaseIsFollowedWhereItGoes(t *testing.T) {
	t.Parallel()
	config := apptest.NewDatabase(t)
	place := config.Writer
	config.Writer = ""
	db := open(t, config)
	read := func() error { _, err := db.FriendCount(t.Context(), app.Last); return err }
	if err := read(); !errors.Is(err, app.ErrDependency) {
		t.Errorf("before anybody told where it is: %v", err)
	}
	access := mysql.Access{Account: mysql.Account{User: config.User, Password: config.Password}, Endpoint: place}
	must(t, db.Follow(access))
	must(t, read())
	must(t, db.Warm(t.Context()))
	if db.Replicated() {
		t.Error("it has readers that nobody told of")
	}
	access.Readers = place + "," + place // as after a promotion
	must(t, db.Follow(access))
	must(t, read())
	if reader, done := db.Reader(t.Context()); !reader {
		t.Error("readers that were added are not used")
	} else {
		done()
	}
	for name, bad := range map[string]mysql.Access{
		"no port":    {Account: access.Account, Endpoint: "somewhere"},
		"no place":   {Account: access.Account},
		"no reader":  {Account: access.Account, Endpoint: place, Readers: place + ","},
		"nobody":     {Endpoint: place},
		"no address": {Account: access.Account, Endpoint: ":3306"},
	} {
		if err := db.Follow(bad); err == nil {
			t.Errorf("%s: it is followed", name)
		}
	}
	must(t, read()) // where it was
}

// hole is a server that takes connections and says nothing.
func hole(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

func TestATimeoutIsOursUnlessTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	config := apptest.NewDatabase(t)
	db := open(t, config)
	slow := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		return db.Slow(ctx)
	}
	_, err := db.Lease(t.Context())
	must(t, err)
	if err := slow(); errors.Is(err, app.ErrDependency) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a statement that takes too long: %v", err)
	}
	if err := db.Nonsense(t.Context()); err == nil || errors.Is(err, app.ErrDependency) {
		t.Errorf("a statement that is none: %v", err)
	}
	away := open(t, mysql.Config{Writer: hole(t), Name: config.Name, User: config.User})
	if _, err := away.Lease(t.Context()); err == nil {
		t.Fatal("a hole has a lease")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := away.FriendCount(ctx, app.Last); !errors.Is(err, app.ErrDependency) {
		t.Errorf("a database that is away: %v", err)
	}
}

func TestADatabaseThatIsAwayIsToldAtOnceNotAfterTheTurnOfEach(t *testing.T) {
	t.Parallel()
	db := open(t, mysql.Config{Writer: "127.0.0.1:1", Name: "none", User: "nobody", WriterConnections: 1})
	for i := range 200 {
		if _, err := db.FriendCount(t.Context(), app.Last); !errors.Is(err, app.ErrDependency) {
			t.Fatalf("read %d: %v", i, err)
		}
	}
}

// The roots in the binary are those that sign the databases of our regions.
func TestTheBinaryTrustsRDSWithoutAnyFile(t *testing.T) {
	t.Parallel()
	subjects := map[string]bool{}
	for _, certificate := range mysql.RDSRoots(t) {
		subjects[certificate.Subject.CommonName] = certificate.NotAfter.After(time.Now())
	}
	for _, region := range []string{"ap-northeast-1", "ap-northeast-2"} {
		name := fmt.Sprintf("Amazon RDS %s Root CA RSA2048 G1", region)
		if !subjects[name] {
			t.Errorf("%s is missing or has expired: %v", name, subjects)
		}
	}
}

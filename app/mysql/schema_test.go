package mysql_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"newsfeed/app"
	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

// empty is a database without a schema, on a server of its own.
func empty(t *testing.T) (mysql.Config, func(statement string)) {
	t.Helper()
	server, addr, err := apptest.Current.StartDatabase(t.Context(), apptest.Current.Address(), nil)
	must(t, err)
	return mysql.Config{Writer: addr, Name: apptest.DatabaseName, User: apptest.DatabaseUser, Password: apptest.DatabasePass}, func(statement string) {
		t.Helper()
		_, err := server.Admin().Exec("USE " + apptest.DatabaseName + "; " + statement)
		must(t, err)
	}
}

func open(t *testing.T, c mysql.Config) *mysql.DB {
	t.Helper()
	db, err := mysql.Open(c)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestWhoBringsTheSchemaUpToDate(t *testing.T) {
	t.Parallel()
	c, admin := empty(t)
	db := open(t, c)
	waits := func(when, why string) { // and nobody has said no
		t.Helper()
		if err := db.Prepare(t.Context(), "seoul"); err == nil || errors.Is(err, app.ErrRefused) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", when, err, why)
		}
	}
	admin("SET GLOBAL read_only = 1")
	waits("a replica that the schema has not reached", "it has version 0")
	admin("SET GLOBAL read_only = 0")

	var wg sync.WaitGroup
	for range 4 { // instances that start together
		wg.Go(func() { must(t, open(t, c).Prepare(t.Context(), "seoul")) })
	}
	wg.Wait()
	if l, err := db.Lease(t.Context()); err != nil || l != (app.Lease{Epoch: 1, Writer: "seoul"}) {
		t.Errorf("the first lease: %+v, %v", l, err)
	}
	must(t, db.Prepare(t.Context(), "tokyo")) // current: nothing is anybody's to do
	if l, err := db.Lease(t.Context()); err != nil || l.Writer != "seoul" {
		t.Errorf("the lease of a database that has one: %+v, %v", l, err)
	}

	admin("UPDATE region_lease SET writer = 'tokyo'; DELETE FROM goose_db_version WHERE version_id > 0")
	waits("an old primary that takes writes, whose lease is another's", "it has version 0")

	admin("INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, 1), (99999, 1); ALTER TABLE users ADD COLUMN fresh INT NULL")
	must(t, db.Prepare(t.Context(), "seoul")) // the next release's schema
	must(t, db.CreateUser(t.Context(), app.User{ID: app.NewIDs(now).New(), Name: "kim"}, ""))
	admin("UPDATE region_lease SET writer = 'seoul'; DELETE FROM region_lease")
	must(t, db.Prepare(t.Context(), "seoul")) // and lacks a lease: ours to make
	if l, err := db.Lease(t.Context()); err != nil || l.Writer != "seoul" {
		t.Errorf("the lease of a newer schema without one: %+v, %v", l, err)
	}
}

func TestAMigrationMayTakeLongerThanOtherStatements(t *testing.T) {
	t.Parallel()
	const usual = 200 * time.Millisecond
	config := apptest.NewDatabase(t)
	other, err := apptest.Current.Database.Admin().Conn(t.Context())
	must(t, err)
	lock := "'newsfeed-migrate-" + config.Name + "'"
	_, err = other.ExecContext(t.Context(), "DO GET_LOCK("+lock+", 0)")
	must(t, err)
	go func() {
		defer other.Close()
		other.ExecContext(t.Context(), "DO SLEEP("+fmt.Sprint((5*usual).Seconds())+"); DO RELEASE_LOCK("+lock+")")
	}()
	must(t, open(t, config.Impatient(usual)).Migrate(t.Context(), 0))
}

func TestADatabaseThatDoesNotAnswerIsNotTakenForARefusal(t *testing.T) {
	t.Parallel()
	db := open(t, mysql.Config{Writer: "127.0.0.1:1", Name: "none", User: "nobody"})
	for what, err := range map[string]error{"ready": db.Ready(t.Context()), "schema": db.Prepare(t.Context(), "seoul")} {
		if err == nil || errors.Is(err, app.ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

package apptest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"newsfeed/app/mysql"
)

var databases atomic.Int32

// NewDatabase makes a database of its own on the shared server, with the schema
// and with "here" as the writer.
func NewDatabase(t testing.TB) mysql.Config {
	t.Helper()
	name := fmt.Sprintf("%s_%d", DatabaseName, databases.Add(1))
	if _, err := Current.Database.Admin().Exec("CREATE DATABASE " + name + " CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	c := mysql.Config{Writer: Current.DatabaseAddr, Name: name, User: DatabaseUser, Password: DatabasePass}
	Migrate(t, c)
	return c
}

// Migrate gives a database the schema and "here" as the writer.
func Migrate(t testing.TB, c mysql.Config) {
	t.Helper()
	db, err := mysql.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if err := db.InitLease(t.Context(), "here"); err != nil {
		t.Fatal(err)
	}
}

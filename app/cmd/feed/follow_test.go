package main

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

func TestStoresThatMoveAreFollowedWithoutARestart(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	f.set("NEWSFEED_GROUP=seoul-web")
	web, process, out := f.start("web") // which brings the schema up to date itself
	var kim account
	f.must("POST", web+"/v1/users", "", credentials("kim"), 201, &kim)

	c, primary, _ := apptest.Current.StartPair(t)
	elsewhere := c
	elsewhere.Name = f.database
	if _, err := primary.Admin().Exec("CREATE DATABASE " + f.database + " CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	apptest.Migrate(t, elsewhere)
	if _, err := primary.Admin().Exec("UPDATE " + f.database + ".region_lease SET epoch = 7, writer = '" + apptest.Region + "'"); err != nil {
		t.Fatal(err)
	}
	cache, cacheAddr, err := apptest.Current.StartCache(t.Context(), apptest.Current.Address())
	if err != nil {
		t.Fatal(err)
	}
	f.databaseAddr, f.cacheAddr = c.Writer, cacheAddr
	if err := f.put(apptest.DatabaseSecret, mysql.Access{Account: mysql.Account{User: c.User, Password: c.Password},
		Endpoint: f.databaseAddr, Readers: strings.Join(c.Readers, ",")}); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "it asks the database that the secret names now", func() error {
		var region struct{ Epoch int }
		return errors.Join(f.get(web+"/healthz/region", "", 200, &region), waitFor(region.Epoch == 7))
	})
	f.keep(mysql.Account{User: c.User, Password: c.Password}, "")
	apptest.Eventually(t, "it uses the cache that the secret names now", func() error {
		err := f.get(web+"/v1/session", kim.Token, 401, nil) // of the other database, and counted in the cache
		n, failed := cache.Client().DBSize(t.Context()).Result()
		return errors.Join(err, failed, waitFor(n > 0))
	})
	f.must("GET", web+"/healthz/ready", "", nil, 200, nil)
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	f.ends(process)
	for _, figure := range []string{`"Group":"seoul-web"`, `"Served":`, `"Faults":`, `"FaultyUsers":`} {
		if !strings.Contains(out.String(), figure) {
			t.Errorf("no %s among the figures", figure)
		}
	}
}

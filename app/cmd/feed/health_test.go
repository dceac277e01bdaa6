package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
	"newsfeed/app/region"
)

// peer is the other region's /healthz/region; its answer can be changed.
type peer struct {
	*httptest.Server
	answers chan region.Health
}

func newPeer(t *testing.T) *peer {
	p := &peer{answers: make(chan region.Health, 1)}
	p.answers <- region.Health{Region: "ap-northeast-1", Writer: apptest.Region, Epoch: 1, OK: true}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := <-p.answers
		p.answers <- h
		json.NewEncoder(w).Encode(h)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *peer) says(h region.Health) {
	<-p.answers
	p.answers <- h
}

func TestAStaleRegionFencesItselfAndReadsOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	f.migrate()
	peer := newPeer(t)
	f.set("NEWSFEED_PEER_URL=" + peer.URL)
	web, _, _ := f.start("web")
	var kim account
	f.must("POST", web+"/v1/users", "", credentials("kim"), 201, &kim)
	peer.says(region.Health{Region: "ap-northeast-1", Writer: "ap-northeast-1", Epoch: 2, Writing: true, OK: true})
	var health region.Health
	apptest.Eventually(t, "the region is fenced", func() error { return f.get(web+"/healthz/region", "", 503, &health) })
	if health.OK || health.Writing || !strings.Contains(health.Reason, "epoch 2") {
		t.Errorf("health: %+v", health)
	}
	f.must("POST", web+"/v1/stories", kim.Token, text("lost?"), 503, nil)
	f.must("POST", web+"/v1/users", "", credentials("late"), 503, nil)
	f.must("GET", web+"/v1/feed", kim.Token, nil, 200, nil)
	f.must("GET", web+"/healthz/ready", "", nil, 200, nil) // the instance is not to blame
	peer.Close()                                           // silence changes nothing
	f.must("POST", web+"/v1/stories", kim.Token, text("lost?"), 503, nil)
	// The lease comes home under a higher epoch: it writes again.
	if _, err := apptest.Current.Database.Admin().Exec("UPDATE " + f.database + ".region_lease SET epoch = 3"); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "the region is well again", func() error { return f.get(web+"/healthz/region", "", 200, nil) })
	f.must("POST", web+"/v1/stories", kim.Token, text("kept"), 201, nil)
}

func TestAnInstanceBootsOnceEachStoreHasAnsweredAndStaysReady(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	address := apptest.Current.Address()
	f.cacheAddr = address + ":6379"
	f.keep(mysql.Account{User: apptest.DatabaseUser, Password: apptest.DatabasePass}, "")
	web, _, _ := f.launch("web")
	apptest.Eventually(t, "only the cache is missing", func() error {
		var answer struct{ Reasons map[string]string }
		err := f.get(web+"/healthz/boot", "", http.StatusFailedDependency, &answer)
		return errors.Join(err, waitFor(len(answer.Reasons) == 1 && answer.Reasons["cache"] != ""))
	})
	f.await(web, 503)
	var kim account // it serves all the same
	apptest.Eventually(t, "sign-up without a cache", func() error {
		return f.call("POST", web+"/v1/users", "", credentials("kim"), 201, &kim)
	})
	f.must("GET", web+"/v1/feed", kim.Token, nil, 200, nil)
	cache, _, err := apptest.Current.StartCache(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	f.await(web, 200)
	f.must("GET", web+"/healthz/boot", "", nil, 200, nil)
	apptest.Eventually(t, "the cache is used", func() error {
		if err := f.get(web+"/v1/feed", kim.Token, 200, nil); err != nil {
			return err
		}
		if n, err := cache.Client().DBSize(t.Context()).Result(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%d keys", n))
		}
		return nil
	})
	if err := syscall.Kill(cache.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-cache.Done()
	f.must("GET", web+"/v1/feed", kim.Token, nil, 200, nil)
	f.must("GET", web+"/healthz/ready", "", nil, 200, nil)
	f.must("GET", web+"/healthz/boot", "", nil, 200, nil)
}

func TestWhatSaysNoIsToldApartFromWhatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(f *fixture)
		need  string
		says  string
	}{
		"the database refuses the password": {func(f *fixture) {
			f.keep(mysql.Account{User: apptest.DatabaseUser, Password: "wrong"}, "")
		}, "database", "Access denied"},
		"there is no such database": {func(f *fixture) { f.set("NEWSFEED_DATABASE_NAME=none") }, "database", "none"},
		"the cache refuses the token": {func(f *fixture) {
			f.keep(mysql.Account{User: apptest.DatabaseUser, Password: apptest.DatabasePass}, "wrong")
			if err := f.cache.Client().ConfigSet(f.t.Context(), "requirepass", "right").Err(); err != nil {
				f.t.Fatal(err)
			}
		}, "cache", "WRONGPASS"},
		"there is no such secret": {func(f *fixture) { f.set("NEWSFEED_DATABASE_SECRET=" + apptest.DatabaseSecret + "-none") },
			"database secret", "ResourceNotFound"},
		"the secret says no endpoint": {func(f *fixture) {
			f.databaseAddr = "nowhere"
			f.keep(mysql.Account{User: apptest.DatabaseUser, Password: apptest.DatabasePass}, "")
		}, "database secret", "not host:port"},
		"there is no such queue": {func(f *fixture) { f.set("NEWSFEED_QUEUE_URL=" + apptest.QueueURL + "-none") }, "queue", "NonExistentQueue"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, 30*time.Second)
			c.spoil(f)
			web, _, _ := f.launch("web")
			apptest.Eventually(t, "boot is refused", func() error {
				var answer struct{ Reasons map[string]string }
				err := f.get(web+"/healthz/boot", "", http.StatusServiceUnavailable, &answer)
				if err == nil && !strings.Contains(answer.Reasons[c.need], c.says) {
					err = fmt.Errorf("%v", answer.Reasons)
				}
				return err
			})
			f.must("GET", web+"/healthz/live", "", nil, 200, nil)
		})
	}
}

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
	f.set("NEWSFEED_PEER_HEALTH_URL=" + peer.URL)
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

func TestReadinessWantsTheCacheOnceAndTheDatabaseAlways(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	f.migrate()
	address := apptest.Current.Address()
	f.set("NEWSFEED_CACHE=" + address + ":6379")
	web, _, _ := f.launch("web")
	apptest.Eventually(t, "it answers", func() error { return f.get(web+"/healthz/live", "", 200, nil) })
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
}

func TestAnInstanceIsUnreadyWithoutASchema(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	web, _, _ := f.launch("web")
	apptest.Eventually(t, "it answers", func() error { return f.get(web+"/healthz/live", "", 200, nil) })
	var answer struct{ Reason string }
	if err := f.get(web+"/healthz/ready", "", 503, &answer); err != nil || !strings.Contains(answer.Reason, "feed migrate") {
		t.Errorf("%v: %+v", err, answer)
	}
	f.migrate()
	f.await(web, 200)
}

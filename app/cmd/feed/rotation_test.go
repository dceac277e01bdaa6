package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"newsfeed/app/apptest"
	"newsfeed/app/mysql"
)

// traffic reads and posts without a pause longer than needed to stay within the
// rates, each user on a goroutine of its own, and counts what fails.
type traffic struct {
	f        *fixture
	web      string
	gate     sync.RWMutex // held for writing: nothing is under way
	sent     atomic.Int64
	failures chan error
}

func (c *traffic) run(ctx context.Context, by account) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.gate.RLock()
		var err error
		switch {
		case i%8 == 0:
			err = c.f.call("POST", c.web+"/v1/stories", by.Token, text("hello"), 201, nil)
		case i%8 == 4: // always from the database
			err = c.f.get(c.web+"/v1/friends", by.Token, 200, nil)
		default:
			err = c.f.get(c.web+"/v1/feed", by.Token, 200, nil)
		}
		c.gate.RUnlock()
		c.sent.Add(1)
		if err != nil {
			c.failures <- err
		}
	}
}

// reconnect takes a step and closes every connection to both stores between two
// requests, so that all that follow need new ones.
func (c *traffic) reconnect(t *testing.T, step func() error) {
	t.Helper()
	c.gate.Lock()
	defer c.gate.Unlock()
	if err := step(); err != nil {
		t.Fatal(err)
	}
	admin := apptest.Current.Database.Admin()
	if _, err := admin.Exec("KILL USER rotating"); err != nil {
		t.Fatal(err)
	}
	if err := c.f.cache.Client().ClientKillByFilter(t.Context(), "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
		t.Fatal(err)
	}
}

// rotation changes passwords and tokens, in the stores and in their secrets.
type rotation struct{ f *fixture }

func (r *rotation) token(generation int) string {
	return fmt.Sprint("token-of-generation-", generation)
}

// steps make a generation the present one, in any order.
func (r *rotation) steps(generation int) []func() error {
	return []func() error{
		func() error {
			_, err := apptest.Current.Database.Admin().Exec(fmt.Sprintf("ALTER USER rotating IDENTIFIED BY 'generation %d'", generation))
			return err
		},
		func() error {
			return r.f.cache.Client().ConfigSet(r.f.t.Context(), "requirepass", r.token(generation)).Err()
		},
		func() error {
			r.f.keep(mysql.Account{User: "rotating", Password: fmt.Sprint("generation ", generation)}, r.token(generation))
			return nil
		},
	}
}

func TestRotatedSecretsFailNoRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 30*time.Second)
	f.migrate()
	if _, err := apptest.Current.Database.Admin().Exec("CREATE OR REPLACE USER rotating; GRANT ALL ON " + f.database + ".* TO rotating"); err != nil {
		t.Fatal(err)
	}
	r := &rotation{f}
	for _, step := range r.steps(0) {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	web, _, _ := f.start("web")
	c := &traffic{f: f, web: web, failures: make(chan error, 10_000)}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 6 {
		var a account
		f.must("POST", web+"/v1/users", "", credentials(fmt.Sprint("user", i)), 201, &a)
		wg.Go(func() { c.run(ctx, a) })
	}
	for generation := 1; generation <= 3; generation++ {
		steps := r.steps(generation)
		rand.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] }) // the secrets first, last, or in between
		// Requests may wait for the last step from the first one on, so nobody waits
		// for them before it.
		c.reconnect(t, steps[0])
		for _, step := range steps[1:] {
			time.Sleep(200 * time.Millisecond) // as long as a rotation's steps are apart
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		c.reconnect(t, func() error { return nil })
		before := c.sent.Load()
		apptest.Eventually(t, "traffic goes on", func() error { return waitFor(c.sent.Load() > before+20) })
		apptest.Eventually(t, "the cache takes new connections", func() error { return usesCache(t, f) })
	}
	stop()
	wg.Wait()
	close(c.failures)
	for err := range c.failures {
		t.Error(err)
	}
	t.Logf("%d requests", c.sent.Load())
}

func waitFor(ok bool) error {
	if !ok {
		return errors.New("not yet")
	}
	return nil
}

// usesCache says whether somebody else than the test is connected to the cache.
func usesCache(t *testing.T, f *fixture) error {
	clients, err := f.cache.Client().ClientList(t.Context()).Result()
	if err != nil {
		return err
	}
	n := 0
	for _, b := range clients {
		if b == '\n' {
			n++
		}
	}
	return waitFor(n > 2) // the test's own pool has two
}
